//! The replica against a scripted origin.

use firsthop_core::protocol::agent::{
    Act, Ask, Command, ConversationEvents, ConversationReceipts, ConversationTyping, Conversations,
    Done, Here, Open, Refused, Revision, Seen, Take, Welcome,
};
use firsthop_core::protocol::visitor::{Reconnect, Typing};
use firsthop_core::protocol::{Code, Problem, Receipts, Seq, Status, encode};

use super::testing::{ada, bo, conversation, event, from_agent, from_visitor, id, reply, summary};
use super::transcript::{Delivery, What};
use super::*;
use core::time::Duration;

const LOCAL: Timestamp = Timestamp::from_millis(50_000);

/// A replica, its clock, and the origin's side of its socket.
struct World {
    replica: Replica,
    now: Instant,
}

impl World {
    /// Logged in and connected; the frames of the greeting are taken away.
    fn up() -> Self {
        let mut world = Self {
            replica: Replica::new(7),
            now: Instant::from_millis(1_000),
        };
        world.replica.start(ada(), world.now);
        assert_eq!(world.outputs(), [Output::Connect]);
        world.connects();
        world
    }

    /// The socket opens and the origin greets; gives what the console sends after its hello.
    fn connects(&mut self) -> Vec<FromAgent> {
        self.replica.handle_opened();
        let hello = self.sent();
        assert!(
            matches!(hello.as_slice(), [FromAgent::Hello(_), FromAgent::Ping(_)]),
            "{hello:?}"
        );
        self.hears(&[Welcome {
            version: VERSION,
            agent: ada(),
            now: LOCAL,
        }
        .into()]);
        self.sent()
    }

    fn hears(&mut self, frames: &[ToAgent]) {
        let bytes = encode(Encoding::Postcard, frames).unwrap();
        self.replica.handle_message(&bytes, self.now, LOCAL);
    }

    /// The origin has said all that it had to say to the hello.
    fn greeted(&mut self) {
        self.hears(&[Ping { nonce: GREETING }.into()]);
    }

    fn hears_list(&mut self, revision: u64, conversations: Vec<Summary>) {
        self.hears(&[Conversations {
            conversations,
            revision: Revision(revision),
        }
        .into()]);
    }

    fn hears_events(&mut self, events: Vec<firsthop_core::protocol::Event>, more: bool) {
        self.hears(&[ConversationEvents {
            conversation: conversation(1),
            events,
            more,
        }
        .into()]);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.replica.poll_output()).collect()
    }

    fn sent(&mut self) -> Vec<FromAgent> {
        self.outputs()
            .into_iter()
            .flat_map(|output| match output {
                Output::Send(frames) => frames,
                _ => Vec::new(),
            })
            .collect()
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.outputs()
            .into_iter()
            .filter_map(|output| match output {
                Output::Notice(notice) => Some(notice),
                _ => None,
            })
            .collect()
    }

    fn acts(&mut self, command: Command) {
        self.replica.act(command, self.now, LOCAL);
    }

    /// Lets time pass to the next timer.
    fn waits(&mut self) {
        self.now = self.replica.next_timeout().expect("a timer");
        self.replica.handle_timeout(self.now);
    }

    fn open_at(&mut self, after: u64) -> FromAgent {
        let _ = self;
        Open {
            conversation: conversation(1),
            after: Seq(after),
        }
        .into()
    }
}

#[test]
fn after_a_disconnect_exactly_what_is_missing_is_asked_for() {
    let mut world = World::up();
    world.hears_list(12, vec![summary(1, 12, Status::Assigned)]);
    world.replica.follow(Some(conversation(1)));
    assert_eq!(world.sent(), [world.open_at(0)]);
    world.hears_events(
        vec![event(1, from_visitor("a")), event(2, from_visitor("b"))],
        false,
    );
    world.outputs();

    world.replica.handle_closed(world.now);
    assert!(matches!(world.replica.reach(), Reach::Away(Some(_))));
    assert!(world.sent().is_empty());
    world.waits();
    assert_eq!(world.outputs(), [Output::Connect]);
    world.replica.handle_opened();
    assert_eq!(
        world.sent()[0],
        Hello {
            version: VERSION,
            since: Revision(12)
        }
        .into()
    );
    world.hears(&[Welcome {
        version: VERSION,
        agent: ada(),
        now: LOCAL,
    }
    .into()]);
    assert_eq!(world.sent()[0], world.open_at(2));
    assert_eq!(world.replica.reach(), Reach::Up);
    world.hears_events(
        vec![event(2, from_visitor("b")), event(3, from_visitor("c"))],
        false,
    );
    assert_eq!(world.replica.entries(conversation(1)).len(), 3);
}

