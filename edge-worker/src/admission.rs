//! Admission: a visitor gets a token, or a newer one in the place of their old.
//!
//! It needs no word from the origin: an edge that knows the inbox admits on its own.

use firsthop_core::id::VisitorId;
use firsthop_core::limit::counted_as;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::{Code, Problem};
use firsthop_core::token::{self, TokenError};
use firsthop_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

use crate::host::Front;
use crate::http::{Head, Response};
use crate::visit::{check_page, inbox, issue};

/// Where Cloudflare says who asks, as a proxy before a workerd of one's own can.
const CLIENT_ADDRESS: &str = "cf-connecting-ip";

#[derive(Deserialize)]
struct Asked {
    inbox: String,
    #[serde(default)]
    token: Option<String>,
}

#[derive(Serialize)]
struct Admitted {
    visitor: VisitorId,
    token: Private<String>,
    expires_at: Timestamp,
    inbox: AdmittedTo,
}

#[derive(Serialize)]
struct AdmittedTo {
    key: String,
    name: String,
    pack: Option<PackHash>,
}

/// Answers `POST /v1/visitor/admission`.
///
/// # Errors
/// `invalid_input`, `inbox_unknown`, `origin_not_allowed`; `token_invalid` or `token_expired` for
/// an old token: nobody becomes somebody else without asking for it. Those of the directory.
pub async fn admit(host: &impl Front, head: &Head, body: &[u8]) -> Result<Response, Problem> {
    // What serde_json would say may quote the token.
    let asked: Asked = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::new(
            Code::InvalidInput,
            format!("the body must be JSON such as {{\"inbox\": \"key\", \"token\": \"an old one, if any\"}}; it is not at line {line}, column {column}"),
        )
    })?;
    let inbox = inbox(host, &asked.inbox).await?;
    check_page(&inbox, head)?;
    let now = host.now();
    let visitor = match &asked.token {
        None => {
            let address = head
                .header(CLIENT_ADDRESS)
                .and_then(|text| text.parse().ok());
            if let Some(address) = address {
                host.count_new(&counted_as(address)).map_err(|wait| {
                    let message = "too many new visitors come from your address";
                    Problem::new(Code::TooManyMessages, message).retry_after(wait)
                })?;
            }
            let [random @ .., _, _, _, _, _, _] = host.random();
            VisitorId::new(now, random)
        }
        Some(old) => {
            let claims = token::verify(&host.config().token_key, old, now)?;
            if claims.inbox != inbox.key {
                return Err(TokenError::Invalid.into());
            }
            claims.visitor
        }
    };
    let token = issue(host.config(), &inbox.key, visitor, now);
    let inbox = AdmittedTo {
        key: inbox.key,
        name: inbox.name,
        pack: inbox.pack,
    };
    Ok(Response::json(
        200,
        &Admitted {
            visitor,
            token: token.token,
            expires_at: token.expires_at,
            inbox,
        },
    ))
}
