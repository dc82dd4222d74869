//! A visitor as a Durable Object: hibernatable WebSockets, an outbox in SQLite, alarms.
//!
//! It drives a [`Machine`] (`firsthop_edge::visitor`): every event goes in, then all effects are
//! carried out. The machine may vanish between two events; [`Object::wake`] makes it anew from the
//! outbox and from what is attached to the sockets.
//!
//! Start reading at `handle_message`, then `drive` and `effects`; how connections begin and end is in
//! `connections`.

mod connections;
mod effects;
mod outbox;
mod sockets;
mod stream;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use firsthop_core::Instant;
use firsthop_core::hop::relay::SocketId;
use firsthop_core::id::VisitorId;
use firsthop_core::protocol::Problem;
use firsthop_core::protocol::visitor::ToVisitor;
use firsthop_edge::config::ConfigError;
use firsthop_edge::host::Host;
use firsthop_edge::route::Route;
use firsthop_edge::visit::Visit;
use firsthop_edge::visitor::Visitor as Machine;
use worker::{
    DurableObject, Env, Request, Response, State, WebSocket, WebSocketIncomingMessage,
    durable_object,
};

use self::outbox::Outbox;
use self::sockets::Sockets;
use crate::host::{VISIT, VISITOR, Worker, internal, visitor_of};
use crate::{isolate, transfer};

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
        let machine = Machine::new(self.now(), self.seed(), visitor, inbox, stored, sockets)
            .silent_after(self.host.config().silent_max);
        *self.machine.borrow_mut() = Some(machine);
        Ok(true)
    }

    /// Does something with the machine. `None` before [`Self::wake`].
    fn with<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        self.machine.borrow_mut().as_mut().map(work)
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
}
