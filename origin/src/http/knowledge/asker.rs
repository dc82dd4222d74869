//! Who asks about an inbox's knowledge, and what their request says besides its body.
//!
//! A handler that takes a [`Reader`] is reached only by whoever is logged in, one that takes an
//! [`Editor`] only by those who may change knowledge and whose page sent the CSRF token; both
//! only for an inbox that there is.

use core::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use firsthop_core::protocol::{Code, Problem};

use super::super::problem::Failure;
use super::super::request;
use crate::accounts::logged_in;
use crate::app::App;
use crate::host;
use crate::store::StoreError;
use crate::store::accounts::Agent;
use crate::store::drafts::{Change, Draft, Item};
use crate::store::versions::Version;

/// Somebody who is logged in.
pub(super) struct Reader(Asker);

/// Somebody who may change knowledge.
pub(super) struct Editor(Asker);

/// Somebody, and what they ask about.
pub(super) struct Asker {
    pub(super) app: Arc<App>,
    pub(super) agent: Agent,
    /// The inbox's key.
    pub(super) inbox: String,
    pub(super) headers: HeaderMap,
    /// What the address names within the knowledge: an item, a version, a group.
    part: String,
    query: String,
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        Ok(Self(Asker::of(parts, app).await?))
    }
}

impl FromRequestParts<Arc<App>> for Editor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        request::check_csrf(app, &parts.headers)?;
        let asker = Asker::of(parts, app).await?;
        if !asker.agent.role.edits_knowledge() {
            let message = "only administrators and editors change knowledge";
            return Err(Problem::new(Code::Forbidden, message).into());
        }
        Ok(Self(asker))
    }
}

impl Deref for Reader {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.0
    }
}

impl Deref for Editor {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.0
    }
}

impl Asker {
    async fn of(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let (agent, _) = logged_in(app, &parts.headers).await?;
        let named = RawPathParams::from_request_parts(parts, app).await;
        let named = named.map_err(|_| {
            let message = "the address must be UTF-8";
            Problem::new(Code::InvalidInput, message)
        })?;
        let mut named = named.iter().map(|(_, value)| value.to_owned());
        let inbox = named.next().unwrap_or_default();
        app.settings().inbox(&inbox)?;
        Ok(Self {
            app: app.clone(),
            agent,
            inbox,
            headers: parts.headers.clone(),
            part: named.next().unwrap_or_default(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }

    /// What the address names after the inbox.
    pub(super) fn part(&self) -> &str {
        &self.part
    }

    /// A change of theirs, now.
    pub(super) fn change(&self) -> Change {
        Change {
            who: Some(self.agent.id),
            at: host::now(),
        }
    }

    /// The inbox's draft, all but its items.
    pub(super) async fn draft(&self) -> Result<Draft, Problem> {
        self.app.store.draft(&self.inbox).await.map_err(stored)
    }

    /// The draft's revision, and its items by their numbers.
    pub(super) async fn lines(&self) -> Result<(i64, Vec<(i64, String)>), Problem> {
        let lines = self.app.store.draft_lines(&self.inbox).await;
        lines.map_err(stored)
    }

    /// An item of the draft, if there is one of that number.
    pub(super) async fn item(&self, number: i64) -> Result<Option<Item>, Problem> {
        let item = self.app.store.item(&self.inbox, number).await;
        item.map_err(stored)
    }

    /// What was published last, if anything was.
    pub(super) async fn last_version(&self) -> Result<Option<Version>, Problem> {
        let version = self.app.store.last_version(&self.inbox).await;
        version.map_err(stored)
    }

    /// A version of the inbox, if there is one of that number.
    pub(super) async fn version(&self, number: i64) -> Result<Option<Version>, Problem> {
        let version = self.app.store.version(&self.inbox, number).await;
        version.map_err(stored)
    }

    /// The revision that they saw.
    pub(super) fn seen(&self) -> Result<i64, Problem> {
        let value = request::text(&self.headers, header::IF_MATCH);
        let revision = value.and_then(|value| value.trim().trim_matches('"').parse().ok());
        revision.ok_or_else(|| {
            let message =
                "the header `If-Match` must name the revision that was seen, such as \"12\"";
            Problem::new(Code::InvalidInput, message)
        })
    }

    /// A parameter of the query, decoded.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        word(&self.query, name)
    }

    /// A whole number of the query.
    pub(super) fn number(&self, name: &str, default: usize) -> Result<usize, Problem> {
        number(&self.query, name, default)
    }
}

/// The store failed: the operator reads why in the log.
pub(super) fn stored(error: StoreError) -> Problem {
    tracing::warn!(%error, "knowledge could not be read or written");
    error.into()
}

fn number(query: &str, name: &str, default: usize) -> Result<usize, Problem> {
    match word(query, name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| {
            let message = format!("`{name}` must be a whole number");
            Problem::new(Code::InvalidInput, message)
        }),
    }
}

fn word(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = "q=%E8%BF%90%E8%B4%B9+a%2Bb&limit=7&bad=%zz%4";
        assert_eq!(word(query, "q").as_deref(), Some("运费 a+b"));
        assert_eq!(number(query, "limit", 1).unwrap(), 7);
        assert_eq!(number(query, "offset", 3).unwrap(), 3);
        assert!(number(query, "q", 1).is_err());
        assert_eq!(word(query, "bad").as_deref(), Some("%zz%4"));
    }
}
