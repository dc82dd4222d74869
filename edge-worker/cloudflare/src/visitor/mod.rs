//! A visitor as a Durable Object: hibernatable WebSockets, an outbox in SQLite, alarms.
//!
//! It drives a [`Machine`] (`firsthop_edge::visitor`): every event goes in, then all effects are
//! carried out. The machine may vanish between two events; [`Object::wake`] makes it anew from the
//! outbox and from what is attached to the sockets.
//!
//! Start reading at `handle_message`, then `drive`.

mod outbox;
mod sockets;
mod stream;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use firsthop_core::Instant;
use firsthop_core::hop::relay::{RequestId, SocketId};
use firsthop_core::id::VisitorId;
use firsthop_core::limits::{DRAIN_AFTER, LONG_POLL_HOLD, ORIGIN_REPLY_WITHIN};
use firsthop_core::protocol::visitor::{Reach, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, Problem};
use firsthop_edge::config::ConfigError;
use firsthop_edge::host::Host;
use firsthop_edge::http::{self, Body, Head};
use firsthop_edge::link::uplink;
use firsthop_edge::route::Route;
use firsthop_edge::visit::Visit;
use firsthop_edge::visitor::{Effect, Exchange, Kind, Visitor as Machine};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use wasm_bindgen_futures::spawn_local;
use worker::{
    Delay, DurableObject, Env, Headers, Request, Response, ResponseBuilder, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, durable_object,
};

use self::outbox::{Outbox, Owner};
use self::sockets::{Sent, Sockets};
use crate::host::{VISIT, VISITOR, Worker, internal, visitor_of};
use crate::{isolate, transfer};

/// When an object with messages in its outbox is woken at the latest, should it vanish while it
/// waits for the origin.
const BACKSTOP: Duration = Duration::from_secs(2 * ORIGIN_REPLY_WITHIN.as_secs() + 4);
/// How much longer than the origin a POST may take: for writing its messages down.
const POST_SLACK: Duration = Duration::from_secs(2);

/// See the module.
#[durable_object]
pub struct Visitor {
    object: Result<Rc<Object>, ConfigError>,
}

struct Object {
    state: State,
    host: Worker,
    machine: RefCell<Option<Machine>>,
    outbox: Outbox,
    sockets: Sockets,
    /// Wire messages, in the order in which they came.
    incoming: RefCell<VecDeque<(SocketId, Vec<u8>)>>,
    taking_in: Cell<bool>,
    /// When the alarm that is set goes off, if one is.
    alarm_at: Cell<Option<Instant>>,
    /// When the timer in memory that is set goes off, if one is.
    timer_at: Cell<Option<Instant>>,
}

impl DurableObject for Visitor {
    fn new(state: State, env: Env) -> Self {
        let object = Worker::new(env).map(|host| {
            Rc::new(Object {
                state,
                host,
                machine: RefCell::default(),
                outbox: Outbox::new(),
                sockets: Sockets::default(),
                incoming: RefCell::default(),
                taking_in: Cell::default(),
                alarm_at: Cell::default(),
                timer_at: Cell::default(),
            })
        });
        Self { object }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let object = self.object()?;
        let visit = request
            .headers()
            .get(VISIT)?
            .and_then(|value| Visit::from_header(&value));
        let Some(visit) = visit else {
            let visitor = visitor_of(request.headers().get(VISITOR)?).ok_or("nobody is named")?;
            let sockets = object.push(visitor, &request.bytes().await?);
            return Response::from_bytes(
                postcard::to_allocvec(&sockets).map_err(|error| error.to_string())?,
            );
        };
        let head = transfer::head(&request);
        let body = request.bytes().await?;
        let (route, answered) = match head.path.as_str() {
            "/socket" => (Route::Socket, object.accept(visit)),
            "/stream" => (Route::Stream, object.stream(&head, visit, body).await),
            _ => (Route::Frames, object.exchange(&head, visit, body).await),
        };
        match answered {
            Ok(response) => Ok(response),
            Err(problem) => transfer::respond(route.share(&head, problem.into())),
        }
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        let object = self.object()?;
        let bytes = match message {
            WebSocketIncomingMessage::String(text) => text.into_bytes(),
            WebSocketIncomingMessage::Binary(bytes) => bytes,
        };
        if let Some(id) = Sockets::number(&object.state, &socket) {
            object.wake(None)?;
            object.handle_message(id, bytes).await;
        }
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        _: usize,
        _: String,
        _: bool,
    ) -> worker::Result<()> {
        let object = self.object()?;
        // Answers the client's close; where the runtime has done it already, nothing happens.
        let _ = socket.close(Some(1000), Some("bye"));
        object.lost(&socket)
    }

