//! A visitor's device: `core`'s client machine, over any transport, with a memory that survives
//! the page.
//!
//! In: the phase of the run, and dice. Out: what was said and heard (in the ledger), where the
//! device stands, and in the end what it shows. Invariant: it does what a page does: writes
//! whether or not there is a link, is closed in the midst, comes back with what it had saved.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use firsthop_core::hop::client::{Change, Client, Output, Transport};
use firsthop_core::id::VisitorId;
use firsthop_core::protocol::visitor::{AskPerson, Said as Wish, ToServer};
use firsthop_core::protocol::{Encoding, Event, Reason, Seq};
use tokio::sync::watch;
use tokio::time::Instant;

use super::dice::Dice;
use super::ledger::{Meant, Said, SharedLedger, Speaker};
use super::transport::{Connection, Report};
use super::{Phase, words};
use crate::clock;
use crate::visitor::{Admission, message, said};

/// Between two acts of a visitor.
const PAUSE: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(3));
/// How long a visitor stays away who has closed the page.
const AWAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(8));

/// What gets through from where a device is, the best way first: it looks for one by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Network {
    /// Everything: a WebSocket, as long as that works.
    Open,
    /// No WebSocket: a stream of events with posts beside it, or polling.
    Requests,
    /// Nothing but answers that are complete at once: polling.
    Short,
}

impl Network {
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Requests, Self::Short];

    /// What a device there talks by, if nothing goes wrong.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "websocket",
            Self::Requests => "sse",
            Self::Short => "polling",
        }
    }

    const fn passes(self, transport: Transport) -> bool {
        match self {
            Self::Open => true,
            Self::Requests => !matches!(transport, Transport::Socket),
            Self::Short => matches!(transport, Transport::Poll),
        }
    }
}

/// Who it is and how it talks.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) number: usize,
    pub(super) at: SocketAddr,
    pub(super) admission: Admission,
    pub(super) network: Network,
    pub(super) encoding: Encoding,
}

/// Where a device stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) connected: bool,
    pub(super) unsent: usize,
    pub(super) cursor: Seq,
}

/// What a device holds in the end.
pub(super) struct Held {
    pub(super) number: usize,
    pub(super) visitor: VisitorId,
    pub(super) events: Vec<Event>,
    pub(super) reloads: u64,
}

/// See the module.
pub(super) struct Device {
    setup: Setup,
    dice: Dice,
    ledger: SharedLedger,
    standing: watch::Sender<Standing>,
    client: Client,
    /// What the device has saved.
    saved: Vec<Change>,
    connection: Option<Connection>,
    /// Whether the token worked when it was last used.
    trusted: bool,
    /// While the visitor is away: until when.
    away_until: Option<Instant>,
    reloads: u64,
}

impl Device {
    pub(super) fn new(
        setup: Setup,
        mut dice: Dice,
        ledger: SharedLedger,
        standing: watch::Sender<Standing>,
    ) -> Self {
        let client = new_client(&mut dice, &[]);
        Self {
            setup,
            dice,
            ledger,
            standing,
            client,
            saved: Vec::new(),
            connection: None,
            trusted: true,
            away_until: None,
            reloads: 0,
        }
    }

    /// Lives until the run is over.
    pub(super) async fn live(mut self, mut phase: watch::Receiver<Phase>) -> Result<Held> {
        self.client.connect(clock::now());
        let mut next_act = self.act_later();
        loop {
            self.obey();
            self.standing.send_replace(Standing {
                connected: self.client.is_connected(),
                unsent: self.client.outbox_len(),
                cursor: self.client.cursor(),
            });
            let now = *phase.borrow_and_update();
            if now == Phase::Over {
                break;
            }
            if now == Phase::Settling && self.away_until.take().is_some() {
                self.come_back();
                continue;
            }
            let far = Instant::now() + Duration::from_secs(3600);
            let timeout = self.client.next_timeout().map_or(far, clock::deadline);
            let acts = now == Phase::Busy;
            tokio::select! {
                changed = phase.changed() => changed?,
                report = next_report(&mut self.connection) => self.handle(report),
                () = tokio::time::sleep_until(timeout) => self.client.handle_timeout(clock::now()),
                () = tokio::time::sleep_until(next_act), if acts => {
                    self.act()?;
                    next_act = self.act_later();
                }
            }
        }
        Ok(Held {
            number: self.setup.number,
            visitor: self.setup.admission.visitor,
            events: self.client.transcript().events().to_vec(),
            reloads: self.reloads,
        })
    }

