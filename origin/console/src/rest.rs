//! Bodies of the few requests that don't go by the socket: session and set-up.
//!
//! In and out: JSON as `docs/protocol.md` describes it. Not here: `fetch` (`browser::http`).

use serde::{Deserialize, Serialize};

use firsthop_core::id::AgentId;
use firsthop_core::protocol::{AgentRef, Code, Problem};

/// `POST /v1/session`.
#[derive(Serialize)]
pub struct Login<'a> {
    /// The account's address.
    pub email: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// `POST /v1/setup`.
#[derive(Serialize)]
pub struct Setup<'a> {
    /// From the one-time link.
    pub token: &'a str,
    /// The new account's address.
    pub email: &'a str,
    /// The name that visitors see.
    pub name: &'a str,
    /// The new password.
    pub password: &'a str,
}

/// The answer to `GET /v1/session`.
#[derive(Deserialize)]
struct Session {
    agent: Agent,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Agent {
    /// The account.
    pub id: AgentId,
    /// The name that visitors see.
    pub name: String,
    /// The address to log in with.
    #[serde(default)]
    pub email: String,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
}

/// What an account may do. The origin checks it; the console only leaves out what it would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Answer visitors, and change what the bot knows.
    Editor,
    /// Answer visitors.
    #[default]
    #[serde(other)]
    Agent,
}

impl From<Agent> for AgentRef {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
        }
    }
}

/// Reads the answer to `GET /v1/session`.
///
/// # Errors
/// `internal` if it is something else: then whatever answered is not our origin.
pub fn read_session(body: &str) -> Result<Agent, Problem> {
    serde_json::from_str::<Session>(body)
        .map(|session| session.agent)
        .map_err(|_| {
            Problem::new(
                Code::Internal,
                "the answer is not what this version of the console understands",
            )
        })
}

/// Reads why a request was refused. A proxy's page, say, is no problem body: then the status
/// has to do.
pub fn read_problem(status: u16, body: &str) -> Problem {
    #[derive(Deserialize)]
    struct Body {
        error: Problem,
    }
    serde_json::from_str::<Body>(body)
        .map(|body| body.error)
        .unwrap_or_else(|_| {
            let code = match status {
                401 => Code::LoginRequired,
                404 => Code::NotFound,
                429 => Code::TooManyMessages,
                502..=504 => Code::OriginUnavailable,
                _ => Code::Internal,
            };
            Problem::new(code, format!("HTTP {status}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_says_who_is_logged_in_and_may_say_more() {
        let body = r#"{"agent":{"id":"01234567-89ab-7fff-bfff-ffffffffffff","name":"Ada","email":"ada@example.com","role":"admin"}}"#;
        assert_eq!(
            read_session(body).map(|agent| agent.name),
            Ok("Ada".to_owned())
        );
        assert_eq!(read_session(body).map(|agent| agent.role), Ok(Role::Admin));
        let body = r#"{"agent":{"id":"01234567-89ab-7fff-bfff-ffffffffffff","name":"Bo","role":"auditor"}}"#;
        assert_eq!(read_session(body).map(|agent| agent.role), Ok(Role::Agent));
        assert!(read_session("<html>").is_err());
    }

    #[test]
    fn a_refusal_is_read_even_from_a_proxy() {
        let body = r#"{"error":{"code":"login_failed","message":"no","retry_after_ms":null}}"#;
        assert_eq!(read_problem(401, body).code, Code::LoginFailed);
        let body =
            r#"{"error":{"code":"too_many_messages","message":"slow down","retry_after_ms":1500}}"#;
        assert_eq!(read_problem(429, body).retry_after_ms, Some(1500));
        assert_eq!(
            read_problem(502, "<html>Bad gateway</html>").code,
            Code::OriginUnavailable
        );
    }
}
