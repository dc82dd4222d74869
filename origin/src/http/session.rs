//! Logging in and out, and one-time set-up links.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::problem::{Failure, json_response};
use super::request;
use crate::accounts::{Login, logged_in};
use crate::app::App;
use crate::deliver::hub::AgentDelivery;

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct SetUp {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    password: String,
}

/// `GET /v1/session`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (agent, _) = logged_in(&app, &headers).await?;
    let agent = json!({ "id": agent.id, "name": agent.name, "email": agent.email, "role": agent.role.as_str() });
    Ok(json_response(StatusCode::OK, &json!({ "agent": agent })))
}

/// `POST /v1/session`.
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    request::check_csrf(&app, &headers)?;
    let credentials: Credentials = request::json(&headers, body).await?;
    let login = app
        .accounts
        .log_in(&app, &credentials.email, credentials.password)
        .await?;
    tracing::info!(agent = %login.agent.id, "an agent logged in");
    Ok(with_cookie(login))
}

/// `POST /v1/setup`.
pub(super) async fn set_up(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    request::check_csrf(&app, &headers)?;
    let SetUp {
        token,
        email,
        name,
        password,
    } = request::json(&headers, body).await?;
    let login = app
        .accounts
        .set_up(&app, &token, &email, &name, password)
        .await?;
    tracing::info!(agent = %login.agent.id, "a set-up link was used");
    app.hub.tell_agents(&AgentDelivery::SessionsChanged);
    Ok(with_cookie(login))
}

/// `DELETE /v1/session`.
pub(super) async fn log_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    request::check_csrf(&app, &headers)?;
    let (_, session) = logged_in(&app, &headers).await?;
    app.store
        .remove_session(&session)
        .await
        .map_err(firsthop_core::protocol::Problem::from)?;
    app.hub.tell_agents(&AgentDelivery::SessionsChanged);
    Ok(cookie_response(app.accounts.forget_cookie()))
}

fn with_cookie(login: Login) -> Response {
    cookie_response(login.set_cookie)
}

fn cookie_response(set_cookie: HeaderValue) -> Response {
    let headers = [
        (header::SET_COOKIE, set_cookie),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
