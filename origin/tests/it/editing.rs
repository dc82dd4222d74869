//! The knowledge editor's draft: items, who was quicker, errors, publishing and going back.

use hyper::Method;
use serde_json::{Value, json};

use crate::harness::{KNOWLEDGE, TestEditor, TestOrigin};

async fn with_draft() -> (TestOrigin, TestEditor) {
    let origin = TestOrigin::with_knowledge().await;
    let editor = origin.editor().await;
    (origin, editor)
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap_or("-").to_owned())
        .collect()
}

#[tokio::test]
async fn what_was_published_by_file_is_the_draft() {
    let (_origin, editor) = with_draft().await;
    let state = editor.get("").await;
    assert_eq!(state["draft"]["items"], 2);
    assert_eq!(state["draft"]["counts"], json!({ "entry": 2 }));
    assert_eq!(state["draft"]["differs"], false);
    assert_eq!(
        (&state["published"]["version"], &state["published"]["how"]),
        (&json!(1), &json!("command"))
    );
    assert_eq!(names(&editor.get("/items").await), ["hours", "returns"]);
    let file = editor.ask(Method::GET, "/file", None, "").await;
    assert_eq!(file.body, KNOWLEDGE.as_bytes());
    assert_eq!(file.header("content-type"), "application/x-ndjson");
}

