//! What the Worker and its objects have in common: settings, clock, dice, the way to the origin
//! and to each other.

use std::rc::Rc;
use std::time::Duration;

use firsthop_core::id::VisitorId;
use firsthop_core::limits::LONG_POLL_HOLD;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::edge::Downlink;
use firsthop_core::protocol::{Code, Problem};
use firsthop_core::{Instant, Timestamp};
use firsthop_edge::config::{Config, ConfigError};
use firsthop_edge::directory::{Ask, Told};
use firsthop_edge::front::Way;
use firsthop_edge::host::{Away, Front, Host, OriginAnswer, OriginRequest};
use firsthop_edge::visit::Visit;
use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use worker::{Date, Delay, Env, Fetch, Fetcher, Headers, Method, Request, RequestInit, Response};

use crate::{isolate, transfer};

/// The header that tells an object whom it serves.
pub(crate) const VISIT: &str = "x-firsthop-visit";
/// The header that tells a visitor's object who it is, with a push.
pub(crate) const VISITOR: &str = "x-firsthop-visitor";
/// How long an object of this edge may take to answer. The directory may have to ask the origin.
const OBJECT_WITHIN: Duration = Duration::from_secs(10);

/// The host, as the shared logic knows it.
#[derive(Clone)]
pub(crate) struct Worker {
    env: Env,
    config: Rc<Config>,
}

impl Worker {
    pub(crate) fn new(env: Env) -> Result<Self, ConfigError> {
        // Not `env.var`, which fails on what workerd makes of a variable that is not set: null.
        let get = |name: &'static str| Reflect::get(&env, &name.into()).ok()?.as_string();
        let config = Rc::new(Config::read(get, env.service("ORIGIN").is_ok())?);
        Ok(Self { env, config })
    }

    /// A binding to a service, if there is one.
    pub(crate) fn service(&self, name: &str) -> Option<Fetcher> {
        self.env.service(name).ok()
    }

    /// Lets the visitor's object answer.
    pub(crate) async fn visit(
        &self,
        way: Way,
        visit: &Visit,
        page: Option<&str>,
        body: &[u8],
    ) -> Result<Response, Problem> {
        let headers = Headers::new();
        let path = match way {
            Way::Socket => {
                headers.set("upgrade", "websocket").map_err(internal)?;
                "socket"
            }
            Way::Frames => "frames",
            Way::Stream => "stream",
        };
        headers.set(VISIT, &visit.to_header()).map_err(internal)?;
        if let Some(page) = page {
            headers.set("origin", page).map_err(internal)?;
        }
        let body = (way != Way::Socket).then_some(body);
        let request = request(path, headers, body).map_err(internal)?;
        let stub = self.object("VISITOR", &visit.visitor.to_string())?;
        // A long poll is meant to last; the others begin at once.
        let limit = if visit.wait {
            OBJECT_WITHIN + LONG_POLL_HOLD
        } else {
            OBJECT_WITHIN
        };
        match within(limit, stub.fetch_with_request(request)).await {
            Some(answer) => answer.map_err(internal),
            None => Err(internal("a visitor's object does not answer")),
        }
    }

    async fn push_one(&self, downlink: Downlink) -> Result<u32, Problem> {
        let headers = Headers::new();
        headers
            .set(VISITOR, &downlink.visitor.to_string())
            .map_err(internal)?;
        let frames = postcard::to_allocvec(&downlink.frames).map_err(internal)?;
        let bytes = self
            .call("VISITOR", &downlink.visitor.to_string(), headers, &frames)
            .await?;
        postcard::from_bytes::<Result<u32, Problem>>(&bytes).map_err(internal)?
    }

    async fn ask(&self, ask: &Ask) -> Result<Told, Problem> {
        let question = postcard::to_allocvec(ask).map_err(internal)?;
        let bytes = self
            .call("DIRECTORY", "directory", Headers::new(), &question)
            .await?;
        postcard::from_bytes::<Result<Told, Problem>>(&bytes).map_err(internal)?
    }

    /// Asks an object, which answers with postcard.
    async fn call(
        &self,
        namespace: &str,
        name: &str,
        headers: Headers,
        body: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let work = async {
            let request = request("", headers, Some(body))?;
            let mut response = self
                .env
                .durable_object(namespace)?
                .get_by_name(name)?
                .fetch_with_request(request)
                .await?;
            response.bytes().await
        };
        match within(OBJECT_WITHIN, work).await {
            Some(answer) => answer.map_err(internal),
            None => Err(internal("an object of this edge does not answer")),
        }
    }

    fn object(&self, namespace: &str, name: &str) -> Result<worker::Stub, Problem> {
        self.env
            .durable_object(namespace)
            .and_then(|namespace| namespace.get_by_name(name))
            .map_err(internal)
    }

