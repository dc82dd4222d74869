//! Leases under any timing: who answers stays, who is silent lapses in time, and nothing but an
//! answer counts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use core::time::Duration;
use std::collections::BTreeMap;

use firsthop_core::conversation::Head;
use firsthop_core::hop::lease::{
    AGENT_ANSWERS_WITHIN, AGENT_LAPSES_WITHIN, ConsoleId, Leases, Output,
};
use firsthop_core::id::{AgentId, MessageId, Uuid};
use firsthop_core::limits::{AGENT_LEASE, AGENT_WATCHED_EVERY};
use firsthop_core::protocol::agent::{Act, Command, Reply, Take};
use firsthop_core::protocol::{AgentRef, Author, Content, Reason, Status};
use firsthop_core::{Instant, Timestamp};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const CONSOLE: ConsoleId = ConsoleId(7);

fn ada() -> AgentId {
    AgentId(Uuid([1; 16]))
}

const fn ms(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// Nodes of an origin that share a store; each millisecond at which anything is due is visited.
struct World {
    now: u64,
    nodes: Vec<Leases>,
    /// Nodes' clocks start anywhere.
    skew: Vec<u64>,
    beat: u64,
    watch_at: Vec<u64>,
    lapsed: Vec<(usize, u64)>,
    /// Answers on their way, to node 0.
    answers: BTreeMap<(u64, u64), u64>,
}

impl World {
    fn new(nodes: usize) -> Self {
        let mut world = Self {
            now: 1_000,
            nodes: (0..nodes as u64).map(Leases::new).collect(),
            skew: (0..nodes as u64).map(|node| node * 7_000_000).collect(),
            beat: 0,
            watch_at: vec![1_000; nodes],
            lapsed: Vec::new(),
            answers: BTreeMap::new(),
        };
        let clock = world.clock(0);
        world.nodes[0].open(clock, CONSOLE, ada());
        world
    }

    fn clock(&self, node: usize) -> Instant {
        Instant::from_millis(self.now + self.skew[node])
    }

    /// Runs until `end`; `answer_after` says when, if at all, a question is answered.
    fn run(&mut self, end: u64, mut answer_after: impl FnMut(u64) -> Option<u64>) {
        while self.now < end {
            self.now += 100;
            while let Some(first) = self.answers.first_entry()
                && first.key().0 <= self.now
            {
                let nonce = first.remove();
                let clock = self.clock(0);
                self.nodes[0].answered(clock, CONSOLE, nonce);
            }
            for node in 0..self.nodes.len() {
                let clock = self.clock(node);
                if self.watch_at[node] <= self.now {
                    self.watch_at[node] = self.now + ms(AGENT_WATCHED_EVERY);
                    self.nodes[node].observe(clock, ada(), self.beat);
                }
                if self.nodes[node]
                    .next_timeout()
                    .is_some_and(|at| at <= clock)
                {
                    self.nodes[node].handle_timeout(clock);
                }
                while let Some(output) = self.nodes[node].poll_output() {
                    match output {
                        Output::Ask(_, nonce) => {
                            if let Some(after) = answer_after(self.now) {
                                self.answers.insert((self.now + after, nonce), nonce);
                            }
                        }
                        Output::Beat(agent) => {
                            assert_eq!(agent, ada());
                            self.beat += 1;
                        }
                        Output::Lapsed { agent, beat } => {
                            assert_eq!(agent, ada());
                            if beat == self.beat {
                                self.lapsed.push((node, self.now));
                            }
                        }
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whoever_answers_stays_and_whoever_is_silent_lapses_at_every_node(
        delays in prop::collection::vec(0..ms(AGENT_ANSWERS_WITHIN) - 200, 12),
        silent_from in 60_000u64..200_000,
        nodes in 1usize..4,
    ) {
        let mut world = World::new(nodes);
        let mut next = 0;
        let mut answer = |_: u64| {
            next += 1;
            Some(delays[next % delays.len()])
        };
        world.run(silent_from, &mut answer);
        prop_assert_eq!(&world.lapsed, &[]);
        prop_assert!(world.nodes[0].is_available(world.clock(0), ada()));

        // Stopped: nothing is answered, what was on its way is lost.
        world.answers.clear();
        let last = world.now;
        world.run(last + ms(AGENT_LAPSES_WITHIN) + 200, |_| None);
        for node in 0..nodes {
            prop_assert!(world.lapsed.iter().any(|(at, _)| *at == node), "node {}", node);
            prop_assert!(!world.nodes[node].is_available(world.clock(node), ada()));
        }
        // And comes back.
        world.lapsed.clear();
        world.run(world.now + 60_000, |_| Some(50));
        let late = world.lapsed.iter().filter(|(_, at)| *at > last + ms(AGENT_LAPSES_WITHIN) + 15_000);
        prop_assert_eq!(late.count(), 0);
        prop_assert!(world.nodes[0].is_available(world.clock(0), ada()));
    }

    #[test]
    fn any_order_of_anything_asks_with_new_numbers_and_believes_only_their_answers(
        steps in prop::collection::vec((0u8..7, 0u64..4, 0u64..20_000), 0..200),
    ) {
        let mut leases = Leases::new(u64::MAX - 3);
        let mut now = Instant::from_millis(0);
        let mut asked: Vec<(ConsoleId, u64, Instant)> = Vec::new();
        for (what, which, number) in steps {
            let console = ConsoleId(which);
            let agent = AgentId(Uuid([(which % 2) as u8; 16]));
            let mut may_beat = false;
            match what {
                0 => leases.open(now, console, agent),
                1 => leases.close(console),
                2 => leases.answered(now, console, number),
                3 => {
                    if let Some(&(to, nonce, at)) = asked.get(number as usize % asked.len().max(1)) {
                        may_beat = now.since(at) < AGENT_LEASE;
                        leases.answered(now, to, nonce);
                    }
                }
                4 => leases.observe(now, agent, number % 3),
                5 => leases.forget(agent),
                _ => {
                    now = now + Duration::from_millis(number);
                    leases.handle_timeout(now);
                }
            }
            while let Some(output) = leases.poll_output() {
                match output {
                    Output::Ask(console, nonce) => {
                        prop_assert!(asked.iter().all(|(_, known, _)| *known != nonce));
                        asked.push((console, nonce, now));
                    }
                    Output::Beat(_) => prop_assert!(may_beat),
                    Output::Lapsed { .. } => {}
                }
            }
            prop_assert!(leases.next_timeout().is_none_or(|at| at.as_millis() > 0 || now.as_millis() == 0));
        }
    }
}

#[test]
fn an_answer_counts_once_and_not_after_the_lease() {
    let mut leases = Leases::new(1);
    let start = Instant::from_millis(5);
    leases.open(start, CONSOLE, ada());
    let Some(Output::Ask(_, nonce)) = leases.poll_output() else {
        panic!("it is asked at once");
    };
    leases.answered(start, CONSOLE, nonce.wrapping_add(1));
    leases.answered(start, ConsoleId(8), nonce);
    assert_eq!(leases.poll_output(), None);
    leases.answered(start, CONSOLE, nonce);
    assert_eq!(leases.poll_output(), Some(Output::Beat(ada())));
    leases.answered(start, CONSOLE, nonce);
    assert_eq!(leases.poll_output(), None);

    let second = leases.next_timeout().unwrap();
    leases.handle_timeout(second);
    let Some(Output::Ask(_, nonce)) = leases.poll_output() else {
        panic!("it is asked again");
    };
    leases.answered(second + AGENT_LEASE, CONSOLE, nonce);
    assert_eq!(leases.poll_output(), None, "too late");
}

#[test]
fn a_lapse_takes_back_what_the_agent_has_and_tells_why() {
    let agent = AgentRef {
        id: ada(),
        name: "Ada".to_owned(),
    };
    let mut head = Head::default();
    let id = |number| MessageId::new(NOW, [number; 10]);
    assert_eq!(head.agent_lapses(ada(), id(1), NOW), None);
    let command = |number, act| Command {
        id: id(number),
        conversation: firsthop_core::id::VisitorId::new(NOW, [9; 10]),
        act,
    };
    let take = command(2, Act::Take(Take { over: false }));
    head.agent_acts(&agent, &take, NOW).unwrap();
    assert_eq!(head.agent_lapses(AgentId(Uuid([2; 16])), id(3), NOW), None);
    let event = head.agent_lapses(ada(), id(3), NOW).unwrap();
    assert_eq!((event.seq, event.author), (head.seq, Author::System));
    let Content::Status(change) = event.content else {
        panic!("a change of status");
    };
    assert_eq!(change.reason, Reason::Lapsed);
    assert_eq!((head.status, &head.assignee), (Status::Queued, &None));
    assert_eq!(head.agent_lapses(ada(), id(4), NOW), None, "once");
    // What the agent had written meanwhile still arrives, and takes it again.
    let reply = command(
        5,
        Act::Reply(Reply {
            text: "here".into(),
        }),
    );
    assert_eq!(head.agent_acts(&agent, &reply, NOW).unwrap().len(), 2);
    assert_eq!(head.status, Status::Assigned);
}