#[tokio::test]
async fn items_are_added_found_changed_and_removed() {
    let (_origin, editor) = with_draft().await;
    let body = r#"{"value": {"phrasings": ["How much is shipping?", "运费多少钱"],
        "id": "fee", "answer": {"zh": "8元", "en": "Eight yuan"}}}"#;
    let added = editor.ask(Method::POST, "/items", None, body).await;
    assert_eq!(added.status, 201, "{added:?}");
    // The order of the members is the editor's.
    let text = String::from_utf8(added.body.to_vec()).unwrap();
    let value = text.split_once("\"value\"").unwrap().1;
    let place = |what: &str| value.find(what).unwrap();
    assert!(
        place("\"phrasings\"") < place("\"id\"") && place("\"id\"") < place("\"answer\""),
        "{text}"
    );
    let added = added.json();
    assert_eq!(
        (&added["kind"], &added["name"]),
        (&json!("entry"), &json!("fee"))
    );
    assert_eq!(added["changed_by"]["name"], "Ada");
    editor
        .adds(&json!({ "synonyms": ["zorbo", "moon lamp"] }))
        .await;
    assert!(editor.get("").await["draft"]["differs"].as_bool().unwrap());

    assert_eq!(names(&editor.get("/items?q=SHIPPING").await), ["fee"]);
    assert_eq!(
        names(&editor.get("/items?q=%E8%BF%90%E8%B4%B9").await),
        ["fee"]
    );
    assert_eq!(names(&editor.get("/items?kind=synonyms").await), ["-"]);
    // Names of members are no text.
    assert_eq!(editor.get("/items?q=phrasings").await["total"], 0);
    let first = editor.get("/items?limit=3").await;
    assert_eq!((names(&first).len(), &first["total"]), (3, &json!(4)));
    let rest = editor.get(&format!("/items?after={}", first["next"])).await;
    assert_eq!(
        (names(&rest), &rest["next"]),
        (vec!["-".to_owned()], &Value::Null)
    );

    let path = format!("/items/{}", added["item"]);
    let seen = added["revision"].as_i64();
    let body = json!({ "value": { "id": "freight", "phrasings": ["freight?"], "answer": "8" } });
    let put = editor.ask(Method::PUT, &path, seen, body.to_string()).await;
    assert_eq!((put.status, &put.json()["name"]), (200, &json!("freight")));
    let unseen = editor.ask(Method::PUT, &path, None, body.to_string()).await;
    assert_eq!(
        (unseen.status, unseen.code().as_str()),
        (422, "invalid_input")
    );
    // Who saw the item before that is told what it is now.
    for method in [Method::PUT, Method::DELETE] {
        let late = editor.ask(method, &path, seen, body.to_string()).await;
        assert_eq!(
            (late.status, late.code().as_str()),
            (412, "edited_meanwhile")
        );
        assert_eq!(late.json()["item"], put.json());
        assert!(late.json()["draft"]["revision"].is_i64());
    }
    let seen = put.json()["revision"].as_i64();
    let gone = editor.ask(Method::DELETE, &path, seen, "").await;
    assert_eq!(gone.status, 200);
    assert_eq!(
        gone.json()["revision"].as_i64(),
        Some(editor.revision().await)
    );
    for method in [Method::GET, Method::DELETE] {
        let again = editor.ask(method, &path, seen, "").await;
        assert_eq!((again.status, again.code().as_str()), (404, "not_found"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_told_by_field_and_nothing_changes() {
    let (_origin, editor) = with_draft().await;
    let before = editor.revision().await;
    let errors = async |value: Value| {
        let body = json!({ "value": value }).to_string();
        let answer = editor.ask(Method::POST, "/items", None, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "invalid_input")
        );
        let told = answer.json()["errors"].as_array().unwrap().clone();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        told.iter()
            .map(|error| {
                (
                    error["line"].clone(),
                    word(&error["field"]),
                    word(&error["code"]),
                )
            })
            .collect::<Vec<_>>()
    };
    let one = |field: &str, code: &str| vec![(json!(1), field.to_owned(), code.to_owned())];
    let entry =
        |id: &str, phrasing: Value| json!({ "id": id, "phrasings": [phrasing], "answer": "A" });
    assert_eq!(
        errors(entry("x", json!(7))).await,
        one("phrasings[0]", "wrong_type")
    );
    assert_eq!(
        errors(entry("hours", json!("When?"))).await,
        one("id", "duplicate_id")
    );
    assert_eq!(
        errors(json!({ "rule": "r", "any": ["lamp"], "answer": "lamps" })).await,
        one("answer", "unknown_entry")
    );
    assert_eq!(errors(json!("text")).await, one("", "not_json"));
    for body in ["", "{}", "[", "\u{0}"] {
        let answer = editor.ask(Method::POST, "/items", None, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "invalid_input")
        );
    }
    assert_eq!(editor.revision().await, before);
}

#[tokio::test]
async fn a_draft_with_errors_can_be_kept_but_neither_previewed_nor_published() {
    let (origin, editor) = with_draft().await;
    let rule = editor
        .adds(&json!({ "rule": "r", "any": ["lamp"], "answer": "hours" }))
        .await;
    let hours = editor.get("/items?q=Opening").await["items"][0].clone();
    let path = format!("/items/{}", hours["item"]);
    let removed = editor
        .ask(Method::DELETE, &path, hours["revision"].as_i64(), "")
        .await;
    assert_eq!(removed.status, 200);
    let check = editor.get("/check").await;
    let error = &check["errors"][0];
    assert_eq!(
        (&error["item"], &error["field"], &error["code"]),
        (&rule["item"], &json!("answer"), &json!("unknown_entry"))
    );
    let before = origin.http.get("/v1/inboxes/demo/pack", &[]).await.json();
    let seen = Some(editor.revision().await);
    for path in ["/preview", "/publish"] {
        let refused = editor.ask(Method::POST, path, seen, "").await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (422, "invalid_input")
        );
        assert_eq!(refused.json()["errors"][0], *error);
    }
    assert_eq!(
        origin.http.get("/v1/inboxes/demo/pack", &[]).await.json(),
        before
    );
}

