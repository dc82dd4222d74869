//! Somebody who edits knowledge through the console's requests.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::{Answer, Http, eventually};

/// See the module.
pub(crate) struct TestEditor {
    http: Http,
    cookie: String,
    base: String,
}

impl TestEditor {
    pub(crate) fn new(http: Http, cookie: &str, inbox: &str) -> Self {
        Self {
            http,
            cookie: cookie.to_owned(),
            base: format!("/v1/inboxes/{inbox}/knowledge"),
        }
    }

    /// Asks something about the inbox's knowledge; `seen` is the revision for `If-Match`.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        seen: Option<i64>,
        body: impl Into<bytes::Bytes>,
    ) -> Answer {
        let seen = seen.map(|seen| format!("\"{seen}\""));
        let mut headers = vec![("cookie", self.cookie.as_str())];
        if method != Method::GET {
            headers.push(("x-firsthop-csrf", "1"));
        }
        if let Some(seen) = &seen {
            headers.push(("if-match", seen));
        }
        let path = format!("{}{path}", self.base);
        self.http.send(method, &path, &headers, body).await
    }

    /// What there is.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None, "").await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn revision(&self) -> i64 {
        self.get("").await["draft"]["revision"].as_i64().unwrap()
    }

    /// Adds an item that is right.
    pub(crate) async fn adds(&self, value: &Value) -> Value {
        let body = json!({ "value": value }).to_string();
        let answer = self.ask(Method::POST, "/items", None, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// Adds an entry with these phrasings.
    pub(crate) async fn adds_entry(&self, id: &str, phrasings: &[&str], answer: &str) -> Value {
        self.adds(&json!({ "id": id, "title": id, "phrasings": phrasings, "answer": answer }))
            .await
    }

    /// Publishes the draft as it is.
    pub(crate) async fn publishes(&self) -> Value {
        let revision = self.revision().await;
        let answer = self.ask(Method::POST, "/publish", Some(revision), "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Begins a preview, and waits until it is done or has failed.
    pub(crate) async fn previews(&self, wanted: &Value) -> Value {
        let answer = self
            .ask(Method::POST, "/preview", None, wanted.to_string())
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        eventually("the preview is done", async || {
            let preview = self.get("/preview").await;
            let state = preview["state"].as_str().unwrap();
            if state == "building" || state == "comparing" {
                tokio::time::sleep(Duration::from_millis(20)).await;
                return None;
            }
            Some(preview)
        })
        .await
    }

    /// The groups of open questions, the largest first.
    pub(crate) async fn groups(&self) -> Vec<Value> {
        self.get("/groups").await["groups"]
            .as_array()
            .unwrap()
            .clone()
    }
}
