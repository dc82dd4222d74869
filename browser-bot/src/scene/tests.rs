use firsthop_core::hop::client::Output;
use firsthop_core::id::{AgentId, Derived, VisitorId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{
    Answered, AskPerson, Events, Said, SaidText, Submission, ToVisitor, Welcome,
};
use firsthop_core::protocol::{
    AgentRef, Content, Event, Receipts, Seq, Source, Suggestion, Text, VERSION,
};
use firsthop_core::{Instant, Private};

use super::*;

const DAY_MS: u64 = 24 * 3600 * 1000;
const NOW: Instant = Instant::from_millis(0);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

fn id(n: u8) -> MessageId {
    MessageId::new(at(n.into()), [n; 10])
}

fn around() -> Surroundings {
    Surroundings {
        words: Words::of("en"),
        title: None,
        online: true,
        lost: false,
        misplaced: false,
        knows: true,
        forgetful: false,
        typing: false,
    }
}

fn client() -> Client {
    Client::new(NOW, 1, "test", [])
}

fn connect(client: &mut Client, origin: Reach, status: Status) {
    client.connect(NOW);
    client.handle_connected(NOW);
    let welcome = Welcome {
        version: VERSION,
        visitor: VisitorId::new(at(0), [0; 10]),
        hop: Hop::Edge,
        head: Some(Seq(0)),
        status: Some(status),
        receipts: Receipts::default(),
        pack: None,
        origin,
        now: at(0),
        cursor: Seq(0),
    };
    client.handle_frames(NOW, vec![ToVisitor::Welcome(welcome)]);
}

fn text(n: u8, text: &str) -> Submission {
    Submission {
        id: id(n),
        at: at(n.into()),
        said: Said::Text(SaidText {
            text: text.into(),
            lang: String::new(),
            claim: None,
            page: Default::default(),
        }),
    }
}

fn device_answer(n: u8, words: &str, suggestions: &[&str]) -> Answered {
    let source = Source {
        hop: Hop::Browser,
        pack: PackHash([1; 32]),
        entry: None,
        confidence: 900,
        verified: false,
    };
    let suggestions = suggestions
        .iter()
        .map(|title| Suggestion {
            entry: (*title).into(),
            title: (*title).into(),
        })
        .collect();
    Answered {
        id: id(n).derive(Derived::Answer),
        answer: Answer {
            of: id(n),
            text: words.into(),
            source,
            suggestions,
        },
    }
}

fn event(seq: u64, n: u8, at: Timestamp, author: Author, content: impl Into<Content>) -> Event {
    Event {
        seq: Seq(seq),
        prev: Seq(seq - 1),
        id: id(n),
        at,
        author,
        content: content.into(),
    }
}

fn said(words: &str) -> Text {
    Text {
        text: Private::from(words),
        unverified: None,
    }
}

fn agent() -> AgentRef {
    AgentRef {
        id: AgentId::new(at(0), [9; 10]),
        name: "Mei\u{202e}".into(),
    }
}

fn shown(client: &Client, around: &Surroundings) -> Scene {
    scene(client, around, |at| (at.as_millis() / DAY_MS) as i64)
}

fn messages(scene: &Scene) -> Vec<&Message> {
    scene
        .rows
        .iter()
        .filter_map(|row| match row {
            Row::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

#[test]
fn an_empty_conversation_greets_and_complains_of_nothing() {
    let scene = shown(&client(), &around());
    assert_eq!(scene.rows, [Row::Greeting(Words::of("en").greeting)]);
    assert_eq!(
        (scene.presence, scene.banner, scene.person_asked),
        (Presence::Fine, None, false)
    );
}

#[test]
fn a_question_answered_offline_waits_to_be_sent_and_its_answer_says_that_the_device_gave_it() {
    let mut client = client();
    client
        .say(
            NOW,
            text(1, "when?\u{202e}"),
            Some(device_answer(1, "at nine", &[])),
        )
        .unwrap();
    let scene = shown(
        &client,
        &Surroundings {
            online: false,
            ..around()
        },
    );
    let shown = messages(&scene);
    assert_eq!(
        shown
            .iter()
            .map(|message| message.text.as_str())
            .collect::<Vec<_>>(),
        ["when?", "at nine"]
    );
    assert_eq!(
        shown[0].footer,
        Footer::State("Waiting to be sent", Delivery::Queued)
    );
    assert_eq!(
        shown[1].footer,
        Footer::Device("Answered on your device, no network needed")
    );
    assert_eq!(scene.presence, Presence::Offline);
    assert!(
        scene
            .banner
            .unwrap()
            .starts_with("You are offline. I still answer")
    );
}

#[test]
fn without_a_pack_nothing_is_promised_but_that_messages_are_kept() {
    let scene = shown(
        &client(),
        &Surroundings {
            lost: true,
            knows: false,
            ..around()
        },
    );
    assert_eq!(
        scene.banner.unwrap(),
        "We can’t be reached at the moment. Your messages are kept on this device and sent as soon as possible."
    );
}

#[test]
fn suggestions_are_offered_until_something_else_is_said() {
    let mut client = client();
    client
        .say(
            NOW,
            text(1, "order"),
            Some(device_answer(1, "", &["Cancel", "Track"])),
        )
        .unwrap();
    let scene = shown(&client, &around());
    assert_eq!(messages(&scene)[1].choices, ["Cancel", "Track"]);
    client.say(NOW, text(2, "Cancel"), None).unwrap();
    let scene = shown(&client, &around());
    assert!(
        messages(&scene)
            .iter()
            .all(|message| message.choices.is_empty())
    );
    assert_eq!(
        messages(&scene)[1].text,
        "Did you mean one of these?\n· Cancel\n· Track"
    );
}

#[test]
fn an_agent_is_named_and_only_the_newest_message_has_a_state() {
    let mut client = client();
    connect(&mut client, Reach::Up, Status::Queued);
    assert_eq!(
        shown(&client, &around()).banner.unwrap(),
        "Waiting for a person. You can go on writing."
    );
    let taken = StatusChange {
        status: Status::Assigned,
        reason: Reason::Taken,
        assignee: Some(agent()),
    };
    let events = vec![
        event(1, 1, at(1), Author::Visitor, said("first")),
        event(2, 2, at(2), Author::Visitor, said("second")),
        event(3, 3, at(DAY_MS), Author::Agent(agent()), taken),
        event(4, 4, at(DAY_MS), Author::Agent(agent()), said("hello")),
        event(5, 5, at(DAY_MS), Author::Agent(agent()), said("again")),
    ];
    client.handle_frames(
        NOW,
        vec![
            Events {
                events,
                more: false,
            }
            .into(),
            Receipts {
                delivered: Seq(2),
                read: Seq(1),
            }
            .into(),
        ],
    );
    let scene = shown(&client, &around());
    assert_eq!(scene.subtitle, "You are talking to Mei");
    assert!(scene.person_asked);
    let shown = messages(&scene);
    assert_eq!(shown[0].footer, Footer::None);
    assert_eq!(
        shown[1].footer,
        Footer::State("Delivered", Delivery::Delivered)
    );
    assert_eq!(
        shown
            .iter()
            .map(|message| message.first)
            .collect::<Vec<_>>(),
        [true, false, true, false]
    );
    assert!(scene.rows.contains(&Row::Day(at(DAY_MS))));
    assert!(
        scene
            .rows
            .contains(&Row::Note(id(3), "Mei joined the conversation".into()))
    );
}

#[test]
fn away_says_what_works_and_a_refusal_says_why() {
    let mut client = client();
    connect(&mut client, Reach::Away, Status::Pending);
    client
        .say(
            NOW,
            Submission {
                id: id(7),
                at: at(7),
                said: Said::Person(AskPerson {}),
            },
            None,
        )
        .unwrap();
    client.say(NOW, text(8, "hello"), None).unwrap();
    let problem =
        firsthop_core::protocol::Problem::new(firsthop_core::protocol::Code::TextTooLong, "…");
    client.handle_frames(
        NOW,
        vec![firsthop_core::protocol::visitor::Refused { id: id(8), problem }.into()],
    );
    while client
        .poll_output()
        .is_some_and(|output| output != Output::Changed)
    {}
    let scene = shown(&client, &around());
    assert_eq!(scene.presence, Presence::Away);
    assert!(
        scene
            .banner
            .as_deref()
            .unwrap()
            .contains("I still answer what I know")
    );
    assert!(scene.person_asked);
    assert!(
        scene
            .rows
            .contains(&Row::Note(id(7), "You asked for a person".into()))
    );
    assert_eq!(
        messages(&scene)[0].footer,
        Footer::Failed("It is too long: please send it in parts.")
    );
}

#[test]
fn characters_that_reorder_or_hide_are_taken_out_of_texts() {
    assert_eq!(
        inert("pay \u{202e}gpj.exe\u{2066}x\u{2069}\u{0007}\n\tend"),
        "pay gpj.exex\n\tend"
    );
    assert_eq!(inert("שלום, 你好 👋🏽"), "שלום, 你好 👋🏽");
}
