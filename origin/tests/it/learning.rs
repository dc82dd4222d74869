//! Learning from work: what visitors asked in vain, grouped, and made into knowledge.

use hyper::Method;
use serde_json::{Value, json};

use crate::harness::{NONSENSE, SHOP, TestOrigin, TestVisitor, eventually};

async fn asks(origin: &TestOrigin, questions: &[&str]) -> TestVisitor {
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    for question in questions {
        visitor.says(question).await;
    }
    visitor
}

fn samples(groups: &[Value]) -> Vec<Vec<&str>> {
    groups
        .iter()
        .map(|group| {
            let samples = group["samples"].as_array().unwrap();
            samples
                .iter()
                .map(|sample| sample.as_str().unwrap())
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn questions_in_vain_are_grouped_by_what_they_ask() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    assert_eq!(editor.groups().await, Vec::<Value>::new());
    asks(&origin, &["Do you sell gift cards?", "你们有礼品卡吗？"]).await;
    asks(&origin, &["do you sell gift cards"]).await;
    let last = [
        "Is there a student discount?",
        "Do you sell gift cards please?",
    ];
    asks(&origin, &last).await;

    let listed = editor.get("/groups").await;
    assert_eq!(
        (&listed["total"], &listed["questions"]),
        (&json!(3), &json!(5))
    );
    let groups = listed["groups"].as_array().unwrap().clone();
    assert_eq!(
        (&groups[0]["count"], &groups[0]["visitors"]),
        (&json!(3), &json!(3))
    );
    assert!(
        samples(&groups)[0]
            .iter()
            .all(|sample| sample.to_lowercase().contains("gift cards")),
        "{groups:?}"
    );
    let languages: Vec<_> = groups
        .iter()
        .map(|group| group["lang"].as_str().unwrap())
        .collect();
    assert_eq!(languages.iter().filter(|lang| **lang == "zh").count(), 1);
    let newest = editor.get("/groups?sort=newest&limit=1").await;
    assert_eq!(newest["groups"][0]["count"], 3);
    let id = groups[0]["group"].as_str().unwrap();
    let one = editor.get(&format!("/groups/{id}")).await;
    let questions = one["questions"].as_array().unwrap();
    let told: i64 = questions
        .iter()
        .map(|question| question["count"].as_i64().unwrap())
        .sum();
    assert_eq!(told, 3);
    assert!(questions[0]["conversation"].is_string());
}

#[tokio::test]
async fn a_group_becomes_an_entry_and_the_bot_knows_the_answer() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    let mut visitor = asks(&origin, &["Do you sell gift cards?"]).await;
    asks(
        &origin,
        &["do you sell gift cards", "Is there a student discount?"],
    )
    .await;
    let group = editor.groups().await[0].clone();
    let path = format!("/groups/{}", group["group"].as_str().unwrap());

    let wrong =
        json!({ "act": "entry", "value": { "id": "cards", "phrasings": [], "answer": "x" } });
    let refused = editor
        .ask(Method::POST, &path, None, wrong.to_string())
        .await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (422, &json!("empty"))
    );
    let value = json!({ "id": "cards", "title": "Gift cards", "phrasings": group["samples"], "answer": "We do." });
    let made = editor
        .ask(
            Method::POST,
            &path,
            None,
            json!({ "act": "entry", "value": value }).to_string(),
        )
        .await;
    assert_eq!(
        (made.status, &made.json()["settled"]),
        (201, &json!(2)),
        "{made:?}"
    );
    assert_eq!(made.json()["item"]["name"], "cards");
    assert_eq!(
        samples(&editor.groups().await),
        [["Is there a student discount?"]]
    );
    let gone = editor
        .ask(
            Method::POST,
            &path,
            None,
            json!({ "act": "dismiss" }).to_string(),
        )
        .await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "not_found"));

    editor.publishes().await;
    let id = visitor.says("Do you sell gift cards?").await;
    assert_eq!(visitor.answer_to(id).await.text, "We do.");
}

#[tokio::test]
async fn a_group_becomes_phrasings_of_an_entry_or_is_dismissed() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    let made = editor
        .adds_entry("hours", &["When are you open?"], "From nine to five.")
        .await;
    assert_eq!(made["name"], "hours");
    asks(
        &origin,
        &[
            "Until what hour can I come by?",
            "Is there a student discount?",
        ],
    )
    .await;
    let groups = editor.groups().await;
    let path_of = |word: &str| {
        let group = groups
            .iter()
            .find(|group| group["samples"][0].as_str().unwrap().contains(word))
            .unwrap();
        format!("/groups/{}", group["group"].as_str().unwrap())
    };
    let hours = editor.get("/items?q=nine").await["items"][0].clone();
    let added = json!({ "act": "phrasings", "item": hours["item"], "phrasings": ["Until what hour can I come by?", "WHEN ARE YOU OPEN?"] });
    let late = editor
        .ask(Method::POST, &path_of("hour"), Some(-1), added.to_string())
        .await;
    assert_eq!(
        (late.status, late.code().as_str()),
        (412, "edited_meanwhile")
    );
    let made = editor
        .ask(Method::POST, &path_of("hour"), None, added.to_string())
        .await;
    assert_eq!(
        (made.status, &made.json()["settled"]),
        (200, &json!(1)),
        "{made:?}"
    );
    assert_eq!(
        made.json()["item"]["value"]["phrasings"],
        json!(["When are you open?", "Until what hour can I come by?"])
    );
    let dismissed = editor
        .ask(
            Method::POST,
            &path_of("student"),
            None,
            json!({ "act": "dismiss" }).to_string(),
        )
        .await;
    assert_eq!(
        (dismissed.status, &dismissed.json()["settled"]),
        (200, &json!(1))
    );
    assert_eq!(editor.groups().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_came_after_the_editor_looked_stays_open() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    asks(&origin, &["Do you sell gift cards?"]).await;
    let group = editor.groups().await[0].clone();
    // Without a pack no entry is suggested.
    assert_eq!(group["suggested"], Value::Null);
    let seen = group["last_at"].as_u64().unwrap();
    let later = eventually("a later question", async || {
        asks(&origin, &["Do you sell gift cards?"]).await;
        let group = editor.groups().await[0].clone();
        (group["last_at"].as_u64().unwrap() > seen).then_some(group)
    })
    .await;
    let path = format!("/groups/{}", later["group"].as_str().unwrap());
    let body = json!({ "act": "dismiss", "until": seen }).to_string();
    assert_eq!(
        editor.ask(Method::POST, &path, None, body).await.status,
        200
    );
    let left = editor.groups().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["last_at"], later["last_at"]);
}

#[tokio::test]
async fn what_the_bot_has_learnt_is_no_longer_listed() {
    let origin = TestOrigin::start().await;
    let editor = origin.editor().await;
    let questions = [
        "How do I place an order",
        "I want to talk to a person",
        NONSENSE,
    ];
    asks(&origin, &questions).await;
    assert_eq!(editor.get("/groups").await["questions"], 3);
    // It answers the first, and hands who asks the second to a person.
    origin.publish(SHOP).await;
    let groups = editor.groups().await;
    assert_eq!(samples(&groups), [[NONSENSE]]);
    // What is answered is not listed to begin with; an entry that is suggested is one of the draft.
    asks(&origin, &questions).await;
    let groups = editor.groups().await;
    assert_eq!((groups.len(), &groups[0]["count"]), (1, &json!(2)));
    if let Some(item) = groups[0]["suggested"]["item"].as_i64() {
        let item = editor.get(&format!("/items/{item}")).await;
        assert_eq!(item["name"], groups[0]["suggested"]["entry"]);
    }
}
