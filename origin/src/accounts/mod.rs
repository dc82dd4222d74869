//! Who may use the console: logins, sessions, set-up links.
//!
//! In: passwords and cookies. Out: an [`Agent`], or a problem. Secrets are random 256-bit
//! numbers, of which only the SHA-256 is stored; passwords are stored as argon2id. A login with
//! an unknown address takes as long as one with a wrong password, and both are rationed.

mod password;

use std::sync::Mutex;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use firsthop_core::id::AgentId;
use firsthop_core::limit::Buckets;
use firsthop_core::limits::{
    LOGIN_BURST, LOGIN_REFILL, LOGINS_COUNTED_MAX, NAME_BYTES_MAX, PASSWORD_BYTES_MAX,
    PASSWORD_CHARS_MIN,
};
use firsthop_core::protocol::{Code, Problem};
use sha2::{Digest, Sha256};

pub use password::{Hasher, hash_now};

use crate::app::App;
use crate::host;
use crate::metrics::Counter;
use crate::store::accounts::{Agent, Role, SESSION_LIFETIME, SecretHash, SetUp};

/// The session's cookie.
pub const COOKIE: &str = "firsthop_session";

/// See the module.
pub struct Accounts {
    hasher: Hasher,
    ration: Mutex<Buckets>,
    secure_cookies: bool,
}

/// A new secret, and what is stored of it.
#[must_use]
pub fn new_secret() -> (String, SecretHash) {
    let secret = BASE64_URL_SAFE_NO_PAD.encode(host::random::<32>());
    let hash = secret_hash(&secret);
    (secret, hash)
}

/// What is stored of a secret.
#[must_use]
pub fn secret_hash(secret: &str) -> SecretHash {
    Sha256::digest(secret.as_bytes()).into()
}

/// A login that just succeeded.
#[derive(Debug)]
pub struct Login {
    /// Who.
    pub agent: Agent,
    /// The header that makes the browser remember it.
    pub set_cookie: HeaderValue,
}

impl Accounts {
    /// `secure_cookies`: whether browsers reach the server by https.
    #[must_use]
    pub fn new(secure_cookies: bool) -> Self {
        Self {
            hasher: Hasher::default(),
            ration: Mutex::new(Buckets::new(LOGIN_BURST, LOGIN_REFILL, LOGINS_COUNTED_MAX)),
            secure_cookies,
        }
    }

    /// Logs in.
    ///
    /// # Errors
    /// `login_failed`, `too_many_messages` or `storage_unavailable`.
    pub async fn log_in(&self, app: &App, email: &str, password: String) -> Result<Login, Problem> {
        self.ration(&email.to_ascii_lowercase())?;
        let found = app
            .store
            .agent_by_email(email)
            .await
            .map_err(|error| logged(&error))?;
        let (agent, hash) = found.unzip();
        let right = self.hasher.verify(password, hash.flatten()).await;
        match agent {
            Some(agent) if right => self.open_session(app, agent).await,
            _ => {
                app.metrics.count(Counter::LoginFailures, 1);
                Err(Problem::new(
                    Code::LoginFailed,
                    "the e-mail address and the password don't belong together",
                ))
            }
        }
    }

    /// Uses a set-up link: makes the first administrator, or chooses an account's password.
    ///
    /// # Errors
    /// `not_found` for a link that does not work (any more), `invalid_input`, or those of
    /// [`Self::log_in`].
    pub async fn set_up(
        &self,
        app: &App,
        link: &str,
        email: &str,
        name: &str,
        password: String,
    ) -> Result<Login, Problem> {
        self.ration("set-up link")?;
        let link = secret_hash(link);
        let gone = || {
            Problem::new(
                Code::NotFound,
                "the link has been used or has expired; ask for a new one",
            )
        };
        let set_up = app
            .store
            .setup_link(&link, host::now())
            .await
            .map_err(|error| logged(&error))?
            .ok_or_else(gone)?;
        check_password(&password)?;
        let first = matches!(set_up, SetUp::First);
        let agent = match set_up {
            SetUp::Of(agent) => agent,
            SetUp::First => {
                let agent = new_agent(email, name, Role::Admin)?;
                Self::check_unknown(app, &agent.email).await?;
                agent
            }
        };
        let hash = self.hasher.hash(password).await?;
        // Whoever removes the link is the one who uses it.
        if !app
            .store
            .remove_setup_link(&link)
            .await
            .map_err(|error| logged(&error))?
        {
            return Err(gone());
        }
        if first {
            let added = app.store.add_agent(&agent, Some(&hash), host::now()).await;
            if !added.map_err(|error| logged(&error))? {
                return Err(has_account(&agent.email));
            }
        } else {
            let chosen = app.store.set_password(agent.id, &hash).await;
            chosen.map_err(|error| logged(&error))?;
        }
        self.open_session(app, agent).await
    }