    async fn websocket_error(&self, socket: WebSocket, _: worker::Error) -> worker::Result<()> {
        self.object()?.lost(&socket)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let object = self.object()?;
        object.alarm_at.set(None);
        if object.wake(None)? {
            object.drive();
        }
        Response::empty()
    }
}

impl Visitor {
    fn object(&self) -> worker::Result<Rc<Object>> {
        self.object
            .clone()
            .map_err(|error| format!("this edge is not set up: {error}").into())
    }
}

impl Object {
    fn now(&self) -> Instant {
        Instant::from_millis(self.host.now().as_millis())
    }

    fn seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.host.random();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Makes the machine, unless it is there: from the outbox, the sockets, and who is being
    /// served. `false` if none of them says whose object this is: then there is nothing to do.
    fn wake(&self, served: Option<(VisitorId, &str)>) -> worker::Result<bool> {
        if self.machine.borrow().is_some() {
            return Ok(true);
        }
        let (owner, stored) = self.outbox.load(&self.state)?;
        let sockets = Sockets::kept(&self.state);
        let from_socket = sockets
            .first()
            .map(|(_, memo)| (memo.visit.visitor, memo.visit.inbox.clone()));
        let Some((visitor, inbox)) = served
            .map(|(visitor, inbox)| (visitor, inbox.to_owned()))
            .or(from_socket)
            .or(owner.map(|owner| (owner.visitor, owner.inbox)))
        else {
            return Ok(false);
        };
        let machine = Machine::new(self.now(), self.seed(), visitor, inbox, stored, sockets);
        *self.machine.borrow_mut() = Some(machine);
        Ok(true)
    }

