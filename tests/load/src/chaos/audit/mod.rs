//! Compares what every side was told, and holds, with what the store holds.
//!
//! In: the store's logs, the ledger, what devices and agents hold in the end. Out: counts of what
//! is wrong, each with a line that says what. All of them must be 0. Invariant: nothing is taken
//! from a machine of ours that it could have got wrong by itself: what was said and told was
//! written down on its way.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;

use firsthop_core::id::{ConversationId, Derived, MessageId};
use firsthop_core::protocol::{Author, Content, Event, Seq};

use super::ledger::{Ledger, Meant, Speaker};
use super::store::Logs;
use super::{agent, device};

/// So many findings of a kind are told in words.
const TOLD_MAX: usize = 5;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)+) => {
        /// What can be wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Kind { $($(#[$doc])* $variant,)+ }

        impl Kind {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// Acknowledged, and not in the store.
    Lost "lost",
    /// Stored, answered or invented more often than was said.
    Duplicated "duplicated",
    /// A gap, a step back, or another order than that in which it was said.
    OutOfOrder "out_of_order",
    /// Somebody was told, or holds, something else than the store.
    Diverged "diverged",
    /// Neither acknowledged nor refused for good, though the faults have ended.
    Unanswered "unanswered",
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    counts: HashMap<Kind, u64>,
    lines: Vec<String>,
}

impl Findings {
    pub(super) fn of(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// The first findings of each kind, in words.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(super) fn add(&mut self, kind: Kind, what: impl fmt::Display) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= TOLD_MAX as u64 {
            self.lines.push(format!("{}: {what}", kind.name()));
        }
    }

    fn add_many(&mut self, kind: Kind, count: u64, what: &str) {
        for _ in 0..count {
            self.add(kind, what);
        }
    }
}

/// What everybody holds in the end.
pub(super) struct Held {
    pub(super) devices: Vec<device::Held>,
    pub(super) agents: Vec<agent::Held>,
}

/// See the module.
pub(super) fn audit(logs: &Logs, ledger: &Ledger, held: &Held) -> Findings {
    let mut findings = Findings::default();
    // A reply in a conversation that nobody has takes it: that change's id follows from the reply's.
    let taken_by_reply = ledger.said.keys().map(|id| id.derive(Derived::Assignment));
    let taken_by_reply: HashSet<_> = taken_by_reply.collect();
    for (conversation, log) in logs {
        audit_log(&mut findings, *conversation, log);
        audit_authors(&mut findings, ledger, &taken_by_reply, *conversation, log);
    }
    audit_promises(&mut findings, logs, ledger);
    audit_order(&mut findings, logs, ledger);
    audit_told(&mut findings, logs, ledger);
    for device in &held.devices {
        let whole = logs.get(&device.visitor).map_or(&[][..], Vec::as_slice);
        let visible: Vec<_> = whole
            .iter()
            .filter(|event| !event.content.is_private())
            .cloned()
            .collect();
        let who = format!("device {}", device.number);
        audit_replica(&mut findings, &who, &device.events, &visible);
    }
    for agent in &held.agents {
        for (conversation, log) in logs {
            let who = format!("agent {} of {conversation}", agent.number);
            let Some(followed) = agent.logs.get(conversation) else {
                findings.add(Kind::Diverged, format!("{who} holds nothing"));
                continue;
            };
            findings.add_many(Kind::OutOfOrder, followed.gaps, &format!("{who}: a gap"));
            // Nothing is hidden from agents: the event before is that with the number before.
            let whole: Vec<_> = log
                .iter()
                .cloned()
                .map(|mut event| {
                    event.prev = Seq(event.seq.0 - 1);
                    event
                })
                .collect();
            audit_replica(&mut findings, &who, &followed.events, &whole);
        }
    }
    findings
}

/// A log by itself: numbers without gaps, `prev`, each id once, each question answered once.
fn audit_log(findings: &mut Findings, conversation: ConversationId, log: &[Event]) {
    let mut visible = Seq(0);
    let mut ids = HashSet::new();
    let mut answered = HashSet::new();
    for (place, event) in log.iter().enumerate() {
        let (seq, id) = (event.seq.0, event.id);
        if seq != place as u64 + 1 || event.prev != visible {
            findings.add(
                Kind::OutOfOrder,
                format!(
                    "event {seq} of {conversation} stands at place {}",
                    place + 1
                ),
            );
        }
        if !event.content.is_private() {
            visible = event.seq;
        }
        if !ids.insert(id) {
            findings.add(Kind::Duplicated, format!("{id} is twice in {conversation}"));
        }
        if let Content::Answer(answer) = &event.content
            && !answered.insert(answer.of)
        {
            findings.add(Kind::Duplicated, format!("{} is answered twice", answer.of));
        }
    }
}

