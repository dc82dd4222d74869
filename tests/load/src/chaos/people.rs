//! Everybody who takes part: visitors with their devices, and agents.
//!
//! In: where the links are, how many, a seed. Out: tasks that live until the run is over, where
//! each of them stands, and in the end what each holds. Beside the ledger, all that the audit needs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use firsthop_core::id::{ConversationId, MessageId, VisitorId};
use firsthop_core::protocol::{Encoding, Seq};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Phase;
use super::agent::{self, Agent};
use super::audit::Held;
use super::device::{self, Device, Network, Setup};
use super::dice::Dice;
use super::ledger::SharedLedger;
use super::store::Logs;
use super::system::Links;
use crate::servers::{Account, log_in};
use crate::visitor::admit;

/// One in so many visitors has a second device, which goes to the origin directly.
const SECOND_DEVICE_OF: usize = 3;

/// See the module.
pub(super) struct People {
    pub(super) ledger: SharedLedger,
    phase: watch::Sender<Phase>,
    devices: JoinSet<Result<device::Held>>,
    agents: JoinSet<Result<agent::Held>>,
    standing: Vec<(VisitorId, watch::Receiver<device::Standing>)>,
    desks: Vec<watch::Receiver<agent::Standing>>,
    by_network: BTreeMap<Network, u64>,
    dice: Dice,
    next: AtomicUsize,
}

impl People {
    /// Nobody is there yet.
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            ledger: SharedLedger::default(),
            phase: watch::Sender::new(Phase::Busy),
            devices: JoinSet::new(),
            agents: JoinSet::new(),
            standing: Vec::new(),
            desks: Vec::new(),
            by_network: BTreeMap::new(),
            dice,
            next: AtomicUsize::new(0),
        }
    }

    /// The agents log in and begin to work.
    pub(super) async fn agents_come(&mut self, links: &Links) -> Result<()> {
        let at = links.agents_to_origin.at;
        for (number, account) in Account::ALL.into_iter().enumerate() {
            let cookie = log_in(at, account).await?;
            let (standing, desk) = watch::channel(agent::Standing::default());
            let (dice, ledger) = (self.dice.fork(), self.ledger.clone());
            let agent = Agent::new(number, at, cookie, dice, ledger, standing);
            self.agents.spawn(agent.live(self.phase.subscribe()));
            self.desks.push(desk);
        }
        Ok(())
    }

    /// A visitor comes, with one device or two.
    pub(super) async fn visitor_comes(&mut self, links: &Links) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let admission = admit(links.visitors_to_edge.at, None).await?;
        self.device_comes(links.visitors_to_edge.at, number, &admission);
        if number.is_multiple_of(SECOND_DEVICE_OF) {
            self.device_comes(links.visitors_to_origin.at, number + 1, &admission);
        }
        Ok(())
    }

    fn device_comes(
        &mut self,
        at: std::net::SocketAddr,
        turn: usize,
        admission: &crate::visitor::Admission,
    ) {
        let network = Network::ALL[turn % Network::ALL.len()];
        let encoding = if (turn / Network::ALL.len()).is_multiple_of(2) {
            Encoding::Postcard
        } else {
            Encoding::Json
        };
        *self.by_network.entry(network).or_default() += 1;
        let (standing, stands) = watch::channel(device::Standing::default());
        self.standing.push((admission.visitor, stands));
        let setup = Setup {
            number: self.standing.len() - 1,
            at,
            admission: admission.clone(),
            network,
            encoding,
        };
        let device = Device::new(setup, self.dice.fork(), self.ledger.clone(), standing);
        self.devices.spawn(device.live(self.phase.subscribe()));
    }

    /// Nobody says anything new from now on: what is under way is to arrive.
    pub(super) fn settle(&self) {
        self.phase.send_replace(Phase::Settling);
    }

    /// The run is over: everybody says what they hold.
    pub(super) async fn leave(mut self) -> Result<Held> {
        self.phase.send_replace(Phase::Over);
        let mut held = Held {
            devices: Vec::new(),
            agents: Vec::new(),
        };
        while let Some(device) = self.devices.join_next().await {
            held.devices.push(device??);
        }
        while let Some(agent) = self.agents.join_next().await {
            held.agents.push(agent??);
        }
        Ok(held)
    }

    /// Somebody ended who should not have.
    pub(super) fn check_alive(&mut self) -> Result<()> {
        if let Some(ended) = self.devices.try_join_next() {
            ended?.context("a device failed")?;
        }
        if let Some(ended) = self.agents.try_join_next() {
            ended?.context("an agent failed")?;
        }
        Ok(())
    }

    pub(super) fn connected(&self) -> (usize, usize) {
        let connected = |(_, stands): &&(VisitorId, watch::Receiver<device::Standing>)| {
            stands.borrow().connected
        };
        (
            self.standing.iter().filter(connected).count(),
            self.standing.len(),
        )
    }

    /// `{"websocket": …, "sse": …, "polling": …}`.
    pub(super) fn report(&self) -> Value {
        let counts = self
            .by_network
            .iter()
            .map(|(network, count)| (network.name().to_owned(), (*count).into()));
        Value::Object(counts.collect::<Map<_, _>>())
    }

    /// What still keeps everybody from agreeing with the store; none: they agree.
    pub(super) fn unsettled(&self, logs: &Logs) -> Option<String> {
        let head = |of: &ConversationId| {
            logs.get(of)
                .and_then(|log| log.last())
                .map_or(Seq(0), |event| event.seq)
        };
        let visible = |of: &ConversationId| {
            let log = logs.get(of)?;
            let last = log.iter().rfind(|event| !event.content.is_private())?;
            Some(last.seq)
        };
        for (number, (visitor, stands)) in self.standing.iter().enumerate() {
            let stands = *stands.borrow();
            let head = visible(visitor).unwrap_or_default();
            if !stands.connected || stands.unsent > 0 || stands.cursor != head {
                return Some(format!(
                    "device {number}: {stands:?}, the log ends at {}",
                    head.0
                ));
            }
        }
        for (number, desk) in self.desks.iter().enumerate() {
            let stands = desk.borrow();
            if !stands.connected || stands.unsent > 0 {
                return Some(format!(
                    "agent {number}: connected {}, {} commands unanswered",
                    stands.connected, stands.unsent
                ));
            }
            if let Some(of) = logs
                .keys()
                .find(|of| stands.heads.get(of) != Some(&head(of)))
            {
                return Some(format!(
                    "agent {number} holds {:?} of {of}, which ends at {}",
                    stands.heads.get(of),
                    head(of).0
                ));
            }
        }
        let stored = |id: &MessageId| {
            logs.values()
                .any(|log| log.iter().any(|event| event.id == *id))
        };
        let ledger = self.ledger.lock();
        let missing = ledger.acknowledged.keys().filter(|id| !stored(id)).count();
        (missing > 0).then(|| format!("{missing} acknowledged messages are not at the origin yet"))
    }
}
