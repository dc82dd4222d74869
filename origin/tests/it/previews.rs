//! What publishing a draft would change, told before it is done.

use firsthop_core::pack::{Pack, PackHash};
use hyper::Method;
use serde_json::{Value, json};

use crate::harness::{NONSENSE, SHOP, TestOrigin};

#[tokio::test]
async fn a_preview_lists_what_would_change_for_whom() {
    let origin = TestOrigin::start().await;
    origin.publish(SHOP).await;
    let editor = origin.editor().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    for question in [NONSENSE, NONSENSE, "How do I place an order"] {
        visitor.says(question).await;
    }
    assert_eq!(editor.get("/preview").await["state"], "none");
    let order = editor.get("/items?kind=entry&q=order-how").await["items"][0].clone();
    let mut value = order["value"].clone();
    value["answer"] = json!({ "en": "Ring us up.", "zh": "打电话给我们。" });
    let path = format!("/items/{}", order["item"]);
    let (seen, body) = (
        order["revision"].as_i64(),
        json!({ "value": value }).to_string(),
    );
    let put = editor.ask(Method::PUT, &path, seen, body).await;
    assert_eq!(put.status, 200, "{put:?}");
    editor
        .adds_entry("zeppelins", &[NONSENSE], "They do.")
        .await;

    let wanted = json!({ "questions": ["How do I place an order"], "phrasings": false });
    let preview = editor.previews(&wanted).await;
    assert_eq!(preview["state"], "done", "{preview}");
    assert_eq!(preview["stale"], false);
    let changes = preview["changes"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            let word = |name: &str| change[name].as_str().unwrap();
            (
                word("question"),
                word("from"),
                change["times"].as_i64().unwrap(),
                word("what"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            // Given, and asked once.
            (
                "How do I place an order",
                "given",
                2,
                "answered_differently"
            ),
            (NONSENSE, "recent", 2, "newly_answered"),
        ]
    );
    assert_eq!(changes[0]["after"]["text"], "Ring us up.");
    assert_eq!(
        changes[0]["before"]["entries"],
        changes[0]["after"]["entries"]
    );
    assert_eq!(changes[1]["before"], json!({ "decision": "escalate" }));
    assert_eq!(
        changes[1]["after"]["entries"],
        json!([{ "entry": "zeppelins", "title": "zeppelins" }])
    );
    assert_eq!(
        (&preview["questions"], &preview["changed"]),
        (&json!(2), &json!(2))
    );
    let summary = &preview["summary"];
    assert_eq!(
        (&summary["newly_answered"], &summary["no_longer_answered"]),
        (&json!(1), &json!(0))
    );
    let only = editor.get("/preview?what=newly_answered").await;
    assert_eq!(only["changes"], json!([changes[1]]));
    let rest = editor.get("/preview?offset=1&limit=1").await;
    assert_eq!(rest["changes"], json!([changes[1]]));

    // With the phrasings of both files: the pack is not built again.
    let all = editor.previews(&json!({})).await;
    assert!(
        all["questions"].as_i64().unwrap() > 1000,
        "{}",
        all["questions"]
    );
    assert_eq!(all["pack"], preview["pack"]);

    // The pack to be tried is what will be published.
    let pack = editor.ask(Method::GET, "/preview/pack", None, "").await;
    let hash: PackHash = pack.header("x-firsthop-pack").parse().unwrap();
    assert_eq!(PackHash::of(&pack.body), hash);
    let loaded = Pack::load(pack.body.to_vec(), hash).unwrap();
    let written = loaded.entries().filter(|(_, it)| !it.is_small_talk());
    assert_eq!(written.count(), 121);
    let published = editor.publishes().await;
    assert_eq!(published["pack"], hash.to_string().as_str());
    assert_eq!(published["pack"], preview["pack"]);
    assert_eq!(editor.get("/preview").await["state"], "none");
}

#[tokio::test]
async fn a_preview_becomes_stale_and_a_newer_one_takes_its_place() {
    let origin = TestOrigin::with_knowledge().await;
    let editor = origin.editor().await;
    let wanted = json!({ "recent": false, "phrasings": false });
    let first = editor.previews(&wanted).await;
    assert_eq!(
        (&first["changed"], &first["questions"]),
        (&json!(0), &json!(0))
    );
    editor.adds_entry("cards", &["Gift cards?"], "Yes.").await;
    assert_eq!(editor.get("/preview").await["stale"], true);
    let second = editor.previews(&wanted).await;
    assert_eq!(second["stale"], false);
    assert_ne!(first["pack"], second["pack"]);
}

#[tokio::test]
async fn a_preview_can_be_cancelled_while_it_is_built() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    // Large enough that it can't be done before the next request.
    let file: String = (0..600)
        .map(|n| {
            let phrasings: Vec<_> = (0..6)
                .map(|m| format!("question {n} about thing {}{m}", n * 7))
                .collect();
            format!(
                "{}\n",
                json!({ "id": format!("e{n}"), "phrasings": phrasings, "answer": "A" })
            )
        })
        .collect();
    let put = editor.ask(Method::PUT, "/file", Some(0), file).await;
    assert_eq!(put.status, 200, "{put:?}");
    let begun = editor.ask(Method::POST, "/preview", None, "{}").await;
    assert_eq!(
        (begun.status, &begun.json()["state"]),
        (202, &json!("building"))
    );
    // Others are served meanwhile; the same again is the one that is under way.
    assert_eq!(origin.http.get("/healthz", &[]).await.status, 200);
    let same = editor.ask(Method::POST, "/preview", None, "{}").await;
    assert_eq!(same.json()["state"], "building");
    assert_eq!(
        editor
            .ask(Method::DELETE, "/preview", None, "")
            .await
            .status,
        204
    );
    assert_eq!(editor.get("/preview").await["state"], "none");
    assert_eq!(
        editor
            .ask(Method::GET, "/preview/pack", None, "")
            .await
            .status,
        404
    );
    // The builder is free again.
    let one = r#"{"id":"one","phrasings":["One thing?"],"answer":"1"}"#;
    let published = editor.ask(Method::POST, "", None, one).await;
    assert_eq!(published.status, 200, "{published:?}");
}

#[tokio::test]
async fn what_is_no_request_for_a_preview_is_refused() {
    let origin = TestOrigin::with_knowledge().await;
    let editor = origin.editor().await;
    for body in ["[", "7", "{\"questions\":\"one\"}", "{\"recent\":1}"] {
        let refused = editor.ask(Method::POST, "/preview", None, body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (422, "invalid_input"),
            "{body}"
        );
    }
    let many = json!({ "questions": vec!["x"; 10_001] }).to_string();
    let refused = editor.ask(Method::POST, "/preview", None, many).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "too_many_items")
    );
    let odd: Value = editor
        .previews(&json!({ "questions": ["", " ", "👍", "\u{202e}x", "a".repeat(65_536)] }))
        .await;
    assert_eq!(odd["state"], "done");
}
