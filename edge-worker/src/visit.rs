//! Who knocks: a visitor's token and page, checked before anything else is done for them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use firsthop_core::id::VisitorId;
use firsthop_core::limits::TOKEN_RENEW_AFTER;
use firsthop_core::protocol::edge::Inbox;
use firsthop_core::protocol::visitor::Token;
use firsthop_core::protocol::{Code, Encoding, Problem};
use firsthop_core::token::{self, Claims};
use firsthop_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::directory::{Ask, Told};
use crate::host::Front;
use crate::http::Head;

/// A visitor at the door, checked: what their object is told about a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The inbox's key.
    pub inbox: String,
    /// Who it is.
    pub visitor: VisitorId,
    /// When the token was made.
    pub issued_at: Timestamp,
    /// Whether frames are JSON instead of postcard.
    pub json: bool,
    /// With `POST /v1/visitor/frames`: whether to wait until there is something new.
    pub wait: bool,
}

impl Visit {
    /// How the connection's frames are written.
    pub const fn encoding(&self) -> Encoding {
        if self.json {
            Encoding::Json
        } else {
            Encoding::Postcard
        }
    }

    /// As a header's value, for passing it on within the edge.
    pub fn to_header(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(postcard::to_allocvec(self).unwrap_or_default())
    }

    /// What [`Self::to_header`] gave.
    pub fn from_header(value: &str) -> Option<Self> {
        postcard::from_bytes(&BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()
    }

    /// A newer token, if this one is old enough.
    pub fn renewed(&self, config: &Config, now: Timestamp) -> Option<Token> {
        (now.since(self.issued_at) >= TOKEN_RENEW_AFTER)
            .then(|| issue(config, &self.inbox, self.visitor, now))
    }
}

/// A token that begins now.
pub fn issue(config: &Config, inbox: &str, visitor: VisitorId, now: Timestamp) -> Token {
    let claims = Claims::new(inbox, visitor, now);
    Token {
        token: Private::new(token::sign(&config.token_key, &claims)),
        expires_at: claims.expires_at,
    }
}

/// How a connection presents itself.
struct Presented<'a> {
    token: &'a str,
    encoding: Encoding,
}

const TOKEN_PROTOCOL: &str = "token.";

/// A WebSocket's: both in the subprotocols (RFC 6455, section 1.9), the one place where a browser
/// lets a page put something.
fn of_socket(head: &Head) -> Result<Presented<'_>, Problem> {
    if !head
        .header("upgrade")
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    {
        return Err(Problem::new(
            Code::InvalidInput,
            "this address is for WebSockets",
        ));
    }
    let offered = || {
        head.header("sec-websocket-protocol")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
    };
    let encoding = offered()
        .find_map(Encoding::from_subprotocol)
        .ok_or_else(|| {
            Problem::new(
                Code::UnsupportedVersion,
                format!(
                    "none of the offered subprotocols is spoken here; {} are",
                    names(Encoding::subprotocol)
                ),
            )
        })?;
    let token = offered()
        .find_map(|name| name.strip_prefix(TOKEN_PROTOCOL))
        .ok_or_else(|| {
            Problem::new(
                Code::TokenMissing,
                "the subprotocol `token.…` with the visitor's token is missing",
            )
        })?;
    Ok(Presented { token, encoding })
}

/// A POST's: `Authorization: Bearer` (RFC 6750) and the content type.
fn of_post(head: &Head) -> Result<Presented<'_>, Problem> {
    let encoding = head
        .header("content-type")
        .and_then(Encoding::from_content_type)
        .ok_or_else(|| {
            Problem::new(
                Code::UnsupportedVersion,
                format!(
                    "the content type is none that is spoken here; {} are",
                    names(Encoding::content_type)
                ),
            )
        })?;
    let token = head
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            Problem::new(
                Code::TokenMissing,
                "the header `Authorization: Bearer …` with the visitor's token is missing",
            )
        })?;
    Ok(Presented { token, encoding })
}

fn names(of: impl Fn(Encoding) -> &'static str) -> String {
    Encoding::ALL
        .iter()
        .map(|encoding| of(*encoding))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Checks a WebSocket's token and page.
///
/// # Errors
/// `unsupported_version`, `token_missing`, `token_invalid`, `token_expired`,
/// `origin_not_allowed`, or those of the directory.
pub async fn at_socket(host: &impl Front, head: &Head) -> Result<Visit, Problem> {
    check(host, head, of_socket(head)?).await
}

/// Checks a POST's token and page.
///
/// # Errors
/// Those of [`at_socket`].
pub async fn at_post(host: &impl Front, head: &Head) -> Result<Visit, Problem> {
    check(host, head, of_post(head)?).await
}

async fn check(host: &impl Front, head: &Head, presented: Presented<'_>) -> Result<Visit, Problem> {
    let claims = token::verify(&host.config().token_key, presented.token, host.now())?;
    let inbox = inbox(host, &claims.inbox).await?;
    check_page(&inbox, head)?;
    Ok(Visit {
        inbox: claims.inbox,
        visitor: claims.visitor,
        issued_at: claims.issued_at,
        json: presented.encoding == Encoding::Json,
        wait: head.flag("wait"),
    })
}

/// An inbox's settings.
///
/// # Errors
/// Those of the directory.
pub async fn inbox(host: &impl Front, key: &str) -> Result<Inbox, Problem> {
    match host.directory(Ask::Inbox(key.to_owned())).await? {
        Told::Inbox(inbox) => Ok(inbox),
        _ => Err(Problem::new(
            Code::Internal,
            "the directory answered something else",
        )),
    }
}

/// Whether the page that asks may use the inbox.
///
/// # Errors
/// `origin_not_allowed`.
pub fn check_page(inbox: &Inbox, head: &Head) -> Result<(), Problem> {
    let origin = head.page_origin();
    if inbox.allows(origin) {
        return Ok(());
    }
    Err(Problem::new(
        Code::OriginNotAllowed,
        format!(
            "pages of {} are not on the inbox's list; its settings in the console are the place to add them",
            origin.unwrap_or_default()
        ),
    ))
}
