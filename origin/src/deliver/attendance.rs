//! Which agents are here: the shell of the leases (`firsthop_core::hop::lease`).
//!
//! In: consoles that come and go, and what they answer. Out: questions to them; conversations of
//! agents who fell silent go back to the queue. This server is the only one on its database, so
//! that beats are kept in memory: after a restart everybody has a whole lease to be heard of.
//! Invariant: what a silent agent has goes back only if they are still silent when it is written.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use firsthop_core::Instant;
use firsthop_core::hop::lease::{ConsoleId, Leases, Output};
use firsthop_core::id::AgentId;
use firsthop_core::limits::AGENT_WATCHED_EVERY;
use tokio::sync::{Notify, mpsc};

use super::hub::lock;
use crate::host;
use crate::ingest::Ingest;
use crate::store::Store;

/// Questions that a console has not been sent yet; it is lost otherwise.
const QUESTIONS_MAX: usize = 2;
/// What an agent's beat was at the end of a lease, and what it is now.
#[derive(Debug, Clone)]
pub struct Silence {
    beat: u64,
    now: Arc<AtomicU64>,
}

impl Silence {
    /// Whether the agent has not been heard of since.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.now.load(Ordering::Acquire) == self.beat
    }
}

/// JSON readers keep numbers below 2^53; what is counted up from here stays there.
const NONCE_BITS: u32 = 48;

/// See the module.
#[derive(Debug)]
pub struct Attendance {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    leases: Leases,
    beats: HashMap<AgentId, Arc<AtomicU64>>,
    consoles: HashMap<ConsoleId, (AgentId, mpsc::Sender<u64>)>,
    next: u64,
}

/// A console's place, given up when it is dropped.
pub struct Seat {
    /// Its number.
    pub console: ConsoleId,
    questions: mpsc::Receiver<u64>,
    attendance: Arc<Attendance>,
}

impl Seat {
    /// The next question to the console.
    pub async fn asked(&mut self) -> Option<u64> {
        self.questions.recv().await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = lock(&self.attendance.state);
        state.consoles.remove(&self.console);
        state.leases.close(self.console);
    }
}

impl Attendance {
    /// Nobody is here.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let seed = u64::from_ne_bytes(host::random()) >> (u64::BITS - NONCE_BITS);
        Arc::new(Self {
            state: Mutex::new(State {
                leases: Leases::new(seed),
                beats: HashMap::new(),
                consoles: HashMap::new(),
                next: 0,
            }),
            changed: Notify::new(),
        })
    }

    /// A console has come.
    #[must_use]
    pub fn sit(this: &Arc<Self>, agent: AgentId) -> Seat {
        let (asking, questions) = mpsc::channel(QUESTIONS_MAX);
        let mut state = lock(&this.state);
        let console = ConsoleId(state.next);
        state.next += 1;
        state.consoles.insert(console, (agent, asking));
        state.leases.open(host::instant(), console, agent);
        drop(state);
        this.changed.notify_one();
        Seat {
            console,
            questions,
            attendance: Arc::clone(this),
        }
    }

    /// A console has answered.
    pub fn answered(&self, console: ConsoleId, nonce: u64) {
        lock(&self.state)
            .leases
            .answered(host::instant(), console, nonce);
        self.changed.notify_one();
    }

    /// Asks and watches, until the end.
    pub(crate) async fn watch(&self, store: &Store, ingest: &Ingest) {
        let mut watch_at = host::instant();
        loop {
            let now = host::instant();
            if watch_at <= now {
                watch_at = now + AGENT_WATCHED_EVERY;
                match store.agents_with_conversations().await {
                    Ok(busy) => self.observe(now, busy),
                    Err(error) => tracing::warn!(%error, "who has conversations could not be read"),
                }
            }
            let (lapsed, due) = self.work_off(now);
            for (agent, silence) in lapsed {
                match store.conversations_of(agent).await {
                    Ok(conversations) => ingest.lapse(agent, silence, conversations),
                    Err(error) => {
                        tracing::warn!(%error, "an agent's conversations could not be read");
                    }
                }
            }
            let due = due.unwrap_or(watch_at).min(watch_at);
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(due.since(host::instant())) => {}
            }
        }
    }

    /// Hands in everybody's beat who has a conversation or a console; nobody else is watched.
    fn observe(&self, now: Instant, busy: Vec<AgentId>) {
        let mut state = lock(&self.state);
        let State {
            leases,
            beats,
            consoles,
            ..
        } = &mut *state;
        let mut watched: HashSet<_> = busy.into_iter().collect();
        watched.extend(consoles.values().map(|(agent, _)| *agent));
        beats.retain(|agent, _| {
            let keep = watched.contains(agent);
            if !keep {
                leases.forget(*agent);
            }
            keep
        });
        for agent in watched {
            let beat = beats.entry(agent).or_default();
            leases.observe(now, agent, beat.load(Ordering::Acquire));
        }
    }

    /// Does what the leases want; gives who has lapsed, and when to look again.
    fn work_off(&self, now: Instant) -> (Vec<(AgentId, Silence)>, Option<Instant>) {
        let mut state = lock(&self.state);
        let State {
            leases,
            beats,
            consoles,
            ..
        } = &mut *state;
        let mut lapsed = Vec::new();
        leases.handle_timeout(now);
        while let Some(output) = leases.poll_output() {
            match output {
                Output::Ask(console, nonce) => {
                    if let Some((_, asking)) = consoles.get(&console) {
                        // One that does not even take its questions is as good as silent.
                        let _ = asking.try_send(nonce);
                    }
                }
                Output::Beat(agent) => {
                    beats
                        .entry(agent)
                        .or_default()
                        .fetch_add(1, Ordering::AcqRel);
                }
                Output::Lapsed { agent, beat } => {
                    let now = Arc::clone(beats.entry(agent).or_default());
                    lapsed.push((agent, Silence { beat, now }));
                }
            }
        }
        (lapsed, leases.next_timeout())
    }
}
