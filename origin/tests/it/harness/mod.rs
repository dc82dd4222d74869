//! Servers, and the people around them.

mod agent;
mod edge;
mod editor;
mod http;
mod origin;
mod process;
mod visitor;

pub(crate) use agent::TestAgent;
pub(crate) use edge::TestEdge;
pub(crate) use editor::TestEditor;
pub(crate) use http::{Answer, Http};
pub(crate) use origin::{
    ADMIN_EMAIL, ADMIN_PASSWORD, INBOX, KNOWLEDGE, NONSENSE, SHOP, TestOrigin,
};
pub(crate) use process::{Process, command};
pub(crate) use visitor::{Sent, TestVisitor, claim_of, person, text};

use std::time::Duration;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must happen before a test believes that nothing does.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// Asks again until it is so.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("never happened: {what}"),
    }
}