    fn speaker(&self) -> Speaker {
        Speaker::Device(self.setup.number)
    }

    fn act_later(&mut self) -> Instant {
        Instant::now() + self.dice.between(PAUSE.0, PAUSE.1)
    }

    /// Something that a visitor does.
    fn act(&mut self) -> Result<()> {
        if let Some(until) = self.away_until {
            if until <= Instant::now() {
                self.away_until = None;
                self.come_back();
            }
            return Ok(());
        }
        match self.dice.below(100) {
            0..80 => self.say()?,
            80..88 => self.client.see(self.client.cursor()),
            88..92 => self.client.type_on(true),
            92..96 => {
                // The page is closed, or the browser dies: what was saved is all there is.
                self.connection = None;
                self.client = new_client(&mut self.dice, &self.saved);
                self.reloads += 1;
                self.client.connect(clock::now());
            }
            _ => {
                self.client.disconnect();
                self.away_until = Some(Instant::now() + self.dice.between(AWAY.0, AWAY.1));
            }
        }
        Ok(())
    }

    fn come_back(&mut self) {
        self.client.connect(clock::now());
    }

    fn say(&mut self) -> Result<()> {
        let text = words::of_visitor(&mut self.dice);
        let message = message(match &text {
            Some(text) => said(text.as_str()),
            None => Wish::Person(AskPerson {}),
        })?;
        let id = message.id;
        // Refused only while the outbox is full: then the visitor sees that nothing was written.
        if self.client.say(clock::now(), message, None).is_ok() {
            let said = Said {
                conversation: self.setup.admission.visitor,
                by: self.speaker(),
                meant: text.map_or(Meant::Change(Reason::Asked), Meant::Text),
            };
            self.ledger.lock().say(id, said);
        }
        Ok(())
    }

    fn handle(&mut self, report: Report) {
        let now = clock::now();
        match report {
            Report::Admitted(token) => {
                self.setup.admission.token = token;
                self.trusted = true;
            }
            Report::NotAdmitted => {
                self.connection = None;
                self.client.handle_not_admitted(now);
            }
            Report::Open => self.client.handle_connected(now),
            Report::Frames(frames) => {
                let (of, device) = (self.setup.admission.visitor, self.speaker());
                self.ledger.lock().hear(of, device, &frames);
                self.client.handle_frames(now, frames);
            }
            Report::Polled => {
                // What the frames before it asked for goes first.
                self.obey();
                if let Some(connection) = &self.connection {
                    connection.poll(self.client.hello());
                }
            }
            Report::Closed => {
                self.trusted &= self.client.is_connected();
                self.connection = None;
                self.client.handle_closed(now);
            }
        }
    }

    /// Does what the client wants.
    fn obey(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect(transport) => self.open(transport),
                Output::Disconnect => self.connection = None,
                Output::Admit => self.trusted = false,
                Output::Send(frames) => self.send(frames),
                Output::Save(change) => self.saved.push(change),
                Output::Token(token) => {
                    self.setup.admission.token = token.token.into_exposed();
                }
                Output::Pack(_) | Output::Typing(_) | Output::Changed => {}
            }
        }
    }

    fn open(&mut self, transport: Transport) {
        let setup = &self.setup;
        if !setup.network.passes(transport) {
            // It fails at once; and somebody who looks at the page does not wait long.
            self.client.handle_closed(clock::now());
            return self.client.connect(clock::now());
        }
        let token = setup.admission.token.clone();
        let admits = !self.trusted;
        let connection = Connection::open(setup.at, token, admits, transport, setup.encoding);
        self.connection = Some(connection);
    }

    fn send(&self, frames: Vec<ToServer>) {
        if let Some(connection) = &self.connection {
            connection.send(frames, self.client.hello());
        }
    }
}

fn new_client(dice: &mut Dice, saved: &[Change]) -> Client {
    let mut client = Client::new(
        clock::now(),
        dice.roll(),
        "firsthop-chaos",
        saved.iter().cloned(),
    );
    client.set_context("en", None);
    client
}

async fn next_report(connection: &mut Option<Connection>) -> Report {
    match connection {
        Some(connection) => connection.next().await,
        None => std::future::pending().await,
    }
}
