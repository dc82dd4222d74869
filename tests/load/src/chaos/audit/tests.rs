//! Everything that can be wrong is planted once, and found.

use firsthop_core::Timestamp;
use firsthop_core::id::{AgentId, Derived, VisitorId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::Answered;
use firsthop_core::protocol::{
    AgentRef, Answer, Code, Hop, Note, Problem, Reason, Source, Status, StatusChange, Text,
};

use super::super::ledger::Said;
use super::*;

const DEVICE: Speaker = Speaker::Device(0);
const AGENT: Speaker = Speaker::Agent(0);

/// A run in which everything is right, to be spoilt.
struct Run {
    logs: Logs,
    ledger: Ledger,
    held: Held,
}

fn visitor() -> VisitorId {
    VisitorId::new(Timestamp::from_millis(1), [1; 10])
}

fn id(n: u8) -> MessageId {
    MessageId::new(Timestamp::from_millis(u64::from(n)), [n; 10])
}

fn event(seq: u64, prev: u64, id: MessageId, author: Author, content: Content) -> Event {
    Event {
        seq: Seq(seq),
        prev: Seq(prev),
        id,
        at: Timestamp::from_millis(seq),
        author,
        content,
    }
}

fn text(words: &str) -> Content {
    Content::Text(Text {
        text: words.into(),
        unverified: None,
    })
}

fn answer(of: MessageId) -> Answer {
    Answer {
        of,
        text: "Three days.".to_owned(),
        source: Source {
            hop: Hop::Edge,
            pack: PackHash([1; 32]),
            entry: None,
            confidence: 900,
            verified: true,
        },
        suggestions: Vec::new(),
    }
}

fn say(ledger: &mut Ledger, n: u8, by: Speaker, meant: Meant) {
    let said = Said {
        conversation: visitor(),
        by,
        meant,
    };
    ledger.say(id(n), said);
    ledger.acknowledge(id(n), by, Hop::Origin);
}

impl Run {
    /// A question that is answered, a wish for a person, a note, a reply that takes the
    /// conversation, and its end.
    fn right() -> Self {
        let agent = Author::Agent(AgentRef {
            id: AgentId::from_bytes([7; 16]),
            name: "Ada".to_owned(),
        });
        let note = Note { text: "hm".into() };
        let changed = |status, reason| StatusChange {
            status,
            reason,
            assignee: None,
        };
        let taken = changed(Status::Assigned, Reason::Taken);
        let resolved = changed(Status::Resolved, Reason::Resolved);
        let log = vec![
            event(1, 0, id(1), Author::Visitor, text("when?")),
            event(
                2,
                1,
                id(1).derive(Derived::Answer),
                Author::Bot,
                answer(id(1)).into(),
            ),
            event(
                3,
                2,
                id(2),
                Author::Visitor,
                changed(Status::Queued, Reason::Asked).into(),
            ),
            event(4, 3, id(3), agent.clone(), note.into()),
            event(
                5,
                3,
                id(4).derive(Derived::Assignment),
                agent.clone(),
                taken.into(),
            ),
            event(6, 5, id(4), agent.clone(), text("now")),
            event(7, 6, id(5), agent, resolved.into()),
        ];
        let mut ledger = Ledger::default();
        say(&mut ledger, 1, DEVICE, Meant::Text("when?".to_owned()));
        say(&mut ledger, 2, DEVICE, Meant::Change(Reason::Asked));
        say(&mut ledger, 3, AGENT, Meant::Text("hm".to_owned()));
        say(&mut ledger, 4, AGENT, Meant::Text("now".to_owned()));
        say(&mut ledger, 5, AGENT, Meant::Change(Reason::Resolved));
        ledger.answered.insert(
            (visitor(), id(1)),
            Answered {
                id: id(1).derive(Derived::Answer),
                answer: answer(id(1)),
            },
        );
        let visible: Vec<_> = log
            .iter()
            .filter(|event| !event.content.is_private())
            .cloned()
            .collect();
        for event in &visible {
            ledger.told.insert((visitor(), event.seq), event.clone());
        }
        let mut whole = log.clone();
        for event in &mut whole {
            event.prev = Seq(event.seq.0 - 1);
        }
        let mut followed = agent::Followed::default();
        followed.events = whole;
        let held = Held {
            devices: vec![device::Held {
                number: 0,
                visitor: visitor(),
                events: visible,
                reloads: 0,
            }],
            agents: vec![agent::Held {
                number: 0,
                logs: HashMap::from([(visitor(), followed)]),
            }],
        };
        Self {
            logs: Logs::from([(visitor(), log)]),
            ledger,
            held,
        }
    }

    fn log(&mut self) -> &mut Vec<Event> {
        self.logs.entry(visitor()).or_default()
    }

    /// What is found, by kind.
    #[track_caller]
    fn finds(&self, kind: Kind) {
        let findings = audit(&self.logs, &self.ledger, &self.held);
        assert!(findings.of(kind) > 0, "{:?}", findings.lines());
        assert!(
            findings
                .lines()
                .iter()
                .any(|line| line.starts_with(kind.name()))
        );
    }
}

#[test]
fn a_right_run_passes() {
    let run = Run::right();
    let findings = audit(&run.logs, &run.ledger, &run.held);
    assert_eq!(findings.lines(), [""; 0]);
    assert!(Kind::ALL.iter().all(|kind| findings.of(*kind) == 0));
}

#[test]
fn an_acknowledged_message_that_is_not_stored_is_lost() {
    let mut run = Run::right();
    run.log().pop();
    run.finds(Kind::Lost);
}

#[test]
fn what_is_stored_twice_or_was_never_said_is_found() {
    let mut run = Run::right();
    let twice = Event {
        seq: Seq(8),
        prev: Seq(7),
        ..run.log()[0].clone()
    };
    run.log().push(twice);
    run.finds(Kind::Duplicated);

    let mut run = Run::right();
    run.log()
        .push(event(8, 7, id(9), Author::Visitor, text("when?")));
    run.finds(Kind::Duplicated);

    let mut run = Run::right();
    run.log()
        .push(event(8, 7, id(9), Author::Bot, answer(id(1)).into()));
    run.finds(Kind::Duplicated);

    let mut run = Run::right();
    if let Some(last) = run.log().last_mut() {
        last.id = id(9);
    }
    run.finds(Kind::Duplicated);
}

#[test]
fn gaps_and_swaps_are_found() {
    let mut run = Run::right();
    run.log().remove(1);
    run.finds(Kind::OutOfOrder);

    let mut run = Run::right();
    run.log()[4].prev = Seq(4);
    run.finds(Kind::OutOfOrder);

    let mut run = Run::right();
    run.ledger.order.insert(DEVICE, vec![id(2), id(1)]);
    run.finds(Kind::OutOfOrder);

    let mut run = Run::right();
    if let Some(followed) = run.held.agents[0].logs.get_mut(&visitor()) {
        followed.gaps = 1;
    }
    run.finds(Kind::OutOfOrder);
}

#[test]
fn replicas_that_differ_are_found() {
    let mut run = Run::right();
    run.held.devices[0].events.pop();
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    run.held.devices[0].events[0].content = text("why?");
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    run.held.agents[0].logs.clear();
    run.finds(Kind::Diverged);
}

#[test]
fn what_says_something_else_than_was_meant_is_found() {
    let mut run = Run::right();
    run.log()[0].content = text("why?");
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    if let Some(Content::Status(change)) = run.log().last_mut().map(|last| &mut last.content) {
        change.reason = Reason::Released;
    }
    run.finds(Kind::Diverged);
}

#[test]
fn what_was_told_otherwise_is_found() {
    let mut run = Run::right();
    if let Some(told) = run.ledger.told.get_mut(&(visitor(), Seq(1))) {
        told.id = id(8);
    }
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    let note = run.log()[3].clone();
    run.ledger.told.insert((visitor(), Seq(4)), note);
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    if let Some(told) = run.ledger.answered.get_mut(&(visitor(), id(1))) {
        told.answer.text = "Four days.".to_owned();
    }
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    run.ledger.told_otherwise = 1;
    run.finds(Kind::Diverged);
}

#[test]
fn refused_and_taken_is_a_contradiction_and_silence_is_told() {
    let mut run = Run::right();
    run.ledger.refuse(id(1), &Problem::new(Code::TextEmpty, ""));
    run.finds(Kind::Diverged);

    let mut run = Run::right();
    run.ledger.acknowledged.remove(&id(1));
    run.finds(Kind::Unanswered);
}
