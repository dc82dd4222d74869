//! `POST /v1/visitor/frames`: frames in, frames out; with `?wait=1`, a long poll.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::limits::LONG_POLL_HOLD;
use firsthop_core::protocol::visitor::{ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, Problem, decode};

use super::problem::Failure;
use super::request;
use crate::app::App;
use crate::deliver::connection::Connection;
use crate::deliver::frames::encode_first;
use crate::deliver::hub::Subscription;
use crate::drain::Guard;
use crate::metrics::Counter;

/// A visitor's request, its frames read and its place in the hub taken.
pub(super) struct Visit {
    pub(super) encoding: Encoding,
    pub(super) frames: Vec<ToServer>,
    pub(super) connection: Connection,
    pub(super) subscription: Subscription,
    pub(super) guard: Guard,
}

impl Visit {
    pub(super) async fn begin(
        app: &Arc<App>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, Problem> {
        let claims = request::admitted(app, headers, request::bearer(headers))?;
        let (encoding, body) = request::wire_message(headers, body).await?;
        let frames = decode(encoding, &body)
            .inspect_err(|_| app.metrics.count(Counter::FramesMalformed, 1))?;
        let guard = app.drain.enter()?;
        let subscription = app.hub.subscribe(claims.visitor, &claims.inbox)?;
        let connection = Connection::direct(Arc::clone(app), claims.visitor, claims.inbox);
        Ok(Self {
            encoding,
            frames,
            connection,
            subscription,
            guard,
        })
    }
}

pub(super) async fn exchange(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut visit = Visit::begin(&app, &headers, body).await?;
    let waits = query.is_some_and(|query| query.split('&').any(|pair| pair == "wait=1"));
    let mut frames = visit.connection.handle_frames(visit.frames).await;
    if let [ToVisitor::Error(problem)] = frames.as_slice() {
        return Err(problem.clone().into());
    }
    let deadline = tokio::time::Instant::now() + LONG_POLL_HOLD;
    while !visit.connection.is_closed() {
        let delivery = if waits && !frames.iter().any(is_news) {
            match tokio::time::timeout_at(deadline, visit.subscription.next()).await {
                Ok(Some(delivery)) => delivery,
                Ok(None) | Err(_) => break,
            }
        } else {
            match visit.subscription.try_next() {
                Some(delivery) => delivery,
                None => break,
            }
        };
        frames.extend(visit.connection.handle_delivery(delivery).await);
    }
    drop(visit.guard);
    let body = encode_first(visit.encoding, &frames)?;
    let headers = [
        (header::CONTENT_TYPE, visit.encoding.content_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

/// Whether a long poll ends with it: everything but the greeting does.
fn is_news(frame: &ToVisitor) -> bool {
    !matches!(
        frame,
        ToVisitor::Welcome(_) | ToVisitor::Queue(_) | ToVisitor::Token(_)
    )
}