    async fn fetch(
        &self,
        request: &OriginRequest,
        signal: &web_sys::AbortSignal,
    ) -> worker::Result<OriginAnswer> {
        let headers = web_sys::Headers::new()?;
        for (name, value) in &request.headers {
            headers.set(name, value)?;
        }
        let init = web_sys::RequestInit::new();
        init.set_method(request.method);
        init.set_headers(&headers);
        init.set_signal(Some(signal));
        init.set_redirect(web_sys::RequestRedirect::Manual);
        if request.method != "GET" {
            init.set_body(&transfer::to_js(&request.body));
        }
        let url = format!("{}{}", self.config.origin_url, request.path);
        let call: Request = web_sys::Request::new_with_str_and_init(&url, &init)?.into();
        let mut response = match self.service("ORIGIN") {
            Some(origin) => origin.fetch_request(call).await?,
            None => Fetch::Request(call).send().await?,
        };
        let status = response.status_code();
        let mut body = Vec::new();
        let mut stream = response.stream()?;
        while let Some(chunk) = stream.next().await {
            body.extend(chunk?);
            if body.len() > request.answer_max {
                return Err(format!("more than {} bytes", request.answer_max).into());
            }
        }
        Ok(OriginAnswer { status, body })
    }
}

/// A request to one of this edge's objects.
fn request(path: &str, headers: Headers, body: Option<&[u8]>) -> worker::Result<Request> {
    let mut init = RequestInit::new();
    init.with_headers(headers);
    if let Some(body) = body {
        init.with_method(Method::Post)
            .with_body(Some(transfer::to_js(body).into()));
    }
    Request::new_with_init(&format!("http://object/{path}"), &init)
}

/// Waits for `work` no longer than `limit`.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let work = std::pin::pin!(work);
    match select(work, Delay::from(limit)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// A fault of the platform's or of ours. The cause is logged, never sent.
pub(crate) fn internal(error: impl std::fmt::Display) -> Problem {
    worker::console_error!("{error}");
    Problem::new(Code::Internal, "the edge failed; try again").retry_after(Duration::from_secs(1))
}

impl Host for Worker {
    fn config(&self) -> &Config {
        &self.config
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Date::now().as_millis())
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
        let filled = Uint8Array::new_with_length(16);
        if scope
            .crypto()
            .and_then(|crypto| crypto.get_random_values_with_array_buffer_view(&filled))
            .is_ok()
        {
            filled.copy_to(&mut bytes);
        }
        bytes
    }

    async fn origin(&self, request: OriginRequest) -> Result<OriginAnswer, Away> {
        let controller =
            web_sys::AbortController::new().map_err(|_| Away("it can't be asked".to_owned()))?;
        let signal = controller.signal();
        match within(request.within, self.fetch(&request, &signal)).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(Away(error.to_string())),
            None => {
                controller.abort();
                Err(Away(format!(
                    "nothing came within {} ms",
                    request.within.as_millis()
                )))
            }
        }
    }

    fn warn(&self, message: &str) {
        worker::console_warn!("{message}");
    }
}

impl Front for Worker {
    async fn directory(&self, ask: Ask) -> Result<Told, Problem> {
        if let Ask::Inbox(key) = &ask
            && let Some(inbox) = isolate::with(|cache| cache.inbox(key, self.now()))
        {
            return Ok(Told::Inbox(inbox));
        }
        if let Ask::Refresh(keys) = &ask {
            isolate::with(|cache| keys.iter().for_each(|key| cache.forget_inbox(key)));
        }
        let told = self.ask(&ask).await?;
        if let Told::Inbox(inbox) = &told {
            isolate::with(|cache| cache.put_inbox(inbox.clone(), self.now()));
        }
        Ok(told)
    }

    async fn gzipped(&self, pack: PackHash) -> Result<Option<Vec<u8>>, Problem> {
        if let Some(known) = isolate::with(|cache| cache.gzipped(pack)) {
            return Ok(Some(known));
        }
        let Told::Pack(bytes) = self.directory(Ask::Pack(pack)).await? else {
            return Ok(None);
        };
        match transfer::gzip(&bytes).await {
            Ok(compressed) => {
                isolate::with(|cache| cache.put_gzipped(pack, compressed.clone()));
                Ok(Some(compressed))
            }
            Err(error) => {
                self.warn(&format!("a pack could not be compressed: {error:?}"));
                Ok(None)
            }
        }
    }

    fn count_new(&self, address: &str) -> Result<(), Duration> {
        let now = Instant::from_millis(self.now().as_millis());
        isolate::count_new(address, now)
    }

    async fn push(&self, downlinks: Vec<Downlink>) -> Result<Vec<u32>, Problem> {
        join_all(
            downlinks
                .into_iter()
                .map(|downlink| self.push_one(downlink)),
        )
        .await
        .into_iter()
        .collect()
    }
}

/// What names a visitor's object.
pub(crate) fn visitor_of(value: Option<String>) -> Option<VisitorId> {
    value?.parse().ok()
}