#[tokio::test]
async fn publishing_rolling_back_and_discarding() {
    let (origin, editor) = with_draft().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    editor
        .adds_entry("cards", &["Do you sell gift cards?"], "We do.")
        .await;
    let stale = editor.revision().await;
    editor
        .adds_entry("lamps", &["Do you sell lamps?"], "No.")
        .await;
    // Somebody who has not seen the last change does not publish it.
    let late = editor.ask(Method::POST, "/publish", Some(stale), "").await;
    assert_eq!(
        (late.status, late.code().as_str()),
        (412, "edited_meanwhile")
    );
    let body = json!({ "note": "Gift cards are back" }).to_string();
    let seen = Some(editor.revision().await);
    let published = editor.ask(Method::POST, "/publish", seen, body).await;
    assert_eq!(published.status, 200, "{published:?}");
    let second = published.json();
    assert_eq!(
        (
            &second["version"],
            &second["how"],
            &second["note"],
            &second["entries"]
        ),
        (
            &json!(2),
            &json!("editor"),
            &json!("Gift cards are back"),
            &json!(4)
        )
    );
    assert_eq!(second["published_by"]["name"], "Ada");
    let names = second["changes"]["names"].as_array().unwrap();
    assert_eq!((&second["changes"]["added"], names.len()), (&json!(2), 2));
    let pointer = origin.http.get("/v1/inboxes/demo/pack", &[]).await;
    assert_eq!(pointer.json()["pack"], second["pack"]);
    let id = visitor.says("Do you sell gift cards?").await;
    assert_eq!(visitor.answer_to(id).await.text, "We do.");

    // Back to the first version: its pack at once, its file as the draft.
    let first = editor.get("/versions/1").await;
    assert_eq!(
        (&first["current"], &first["has_source"]),
        (&json!(false), &json!(true))
    );
    let late = editor
        .ask(Method::POST, "/versions/1/rollback", Some(stale), "")
        .await;
    assert_eq!(late.status, 412);
    let seen = Some(editor.revision().await);
    let back = editor
        .ask(Method::POST, "/versions/1/rollback", seen, "")
        .await;
    assert_eq!(back.status, 200, "{back:?}");
    let third = back.json();
    assert_eq!(
        (
            &third["version"],
            &third["how"],
            &third["of"],
            &third["pack"]
        ),
        (&json!(3), &json!("rollback"), &json!(1), &first["pack"])
    );
    assert_eq!(third["changes"]["removed"], 2);
    let state = editor.get("").await;
    assert_eq!(
        (&state["draft"]["items"], &state["draft"]["differs"]),
        (&json!(2), &json!(false))
    );
    let pointer = origin.http.get("/v1/inboxes/demo/pack", &[]).await;
    assert_eq!(pointer.json()["pack"], first["pack"]);
    let history = editor.get("/versions?limit=2").await;
    let numbers = |list: &Value| {
        let versions = list["versions"].as_array().unwrap();
        versions
            .iter()
            .map(|one| one["version"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (numbers(&history), &history["next"]),
        (vec![3, 2], &json!(2))
    );
    let rest = editor.get("/versions?before=2").await;
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));
    let file = editor.ask(Method::GET, "/versions/2/file", None, "").await;
    assert!(String::from_utf8_lossy(&file.body).contains("gift cards"));

    // A change that nobody wants is given up.
    editor.adds_entry("mistake", &["What?"], "Oops.").await;
    let seen = Some(editor.revision().await);
    let discarded = editor.ask(Method::POST, "/discard", seen, "").await;
    assert_eq!(discarded.json()["draft"]["differs"], false, "{discarded:?}");
    assert_eq!(editor.get("/items?q=Oops").await["total"], 0);
    let nothing = editor
        .ask(Method::POST, "/versions/9/rollback", Some(1), "")
        .await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (404, "not_found")
    );
}

