//! `POST /v1/visitor/admission`: an inbox's key becomes a visitor's token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firsthop_core::id::VisitorId;
use firsthop_core::limits::INBOX_KEY_BYTES_MAX;
use firsthop_core::protocol::{Code, Problem};
use firsthop_core::token::{self, Claims, TokenError};
use serde::Deserialize;
use serde_json::json;

use super::problem::{Failure, json_response};
use super::request;
use crate::app::App;
use crate::host;

#[derive(Deserialize)]
struct Admission {
    inbox: String,
    #[serde(default)]
    token: Option<String>,
}

pub(super) async fn admit(
    State(app): State<Arc<App>>,
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
        None => VisitorId::new(now, host::random()),
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
