//! Frames over plain requests, for networks that let no WebSocket through: POST up; down, one
//! long response of server-sent events, or polls that the server holds until there is news.

use std::cell::Cell;
use std::rc::Rc;

use firsthop_core::protocol::Encoding;
use firsthop_core::protocol::visitor::{Hello, ToServer};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Response};

use super::sse::Events;
use super::{Report, Reports, base64, received, wire};
use crate::http::{Fault, GiveUp, Request, bytes};

/// A connection made of requests.
pub(crate) struct Posts {
    route: Rc<Route>,
    streams: bool,
    /// Whether the request that brings frames down has been made.
    begun: Cell<bool>,
    _give_up: GiveUp,
}

/// What every request of a connection needs.
struct Route {
    edge: String,
    token: String,
    reports: Reports,
    signal: Option<AbortSignal>,
    over: Cell<bool>,
}

impl Posts {
    pub(super) fn open(streams: bool, edge: &str, token: &str, reports: Reports) -> Self {
        let give_up = GiveUp::new();
        let (edge, token, signal) = (edge.to_owned(), token.to_owned(), give_up.signal());
        let route = Route { edge, token, reports, signal, over: Cell::new(false) };
        // There is nothing to be opened before the first frames.
        route.report(Report::Open);
        Self { route: Rc::new(route), streams, begun: Cell::new(false), _give_up: give_up }
    }

    pub(super) fn send(&self, mut frames: Vec<ToServer>, hello: Hello) {
        if !matches!(frames.first(), Some(ToServer::Hello(_))) {
            frames.insert(0, hello.into());
        }
        let route = Rc::clone(&self.route);
        let body = wire(&frames);
        let first = !self.begun.replace(true);
        if first && self.streams {
            spawn_local(async move { route.stream(&body).await });
        } else {
            spawn_local(async move { route.exchange(&body, "v1/visitor/frames", first).await });
        }
    }

    pub(super) fn poll(&self, hello: Hello) {
        let route = Rc::clone(&self.route);
        let body = wire(&[hello.into()]);
        spawn_local(async move { route.exchange(&body, "v1/visitor/frames?wait=1", true).await });
    }
}

impl Drop for Posts {
    fn drop(&mut self) {
        self.route.over.set(true);
    }
}

impl Route {
    fn report(&self, report: Report) {
        if !self.over.get() {
            (self.reports)(report);
        }
    }

    fn fail(&self, fault: Fault) {
        self.report(if fault == Fault::Status(401) { Report::Denied } else { Report::Closed });
    }

    async fn post(&self, body: &[u8], path: &str) -> Result<Response, Fault> {
        let request = Request::post(Encoding::Postcard.content_type(), body).bearer(&self.token).signal(self.signal.as_ref());
        request.succeed(&[self.edge.as_str(), path].concat()).await
    }

    /// One request and its answer; `polls` if it is one of the chain that brings frames down.
    async fn exchange(&self, body: &[u8], path: &str, polls: bool) {
        let answer = match self.post(body, path).await {
            Ok(response) => bytes(&response).await,
            Err(fault) => Err(fault),
        };
        match answer {
            Ok(bytes) => {
                self.report(received(&bytes));
                if polls {
                    self.report(Report::Polled);
                }
            }
            Err(fault) => self.fail(fault),
        }
    }

    async fn stream(&self, body: &[u8]) {
        match self.post(body, "v1/visitor/stream").await {
            Ok(response) => {
                self.read(&response).await;
                self.report(Report::Closed);
            }
            Err(fault) => self.fail(fault),
        }
    }

    /// Reads events until the response ends, or makes no sense.
    async fn read(&self, response: &Response) -> Option<()> {
        let reader: ReadableStreamDefaultReader = response.body()?.get_reader().unchecked_into();
        let mut events = Events::default();
        while !self.over.get() {
            let chunk = JsFuture::from(reader.read()).await.ok()?;
            if Reflect::get(&chunk, &"done".into()).ok()?.is_truthy() {
                return None;
            }
            let chunk = Uint8Array::new(&Reflect::get(&chunk, &"value".into()).ok()?).to_vec();
            for data in events.take(&chunk).ok()? {
                self.report(received(&base64::read(&data)?));
            }
        }
        None
    }
}