#[test]
fn a_reply_written_offline_is_sent_once_connected_and_never_twice_in_the_log() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.replica.handle_closed(world.now);
    world.outputs();
    world.acts(reply(9, 1, "back soon"));
    assert!(world.sent().is_empty());
    world.waits();
    assert!(world.connects().contains(&reply(9, 1, "back soon").into()));

    // The connection breaks before the answer: the same command goes out again.
    world.replica.handle_closed(world.now);
    world.waits();
    world.outputs();
    assert!(world.connects().contains(&reply(9, 1, "back soon").into()));
    let mut logged = event(1, from_agent("back soon"));
    logged.id = id(9);
    world.hears(&[Done { id: id(9) }.into()]);
    world.hears_events(vec![logged], false);
    let entries = world.replica.entries(conversation(1));
    assert_eq!(entries.len(), 1);
    assert_eq!(world.replica.outbox().items().len(), 0);
}

#[test]
fn a_reply_is_seen_sending_stored_delivered_read() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    let delivery = |world: &World| match &world.replica.entries(conversation(1))[0].what {
        What::Replied { delivery, .. } => delivery.clone(),
        other => panic!("{other:?}"),
    };
    world.acts(reply(1, 1, "hello"));
    assert_eq!(delivery(&world), Delivery::Sending);
    world.hears(&[Done { id: id(1) }.into()]);
    assert_eq!(delivery(&world), Delivery::Stored);
    world.hears_events(vec![event(1, from_agent("hello"))], false);
    assert_eq!(delivery(&world), Delivery::Stored);
    for (receipts, expected) in [
        (
            Receipts {
                delivered: Seq(1),
                read: Seq(0),
            },
            Delivery::Delivered,
        ),
        (
            Receipts {
                delivered: Seq(1),
                read: Seq(1),
            },
            Delivery::Read,
        ),
    ] {
        world.hears(&[ConversationReceipts {
            conversation: conversation(1),
            receipts,
        }
        .into()]);
        assert_eq!(delivery(&world), expected);
    }
}

#[test]
fn a_refused_reply_fails_with_its_reason_and_can_be_tried_again() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.acts(reply(1, 1, "mine!"));
    world.outputs();
    let problem = Problem::new(Code::AlreadyAssigned, "Bo has it");
    world.hears(&[Refused {
        id: id(1),
        problem: problem.clone(),
    }
    .into()]);
    let What::Replied { delivery, .. } = world.replica.entries(conversation(1))[0].what.clone()
    else {
        panic!()
    };
    assert_eq!(delivery, Delivery::Failed(problem));
    let take = Command {
        id: id(2),
        conversation: conversation(1),
        act: Act::Take(Take { over: true }),
    };
    world.acts(take.clone());
    assert_eq!(world.sent(), [take.into()]);
    world.hears(&[Done { id: id(2) }.into()]);
    world.replica.retry(id(1), world.now);
    assert_eq!(world.sent(), [reply(1, 1, "mine!").into()]);
}

#[test]
fn a_long_log_is_fetched_to_its_end() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.outputs();
    world.hears_events(vec![event(1, from_visitor("a"))], true);
    assert!(
        !world
            .replica
            .transcript(conversation(1))
            .unwrap()
            .is_complete()
    );
    let open = world.open_at(1);
    assert!(world.sent().contains(&open));
    world.hears_events(vec![event(2, from_visitor("b"))], false);
    assert!(
        world
            .replica
            .transcript(conversation(1))
            .unwrap()
            .is_complete()
    );
}

#[test]
fn a_lost_event_is_noticed_and_fetched() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.hears_events(vec![event(1, from_visitor("a"))], false);
    world.outputs();
    world.hears_events(vec![event(3, from_visitor("c"))], false);
    let open = world.open_at(1);
    assert!(world.sent().contains(&open));
    assert_eq!(world.replica.entries(conversation(1)).len(), 1);
    world.hears_events(
        vec![event(2, from_visitor("b")), event(3, from_visitor("c"))],
        false,
    );
    assert_eq!(world.replica.entries(conversation(1)).len(), 3);
}

#[test]
fn what_is_in_front_of_the_agents_eyes_is_read_and_nothing_else() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.outputs();
    world.hears_events(vec![event(1, from_visitor("a"))], false);
    let seen = |delivered, read| -> FromAgent {
        Seen {
            conversation: conversation(1),
            receipts: Receipts {
                delivered: Seq(delivered),
                read: Seq(read),
            },
        }
        .into()
    };
    assert_eq!(world.sent(), [seen(1, 0)]);
    world.replica.set_in_sight(true);
    assert_eq!(world.sent(), [seen(1, 1)]);
    world.replica.set_in_sight(false);
    world.hears_events(vec![event(2, from_visitor("b"))], false);
    assert_eq!(world.sent(), [seen(2, 1)]);
}