    /// Does something with the machine. `None` before [`Self::wake`].
    fn with<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        self.machine.borrow_mut().as_mut().map(work)
    }

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
    fn accept(self: &Rc<Self>, visit: Visit) -> Result<Response, Problem> {
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
    async fn exchange(
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
    async fn stream(
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

    /// Takes in what the origin pushed; says how many connections there are.
    fn push(self: &Rc<Self>, visitor: VisitorId, frames: &[u8]) -> Result<u32, Problem> {
        let frames: Vec<ToVisitor> = postcard::from_bytes(frames).map_err(internal)?;
        if !self.wake(None).map_err(internal)? || self.with(|machine| machine.id()) != Some(visitor)
        {
            return Ok(0);
        }
        self.with(|machine| machine.handle_push(self.now(), frames));
        self.drive();
        Ok(self
            .with(|machine| machine.attached())
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or_default())
    }

    /// A WebSocket is no more. It may be the last, and nothing else here say whose it was.
    fn lost(self: &Rc<Self>, socket: &WebSocket) -> worker::Result<()> {
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
    fn gone(self: &Rc<Self>, id: SocketId) {
        self.sockets.stop_waiting(id);
        self.with(|machine| machine.handle_closed(id));
        self.drive();
    }

    /// Takes a wire message in, after those that came before it.
    async fn handle_message(self: &Rc<Self>, id: SocketId, bytes: Vec<u8>) {
        self.incoming.borrow_mut().push_back((id, bytes));
        if self.taking_in.replace(true) {
            return;
        }
        loop {
            let next = self.incoming.borrow_mut().pop_front();
            let Some((id, bytes)) = next else { break };
            let Some(inbox) = self.with(|machine| machine.inbox().to_owned()) else {
                break;
            };
            let pack = isolate::pack_of(&self.host, &inbox).await;
            self.with(|machine| {
                isolate::with_bot(pack.as_deref(), |bot| {
                    machine.handle_message(self.now(), id, &bytes, bot);
                });
            });
            self.drive();
        }
        self.taking_in.set(false);
    }

    /// Carries out what the machine wants, until it wants nothing more before some time.
    fn drive(self: &Rc<Self>) {
        loop {
            while let Some(Some(effect)) = self.with(Machine::poll_effect) {
                self.carry_out(effect);
            }
            let now = self.now();
            let due = self.with(|machine| machine.next_timeout()).flatten();
            if due.is_none_or(|at| at > now) {
                return self.arm(now, due);
            }
            self.with(|machine| machine.handle_timeout(now));
        }
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Send(id, frame) => {
                let welcome = matches!(frame, ToVisitor::Welcome(_));
                if self.sockets.send(&self.state, id, frame) == Sent::No {
                    self.with(|machine| machine.handle_full(id));
                } else if welcome {
                    self.renew(id);
                }
            }
            Effect::Close(id, closing) => self.sockets.close(&self.state, id, closing),
            Effect::Remember(id, memo) => {
                if let Err(error) = Sockets::remember(&self.state, id, &memo) {
                    self.host
                        .warn(&format!("a socket's state could not be kept: {error}"));
                }
            }
            Effect::Request {
                id,
                attached,
                frames,
            } => spawn_local(Rc::clone(self).request(id, attached, frames)),
            Effect::Persist(messages) => self.persist(messages),
            Effect::Forget(ids) => {
                if let Err(error) = self.outbox.forget(&self.state, &ids) {
                    // They go to the origin again, which knows them.
                    self.host
                        .warn(&format!("sent messages could not be removed: {error}"));
                }
            }
        }
    }

    fn renew(&self, id: SocketId) {
        let now = self.host.now();
        self.with(|machine| {
            if let Some(token) = machine
                .visit(id)
                .and_then(|visit| visit.renewed(self.host.config(), now))
            {
                machine.renew(id, now, token);
            }
        });
    }

    async fn request(self: Rc<Self>, id: RequestId, attached: bool, frames: Vec<ToServer>) {
        let Some((visitor, inbox)) =
            self.with(|machine| (machine.id(), machine.inbox().to_owned()))
        else {
            return;
        };
        let reply = uplink(&self.host, visitor, &inbox, attached, frames).await;
        let now = self.now();
        self.with(|machine| match reply {
            Ok(frames) => machine.handle_reply(now, id, frames),
            Err(away) => {
                // Told once, not with every try.
                if machine.reach() == Reach::Up {
                    self.host.warn(&away.to_string());
                }
                machine.handle_failure(self.host.now(), now, id);
            }
        });
        self.drive();
    }

    /// Writes messages down, with an alarm that brings them to the origin whatever happens.
    fn persist(self: &Rc<Self>, messages: Vec<Submission>) {
        let object = Rc::clone(self);
        let Some(owner) = self.with(|machine| Owner {
            visitor: machine.id(),
            inbox: machine.inbox().to_owned(),
        }) else {
            return;
        };
        let kept = self.outbox.keep(&self.state, &owner, &messages);
        self.set_alarm(self.now() + DRAIN_AFTER);
        spawn_local(async move {
            let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
            let synced = match kept {
                Ok(()) => object.state.storage().sync().await,
                Err(error) => Err(error),
            };
            let now = object.now();
            object.with(|machine| match synced {
                Ok(()) => machine.handle_stored(now, &ids),
                Err(error) => {
                    object
                        .host
                        .warn(&format!("messages could not be stored: {error}"));
                    machine.handle_not_stored(&ids);
                }
            });
            object.drive();
        });
    }

    /// Makes sure that somebody wakes the machine in time: an alarm, which survives a crash, as
    /// long as the outbox holds something; else a timer in memory.
    fn arm(self: &Rc<Self>, now: Instant, due: Option<Instant>) {
        if self.with(|machine| machine.stored()).unwrap_or_default() > 0 {
            let at = due.unwrap_or(now + BACKSTOP);
            if self.alarm_at.get().is_none_or(|set| set > at || set <= now) {
                self.set_alarm(at);
            }
            return;
        }
        let Some(at) = due.filter(|at| {
            self.timer_at
                .get()
                .is_none_or(|set| set > *at || set <= now)
        }) else {
            return;
        };
        self.timer_at.set(Some(at));
        let object = Rc::clone(self);
        spawn_local(async move {
            Delay::from(at.since(now)).await;
            if object.timer_at.get() == Some(at) {
                object.timer_at.set(None);
                object.drive();
            }
        });
    }

    /// Sets the alarm. That it is set becomes durable with the writes around it.
    fn set_alarm(self: &Rc<Self>, at: Instant) {
        self.alarm_at.set(Some(at));
        let object = Rc::clone(self);
        let wait = at.since(self.now());
        let mut set = Box::pin(async move {
            if let Err(error) = object.state.storage().set_alarm(wait).await {
                object.alarm_at.set(None);
                object.host.warn(&format!("no alarm could be set: {error}"));
            }
        });
        // The call is made now, in one commit with the writes before it; its end is waited for later.
        if set
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
        {
            spawn_local(set);
        }
    }
}
