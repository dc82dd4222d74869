//! `POST /v1/visitor/admission`: an inbox's key becomes a visitor's token.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firsthop_core::id::VisitorId;
use firsthop_core::limit::counted_as;
use firsthop_core::limits::INBOX_KEY_BYTES_MAX;
use firsthop_core::protocol::{Code, Problem};
use firsthop_core::token::{self, Claims, TokenError};
use serde::Deserialize;
use serde_json::json;

use super::problem::{Failure, json_response};
use super::request;
use super::serve::Peer;
use crate::app::App;
use crate::host;

/// What a proxy adds a client's address to, at its end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A client's address: of the connection, or what a proxy of ours says. Unknown if the proxy says
/// nothing: all visitors would count as one.
fn client(peer: IpAddr, forwarded: Option<&str>, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !peer.is_loopback() && !trusted.contains(&peer) {
        return Some(peer);
    }
    forwarded?.rsplit(',').next()?.trim().parse().ok()
}

#[derive(Deserialize)]
struct Admission {
    inbox: String,
    #[serde(default)]
    token: Option<String>,
}

pub(super) async fn admit(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked: Admission = request::json(&headers, body).await?;
    if asked.inbox.len() > INBOX_KEY_BYTES_MAX {
        return Err(Problem::new(Code::InboxUnknown, "there is no inbox of that key").into());
    }
    request::check_page(&app, &headers, &asked.inbox)?;
    let now = host::now();
    let visitor = match asked.token {
        // Never silently somebody new: the client must know that its history is gone.
        Some(old) => {
            let claims = token::verify(&app.token_key, &old, now).map_err(Problem::from)?;
            if claims.inbox != asked.inbox {
                return Err(Problem::from(TokenError::Invalid).into());
            }
            claims.visitor
        }
        None => {
            let forwarded = headers.get_all(FORWARDED_FOR).iter().next_back();
            let forwarded = forwarded.and_then(|value| value.to_str().ok());
            if let Some(address) = client(peer.0, forwarded, &app.config.trusted_proxies) {
                app.admissions
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(&counted_as(address), host::instant())
                    .map_err(|wait| {
                        let message = "too many new visitors come from your address";
                        Problem::new(Code::TooManyMessages, message).retry_after(wait)
                    })?;
            }
            VisitorId::new(now, host::random())
        }
    };
    let claims = Claims::new(asked.inbox.as_str(), visitor, now);
    let settings = app.settings();
    let inbox = settings.inbox(&asked.inbox)?;
    Ok(json_response(
        StatusCode::OK,
        &json!({
            "visitor": visitor,
            "token": token::sign(&app.token_key, &claims),
            "expires_at": claims.expires_at,
            "inbox": { "key": inbox.key, "name": inbox.name, "pack": inbox.pack },
        }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let (proxy, stranger, visitor) = (ip("10.0.0.2"), ip("198.51.100.9"), ip("203.0.113.7"));
        let trusted = [proxy];
        // What a client claims itself stands before what the proxy adds.
        let chain = Some("192.0.2.66, 203.0.113.7");
        assert_eq!(client(proxy, chain, &trusted), Some(visitor));
        assert_eq!(client(ip("127.0.0.1"), chain, &[]), Some(visitor));
        assert_eq!(
            client(ip("::ffff:10.0.0.2"), chain, &trusted),
            Some(visitor)
        );
        assert_eq!(client(stranger, chain, &trusted), Some(stranger));
        assert_eq!(client(proxy, None, &trusted), None);
        assert_eq!(client(proxy, Some("unknown"), &trusted), None);
    }
}
