//! A visitor's connections: WebSockets, streams of events, posts; how each begins and ends.
//!
//! Invariant: what the machine has refused is never accepted, and what has ended the machine hears of.

use std::rc::Rc;
use std::time::Duration;

use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::{LONG_POLL_HOLD, ORIGIN_REPLY_WITHIN};
use firsthop_core::protocol::{Encoding, Problem};
use firsthop_edge::http::{self, Body, Head};
use firsthop_edge::route::Route;
use firsthop_edge::visit::Visit;
use firsthop_edge::visitor::{Exchange, Kind};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use worker::{Delay, Headers, Response, ResponseBuilder, WebSocket, WebSocketPair};

use super::sockets::Sockets;
use super::{Object, stream};
use crate::host::internal;
use crate::transfer;

/// How much longer than the origin a POST may take: for writing its messages down.
const POST_SLACK: Duration = Duration::from_secs(2);

impl Object {
    /// Opens a connection.
    fn open(&self, visit: Visit, kind: Kind) -> Result<SocketId, Problem> {
        self.wake(Some((visit.visitor, &visit.inbox)))
            .map_err(internal)?;
        let id = SocketId(self.seed());
        self.with(|machine| machine.open(self.now(), id, visit, kind))
            .unwrap_or_else(|| Err(internal("the machine is not there")))?;
        Ok(id)
    }

    /// Accepts a WebSocket.
    pub(super) fn accept(self: &Rc<Self>, visit: Visit) -> Result<Response, Problem> {
        let encoding = visit.encoding();
        // Asked first, so that a socket too many is refused before it is one.
        let id = self.open(visit, Kind::Socket)?;
        let accepted = self.upgrade(id, encoding);
        match accepted {
            Ok(_) => self.drive(),
            Err(_) => self.gone(id),
        }
        accepted.map_err(internal)
    }

    fn upgrade(&self, id: SocketId, encoding: Encoding) -> worker::Result<Response> {
        let pair = WebSocketPair::new()?;
        let tags = Sockets::tags(id, encoding);
        self.state
            .accept_websocket_with_tags(&pair.server, &tags.each_ref().map(String::as_str));
        let headers = Headers::new();
        headers.set("sec-websocket-protocol", encoding.subprotocol())?;
        Ok(ResponseBuilder::new()
            .with_status(101)
            .with_headers(headers)
            .with_websocket(pair.client)
            .empty())
    }

    /// Answers a POST of frames with frames.
    pub(super) async fn exchange(
        self: &Rc<Self>,
        head: &Head,
        visit: Visit,
        body: Vec<u8>,
    ) -> Result<Response, Problem> {
        let (wait, encoding) = (visit.wait, visit.encoding());
        let mut exchange = Exchange::new(encoding, &body, wait);
        let id = self.open(visit, if wait { Kind::Waiting } else { Kind::Once })?;
        let mut frames = self.sockets.wait(id);
        self.handle_message(id, body).await;
        let mut limit = Delay::from(if wait {
            LONG_POLL_HOLD
        } else {
            ORIGIN_REPLY_WITHIN + POST_SLACK
        });
        while let Either::Left((Some(frame), _)) = select(frames.next(), &mut limit).await {
            exchange.push(frame);
            while let Ok(frame) = frames.try_recv() {
                exchange.push(frame);
            }
            exchange.pause();
            if exchange.is_complete() {
                break;
            }
        }
        self.gone(id);
        let mut response = http::Response::empty(200)
            .with("content-type", encoding.content_type())
            .with("cache-control", "no-store");
        response.body = Body::Owned(exchange.finish()?);
        transfer::respond(Route::Frames.share(head, response)).map_err(internal)
    }

    /// Answers a POST of frames with a stream of events.
    pub(super) async fn stream(
        self: &Rc<Self>,
        head: &Head,
        visit: Visit,
        body: Vec<u8>,
    ) -> Result<Response, Problem> {
        let encoding = visit.encoding();
        let id = self.open(visit, Kind::Waiting)?;
        let frames = self.sockets.wait(id);
        let events = stream::events(Rc::clone(self), id, frames, encoding);
        self.handle_message(id, body).await;
        let shared = Route::Stream.share(
            head,
            http::Response::empty(200).with("cache-control", "no-store"),
        );
        let builder = shared
            .headers
            .iter()
            .try_fold(ResponseBuilder::new(), |builder, (name, value)| {
                builder.with_header(name, value)
            });
        builder
            .and_then(|builder| builder.with_header("content-type", "text/event-stream"))
            .and_then(|builder| builder.from_stream(events))
            .map_err(internal)
    }

    /// Time has passed on a stream of events; it may be the only one who notices.
    pub(super) fn look_around(self: &Rc<Self>) {
        self.with(|machine| machine.close_silent(self.now()));
        self.drive();
    }

    /// A WebSocket is no more. It may be the last, and nothing else here say whose it was.
    pub(super) fn lost(self: &Rc<Self>, socket: &WebSocket) -> worker::Result<()> {
        let memo = Sockets::memo(socket);
        let served = memo
            .as_ref()
            .map(|memo| (memo.visit.visitor, memo.visit.inbox.as_str()));
        if let Some(id) = Sockets::number(&self.state, socket)
            && self.wake(served)?
        {
            self.gone(id);
        }
        Ok(())
    }

    /// A connection is no more.
    pub(super) fn gone(self: &Rc<Self>, id: SocketId) {
        self.sockets.stop_waiting(id);
        self.with(|machine| machine.handle_closed(id));
        self.drive();
    }
}