#[test]
fn attention_is_drawn_to_new_waiting_visitors_and_takeovers_not_to_old_news() {
    let mut world = World::up();
    world.hears_list(1, vec![summary(1, 1, Status::Queued)]);
    world.greeted();
    assert!(
        world.notices().is_empty(),
        "what stood there at login rings no bell"
    );
    world.hears_list(2, vec![summary(2, 2, Status::Queued)]);
    assert_eq!(world.notices(), [Notice::Waiting(conversation(2))]);
    world.hears_list(3, vec![summary(2, 3, Status::Queued)]);
    assert!(world.notices().is_empty());
    let mut mine = summary(1, 4, Status::Assigned);
    mine.assignee = Some(ada());
    world.hears_list(4, vec![mine.clone()]);
    assert!(world.notices().is_empty());
    mine.revision = Revision(5);
    mine.head = Seq(9);
    world.hears_list(5, vec![mine.clone()]);
    assert_eq!(world.notices(), [Notice::Message(conversation(1))]);
    mine.revision = Revision(6);
    mine.assignee = Some(bo());
    world.hears_list(6, vec![mine]);
    assert_eq!(world.notices(), [Notice::TakenOver(conversation(1))]);
}

#[test]
fn a_visitor_who_sent_their_message_types_no_longer() {
    let mut world = World::up();
    world.replica.follow(Some(conversation(1)));
    world.hears(&[ConversationTyping {
        conversation: conversation(1),
        typing: Typing { on: true },
    }
    .into()]);
    assert!(world.replica.visitor_types(conversation(1)));
    world.hears_events(vec![event(1, from_visitor("done"))], false);
    assert!(!world.replica.visitor_types(conversation(1)));
}

#[test]
fn a_failed_connection_makes_the_host_check_the_login() {
    let mut world = World::up();
    world.replica.handle_closed(world.now);
    assert!(
        !world.outputs().contains(&Output::CheckLogin),
        "a connection that worked says nothing of the login"
    );
    world.waits();
    world.outputs();
    world.replica.handle_closed(world.now);
    assert_eq!(world.outputs(), [Output::CheckLogin]);
    world.replica.stop();
    assert_eq!(world.replica.next_timeout(), None);
}

#[test]
fn bytes_that_are_no_frames_end_the_connection_and_nothing_else() {
    let mut world = World::up();
    world.hears_list(3, vec![summary(1, 3, Status::Queued)]);
    world.replica.handle_message(&[0xff; 40], world.now, LOCAL);
    assert!(world.outputs().contains(&Output::Close));
    assert_eq!(world.replica.ids(View::Waiting).len(), 1);
    world.waits();
    assert_eq!(world.outputs(), [Output::Connect]);
}

#[test]
fn a_server_that_stops_is_left_and_found_again() {
    let mut world = World::up();
    world.hears(&[Reconnect { after_ms: 300 }.into()]);
    assert_eq!(world.outputs(), [Output::Close]);
    let before = world.now;
    world.waits();
    assert_eq!(world.now.since(before), Duration::from_millis(300));
    assert_eq!(world.outputs(), [Output::Connect]);
}

#[test]
fn another_agent_at_the_same_console_begins_with_nothing() {
    let mut world = World::up();
    world.hears_list(3, vec![summary(1, 3, Status::Queued)]);
    world.acts(reply(1, 1, "ada's"));
    world.replica.stop();
    world.replica.start(ada(), world.now);
    assert_eq!(
        world.replica.outbox().items().len(),
        1,
        "the same agent goes on where they were"
    );
    world.replica.stop();
    world.replica.start(bo(), world.now);
    assert_eq!(
        (
            world.replica.outbox().items().len(),
            world.replica.list().is_loaded()
        ),
        (0, false)
    );
}

#[test]
fn the_servers_clock_is_followed() {
    let mut world = World {
        replica: Replica::new(1),
        now: Instant::from_millis(0),
    };
    world.replica.start(ada(), world.now);
    world.hears(&[Welcome {
        version: VERSION,
        agent: ada(),
        now: Timestamp::from_millis(60_000),
    }
    .into()]);
    assert_eq!(
        world.replica.server_time(Timestamp::from_millis(50_500)),
        Timestamp::from_millis(60_500)
    );
}

#[test]
fn the_list_is_loading_until_the_origin_has_said_everything() {
    let mut world = World::up();
    world.hears_list(0, vec![]);
    world.hears_list(7, vec![summary(1, 7, Status::Queued)]);
    assert!(!world.replica.list().is_loaded());
    world.greeted();
    assert!(world.replica.list().is_loaded());
}

#[test]
fn an_origin_that_is_behind_the_console_is_another_one_and_is_asked_for_everything() {
    let mut world = World::up();
    world.hears_list(12, vec![summary(1, 12, Status::Queued)]);
    world.greeted();
    world.replica.handle_closed(world.now);
    world.waits();
    world.outputs();
    world.connects();
    world.hears_list(3, vec![summary(2, 3, Status::Queued)]);
    world.greeted();
    assert!(world.outputs().contains(&Output::Close));
    world.waits();
    world.outputs();
    world.replica.handle_opened();
    assert_eq!(
        world.sent()[0],
        Hello {
            version: VERSION,
            since: Revision(0)
        }
        .into()
    );
    assert!(world.replica.ids(View::All).is_empty());
}

#[test]
fn whether_the_console_still_works_is_answered() {
    let mut world = World::up();
    world.outputs();
    world.hears(&[Ask { nonce: 5 }.into()]);
    assert_eq!(world.sent(), [Here { nonce: 5 }.into()]);
}