/// Whatever stands in a log was said, by those who are said to have said it, in these words.
fn audit_authors(
    findings: &mut Findings,
    ledger: &Ledger,
    taken_by_reply: &HashSet<MessageId>,
    conversation: ConversationId,
    log: &[Event],
) {
    for event in log {
        let id = event.id;
        let meant = match (&event.author, &event.content) {
            (Author::Visitor | Author::Agent(_), Content::Text(text)) => {
                Meant::Text(text.text.expose().clone())
            }
            (Author::Agent(_), Content::Note(note)) => Meant::Text(note.text.expose().clone()),
            (Author::Visitor, Content::Status(change)) => Meant::Change(change.reason),
            (Author::Agent(_), Content::Status(_)) if taken_by_reply.contains(&id) => continue,
            (Author::Agent(_), Content::Status(change)) => Meant::Change(change.reason),
            _ => continue,
        };
        match ledger.said.get(&id) {
            None => findings.add(Kind::Duplicated, format!("nobody said {id}")),
            Some(said) if said.conversation != conversation => {
                findings.add(Kind::Diverged, format!("{id} is in another conversation"));
            }
            Some(said) if said.meant != meant => {
                findings.add(Kind::Diverged, format!("{id} says something else"));
            }
            Some(_) => {}
        }
    }
}

/// Acknowledged is stored, refused is not, and everything is one of both.
fn audit_promises(findings: &mut Findings, logs: &Logs, ledger: &Ledger) {
    let stored: HashSet<(ConversationId, MessageId)> = logs
        .iter()
        .flat_map(|(conversation, log)| log.iter().map(|event| (*conversation, event.id)))
        .collect();
    for (id, said) in &ledger.said {
        let is_stored = stored.contains(&(said.conversation, *id));
        let (acknowledged, refused) =
            (ledger.acknowledged.contains_key(id), ledger.refused.get(id));
        if acknowledged && !is_stored {
            let by = if ledger.acknowledged_by_edge.contains(id) {
                "the edge"
            } else {
                "the origin"
            };
            findings.add(
                Kind::Lost,
                format!("{id} of {:?}, acknowledged by {by}", said.by),
            );
        }
        if let Some(refused) = refused
            && (is_stored || acknowledged)
        {
            findings.add(
                Kind::Diverged,
                format!("{id} was refused ({refused}) and taken"),
            );
        }
        if !acknowledged && refused.is_none() {
            findings.add(
                Kind::Unanswered,
                format!(
                    "{id} of {:?}, {}",
                    said.by,
                    if is_stored { "stored" } else { "not stored" }
                ),
            );
        }
    }
}

/// What one said after the other stands in the log in that order.
fn audit_order(findings: &mut Findings, logs: &Logs, ledger: &Ledger) {
    let places: HashMap<(ConversationId, MessageId), Seq> = logs
        .iter()
        .flat_map(|(conversation, log)| {
            log.iter()
                .map(|event| ((*conversation, event.id), event.seq))
        })
        .collect();
    for (speaker, ids) in &ledger.order {
        let mut last: HashMap<ConversationId, Seq> = HashMap::new();
        for id in ids {
            let Some(said) = ledger.said.get(id) else {
                continue;
            };
            let Some(place) = places.get(&(said.conversation, *id)) else {
                continue;
            };
            let last = last.entry(said.conversation).or_default();
            if place < last {
                findings.add(
                    Kind::OutOfOrder,
                    format!(
                        "{id} of {speaker:?} stands at {}, before what was said before it at {}",
                        place.0, last.0
                    ),
                );
            }
            *last = (*last).max(*place);
        }
    }
}

/// What visitors were told is what the store holds.
fn audit_told(findings: &mut Findings, logs: &Logs, ledger: &Ledger) {
    findings.add_many(
        Kind::Diverged,
        ledger.told_otherwise,
        "an event was told in two ways",
    );
    let find = |conversation: &ConversationId, seq: Seq| {
        let place = usize::try_from(seq.0).ok()?.checked_sub(1)?;
        logs.get(conversation)?.get(place)
    };
    for ((conversation, seq), event) in &ledger.told {
        if event.content.is_private() {
            findings.add(
                Kind::Diverged,
                format!("{conversation} was told a private note"),
            );
        } else if find(conversation, *seq) != Some(event) {
            let what = format!("{conversation} was told another event {}", seq.0);
            findings.add(Kind::Diverged, what);
        }
    }
    for ((conversation, question), told) in &ledger.answered {
        let log = logs.get(conversation).map_or(&[][..], Vec::as_slice);
        let answer = log.iter().find_map(|event| match &event.content {
            Content::Answer(answer) if answer.of == *question => Some((event.id, answer)),
            _ => None,
        });
        // A question that an agent has by now gets no answer in the log: then it is taken away.
        if let Some((id, answer)) = answer
            && (id != told.id || answer.text != told.answer.text)
        {
            findings.add(
                Kind::Diverged,
                format!("{question} was answered in two ways"),
            );
        }
    }
}

fn audit_replica(findings: &mut Findings, who: &str, holds: &[Event], whole: &[Event]) {
    if holds == whole {
        return;
    }
    let place = holds
        .iter()
        .zip(whole)
        .take_while(|(one, other)| one == other)
        .count();
    findings.add(
        Kind::Diverged,
        format!(
            "{who} holds {} events of {}; they differ from place {place} on",
            holds.len(),
            whole.len()
        ),
    );
}

/// Whether somebody said it, and as what: for reports.
pub(super) fn count(ledger: &Ledger, of: fn(&Speaker) -> bool) -> usize {
    ledger.said.values().filter(|said| of(&said.by)).count()
}