#[tokio::test]
async fn a_file_takes_the_place_of_the_draft_with_or_without_publishing() {
    let (_origin, editor) = with_draft().await;
    let file = r#"{"id":"one","phrasings":["One thing?"],"answer":"1"}"#;
    let seen = editor.revision().await;
    let late = editor.ask(Method::PUT, "/file", Some(seen - 1), file).await;
    assert_eq!(
        (late.status, late.code().as_str()),
        (412, "edited_meanwhile")
    );
    let wrong = editor
        .ask(Method::PUT, "/file", Some(seen), "{\"id\":1}")
        .await;
    assert_eq!(
        (wrong.status, &wrong.json()["errors"][0]["line"]),
        (422, &json!(1))
    );
    let put = editor.ask(Method::PUT, "/file", Some(seen), file).await;
    let draft = put.json()["draft"].clone();
    assert_eq!(
        (&draft["items"], &draft["differs"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(editor.get("").await["published"]["entries"], 2);

    let published = editor.ask(Method::POST, "", None, file).await;
    assert_eq!(
        (published.status, &published.json()["version"]),
        (200, &json!(2))
    );
    let state = editor.get("").await;
    assert_eq!(
        (&state["published"]["how"], &state["published"]["entries"]),
        (&json!("upload"), &json!(1))
    );
    assert_eq!(state["draft"]["differs"], false);
}

#[tokio::test]
async fn who_may_do_what() {
    let origin = TestOrigin::with_knowledge().await;
    let admin = origin.editor().await;
    let agent = origin
        .editor_as("bob@example.com", firsthop::store::accounts::Role::Agent)
        .await;
    let other = origin
        .editor_as("eve@example.com", firsthop::store::accounts::Role::Editor)
        .await;
    assert_eq!(agent.get("").await["may_edit"], false);
    assert_eq!(other.get("").await["may_edit"], true);
    let item = admin.get("/items").await["items"][0]["item"].clone();
    for (method, path) in [
        (Method::POST, ""),
        (Method::PUT, "/file"),
        (Method::POST, "/discard"),
        (Method::POST, "/items"),
        (Method::PUT, &format!("/items/{item}")),
        (Method::DELETE, &format!("/items/{item}")),
        (Method::POST, "/preview"),
        (Method::DELETE, "/preview"),
        (Method::POST, "/publish"),
        (Method::POST, "/versions/1/rollback"),
        (Method::POST, "/groups/x"),
    ] {
        let refused = agent.ask(method.clone(), path, Some(1), "").await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "forbidden"),
            "{method} {path}"
        );
        let base = format!("/v1/inboxes/demo/knowledge{path}");
        let stranger = origin
            .http
            .send(method.clone(), &base, &[("x-firsthop-csrf", "1")], "")
            .await;
        assert_eq!(
            (stranger.status, stranger.code().as_str()),
            (401, "login_required"),
            "{method} {path}"
        );
        let forged = origin.http.send(method.clone(), &base, &[], "").await;
        assert_eq!(
            (forged.status, forged.code().as_str()),
            (403, "cross_site"),
            "{method} {path}"
        );
    }
    for path in [
        "",
        "/items",
        "/check",
        "/file",
        "/preview",
        "/preview/pack",
        "/versions",
        "/versions/1",
        "/versions/1/file",
        "/groups",
        "/groups/x",
    ] {
        let stranger = origin
            .http
            .get(&format!("/v1/inboxes/demo/knowledge{path}"), &[])
            .await;
        assert_eq!(
            (stranger.status, stranger.code().as_str()),
            (401, "login_required"),
            "{path}"
        );
    }
    other.adds_entry("cards", &["Gift cards?"], "Yes.").await;
    assert_eq!(other.publishes().await["published_by"]["name"], "Bob");
    let nowhere = origin
        .http
        .get(
            "/v1/inboxes/nope/knowledge",
            &[("cookie", &origin.agent().await.cookie)],
        )
        .await;
    assert_eq!(
        (nowhere.status, nowhere.code().as_str()),
        (404, "inbox_unknown")
    );
}

#[tokio::test]
async fn an_empty_inbox_has_an_empty_draft() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    let state = editor.get("").await;
    assert_eq!(
        (&state["draft"]["revision"], &state["draft"]["differs"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(state["published"], Value::Null);
    let refused = editor.ask(Method::POST, "/publish", Some(0), "").await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (422, &json!("nothing"))
    );
    let nothing = editor.ask(Method::POST, "/discard", Some(0), "").await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (404, "not_found")
    );
    editor
        .adds_entry("first", &["The first question?"], "The first answer.")
        .await;
    assert_eq!(editor.publishes().await["version"], 1);
}
