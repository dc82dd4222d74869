//! `POST /v1/visitor/stream`: the same frames as a stream of server-sent events. What the visitor
//! sends meanwhile goes by `/v1/visitor/frames`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use firsthop_core::limits::STREAM_KEEP_ALIVE;
use firsthop_core::protocol::visitor::ToVisitor;
use firsthop_core::protocol::{Encoding, Problem};
use futures_util::stream;

use super::frames::Visit;
use super::problem::Failure;
use crate::app::App;
use crate::deliver::connection::Connection;
use crate::deliver::frames::encode_all;
use crate::deliver::hub::Subscription;
use crate::drain::Guard;

pub(super) async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut visit = Visit::begin(&app, &headers, body).await?;
    let first = visit.connection.handle_frames(visit.frames).await;
    if let [ToVisitor::Error(problem)] = first.as_slice() {
        return Err(problem.clone().into());
    }
    let Visit {
        encoding,
        connection,
        subscription,
        guard,
        ..
    } = visit;
    let source = Source {
        encoding,
        connection,
        subscription,
        first: Some(first),
        _guard: guard,
    };
    let events = stream::unfold(source, |mut source| async move {
        Some((source.next().await?, source))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies of the nginx kind collect an answer before they pass it on, unless told.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

struct Source {
    encoding: Encoding,
    connection: Connection,
    subscription: Subscription,
    first: Option<Vec<ToVisitor>>,
    _guard: Guard,
}

impl Source {
    /// The next part of the stream; none at its end.
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        if let Some(first) = self.first.take() {
            return Some(events(self.encoding, &first));
        }
        loop {
            if self.connection.is_closed() {
                return None;
            }
            let delivery =
                match tokio::time::timeout(STREAM_KEEP_ALIVE, self.subscription.next()).await {
                    Ok(delivery) => delivery?,
                    Err(_) => return Some(Ok(Bytes::from_static(b": keep-alive\n\n"))),
                };
            let frames = self.connection.handle_delivery(delivery).await;
            if !frames.is_empty() {
                return Some(events(self.encoding, &frames));
            }
        }
    }
}

/// One event for each wire message.
fn events(encoding: Encoding, frames: &[ToVisitor]) -> Result<Bytes, Problem> {
    let mut text = Vec::new();
    for message in encode_all(encoding, frames)? {
        text.extend_from_slice(b"data: ");
        match encoding {
            // JSON as serde_json writes it has no line breaks.
            Encoding::Json => text.extend_from_slice(&message),
            Encoding::Postcard => {
                text.extend_from_slice(BASE64_STANDARD.encode(&message).as_bytes());
            }
        }
        text.extend_from_slice(b"\n\n");
    }
    Ok(text.into())
}
