//! What several handlers read out of a request.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use firsthop_core::limits::{JSON_REQUEST_BYTES_MAX, REQUEST_BODY_WITHIN, WIRE_MESSAGE_BYTES_MAX};
use firsthop_core::protocol::{Code, Encoding, Problem};
use firsthop_core::token::{self, Claims};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::host;

/// The CSRF header that the console sends.
const CSRF: &str = "x-firsthop-csrf";

/// A header's value, if it is text.
pub(super) fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// How many bytes the body has, as far as its sender says so.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    text(headers, header::CONTENT_LENGTH)?.parse().ok()
}

/// The whole body, if it has no more than `max` bytes and comes in time. One that says that it
/// is larger is refused before it is read.
pub(super) async fn body(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            Code::MessageTooLarge,
            format!("the body is larger than the {max} bytes that are allowed"),
        )
    };
    if announced(headers).is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let collected =
        tokio::time::timeout(REQUEST_BODY_WITHIN, Limited::new(body, max).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Code::InvalidInput, "the body broke off")),
        Err(_) => Err(Problem::new(Code::InvalidInput, "the body took too long")),
    }
}

/// A small JSON body.
pub(super) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    content: Body,
) -> Result<T, Problem> {
    let bytes = body(headers, content, JSON_REQUEST_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a JSON object with other members than needed",
            _ => "no JSON",
        };
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::new(
            Code::InvalidInput,
            format!("the body is {what} ({place}); docs/protocol.md describes it"),
        )
    })
}

/// A body of frames, and its encoding.
pub(super) async fn wire_message(
    headers: &HeaderMap,
    content: Body,
) -> Result<(Encoding, Bytes), Problem> {
    let encoding = text(headers, header::CONTENT_TYPE)
        .and_then(Encoding::from_content_type)
        .ok_or_else(|| {
            let known: Vec<_> = Encoding::ALL
                .iter()
                .map(|encoding| encoding.content_type())
                .collect();
            Problem::new(
                Code::UnsupportedVersion,
                format!("the content type must be {}", known.join(" or ")),
            )
        })?;
    Ok((
        encoding,
        body(headers, content, WIRE_MESSAGE_BYTES_MAX).await?,
    ))
}

/// Whose token this is, if it admits them from the page that asks.
pub(super) fn admitted(
    app: &App,
    headers: &HeaderMap,
    token: Option<&str>,
) -> Result<Claims, Problem> {
    let token = token.ok_or_else(|| {
        Problem::new(
            Code::TokenMissing,
            "a visitor's token is needed; ask for admission",
        )
    })?;
    let claims = token::verify(&app.token_key, token, host::now())?;
    check_page(app, headers, &claims.inbox)?;
    Ok(claims)
}

/// The bearer's token.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, header::AUTHORIZATION)?.strip_prefix("Bearer ")
}

/// Whether the page that asks may use the inbox.
pub(super) fn check_page(app: &App, headers: &HeaderMap, inbox: &str) -> Result<(), Problem> {
    let settings = app.settings();
    let page = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or("not text"));
    if settings.inbox(inbox)?.allows(page) {
        return Ok(());
    }
    let page = page
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect::<String>();
    Err(Problem::new(
        Code::OriginNotAllowed,
        format!("pages of {page} are not on the inbox's list of allowed origins"),
    ))
}

/// Whether the console itself asks, or a program that is no browser.
pub(super) fn check_same_site(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let host = text(headers, header::HOST).unwrap_or_default();
    let same = origin.to_str().is_ok_and(|origin| {
        origin == app.public_url
            || origin
                .split_once("://")
                .is_some_and(|(_, name)| !host.is_empty() && name == host)
    });
    if same {
        Ok(())
    } else {
        Err(Problem::new(
            Code::CrossSite,
            "only the console's own pages may ask this",
        ))
    }
}

/// The same for what changes something: a form of another site can't set the header.
pub(super) fn check_csrf(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if text(headers, CSRF) != Some("1") {
        return Err(Problem::new(
            Code::CrossSite,
            format!("the header `{CSRF}: 1` is missing"),
        ));
    }
    check_same_site(app, headers)
}
