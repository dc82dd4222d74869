//! A problem as an HTTP response: `{"error": {"code", "message", "retry_after_ms"}}`.
//!
//! What the client is told is the problem and nothing else: causes stand in the log.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.code.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json_response(status, &json!({ "error": problem }));
        if let Some(ms) = problem.retry_after_ms {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}

/// A response in JSON that nobody may keep.
pub(super) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// For paths that are none.
pub(super) async fn nothing_here(uri: Uri) -> Failure {
    Failure(Problem::new(
        Code::NotFound,
        format!("there is nothing at {}", uri.path()),
    ))
}

/// For methods that a path does not have.
pub(super) async fn wrong_method(method: Method, uri: Uri) -> Response {
    let problem = Problem::new(Code::NotFound, format!("{} takes no {method}", uri.path()));
    let mut response = Failure(problem).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