    async fn check_unknown(app: &App, email: &str) -> Result<(), Problem> {
        let found = app
            .store
            .agent_by_email(email)
            .await
            .map_err(|error| logged(&error))?;
        if found.is_some() {
            Err(has_account(email))
        } else {
            Ok(())
        }
    }

    async fn open_session(&self, app: &App, agent: Agent) -> Result<Login, Problem> {
        let (secret, hash) = new_secret();
        app.store
            .add_session(&hash, agent.id, host::now())
            .await
            .map_err(|error| logged(&error))?;
        let set_cookie = self.cookie(&secret, SESSION_LIFETIME.as_secs());
        Ok(Login { agent, set_cookie })
    }

    /// The header that makes the browser forget the session.
    #[must_use]
    pub fn forget_cookie(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, seconds: u64) -> HeaderValue {
        let secure = if self.secure_cookies { "; Secure" } else { "" };
        let text = format!(
            "{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
        );
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn ration(&self, who: &str) -> Result<(), Problem> {
        let mut ration = self
            .ration
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        ration.take(who, host::instant()).map_err(|wait| {
            Problem::new(Code::TooManyMessages, "too many logins in a short time").retry_after(wait)
        })
    }
}

/// Whose session the request's cookie is.
///
/// # Errors
/// `login_required` or `storage_unavailable`.
pub async fn logged_in(app: &App, headers: &HeaderMap) -> Result<(Agent, SecretHash), Problem> {
    let required = || Problem::new(Code::LoginRequired, "log in first");
    let hash = secret_hash(cookie(headers).ok_or_else(required)?);
    let agent = app
        .store
        .session(&hash, host::now())
        .await
        .map_err(|error| logged(&error))?;
    Ok((agent.ok_or_else(required)?, hash))
}

fn has_account(email: &str) -> Problem {
    Problem::new(
        Code::InvalidInput,
        format!("there is an account of {email} already"),
    )
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn logged(error: &crate::store::StoreError) -> Problem {
    tracing::warn!(%error, "accounts could not be read or written");
    crate::store::unavailable()
}

/// An account to be made.
///
/// # Errors
/// `invalid_input`.
pub fn new_agent(email: &str, name: &str, role: Role) -> Result<Agent, Problem> {
    let email = email.trim();
    let name = name.trim();
    let invalid = |message: &str| Err(Problem::new(Code::InvalidInput, message));
    let has_parts = email
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !has_parts
        || email.len() > NAME_BYTES_MAX
        || email.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return invalid("`email` must be an e-mail address");
    }
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return invalid("`name` must not be empty, nor longer than 200 bytes");
    }
    let id = AgentId::new(host::now(), host::random());
    Ok(Agent {
        id,
        email: email.to_owned(),
        name: name.to_owned(),
        role,
    })
}

/// Whether a password may be chosen.
///
/// # Errors
/// `invalid_input`.
pub fn check_password(password: &str) -> Result<(), Problem> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(Problem::new(
            Code::InvalidInput,
            format!(
                "`password` must have at least {PASSWORD_CHARS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes"
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; firsthop_sessions=no; firsthop_session=yes"),
        );
        assert_eq!(cookie(&headers), Some("yes"));
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for (email, name) in [
            ("ada", "Ada"),
            ("@x", "Ada"),
            ("ada@x", " "),
            ("a b@x", "Ada"),
            ("ada@x", "A\u{7}"),
        ] {
            assert_eq!(
                new_agent(email, name, Role::Agent).unwrap_err().code,
                Code::InvalidInput
            );
        }
        assert!(new_agent(" ada@example.com ", "Ada", Role::Agent).is_ok());
        assert!(check_password("short").is_err() && check_password("long enough").is_ok());
    }
}
