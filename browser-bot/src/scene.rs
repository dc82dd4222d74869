//! What the panel shows, as data: the conversation and the state of the link, worded.
//!
//! In: the client's transcript, and what the shell knows about the network. Out: a [`Scene`],
//! which `view` draws. Invariant: every text in it is [`inert`].
//! Not here: the DOM.

use firsthop_core::Timestamp;
use firsthop_core::conversation::Speech;
use firsthop_core::hop::client::Client;
use firsthop_core::hop::transcript::{Body, Delivery, Line};
use firsthop_core::id::MessageId;
use firsthop_core::protocol::visitor::Reach;
use firsthop_core::protocol::{Answer, Author, Hop, Reason, Status, StatusChange};

use crate::i18n::{Words, fill};

/// What the shell knows and the client does not.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The visitor's language.
    pub(crate) words: &'static Words,
    /// What the site wants the panel to be called.
    pub(crate) title: Option<String>,
    /// Whether the browser believes to have a network.
    pub(crate) online: bool,
    /// Whether a connection was wanted and failed, and none has worked since.
    pub(crate) lost: bool,
    /// Whether the server said that this page may not use the inbox.
    pub(crate) misplaced: bool,
    /// Whether the device has a pack to answer from.
    pub(crate) knows: bool,
    /// Whether the browser refused to store the conversation.
    pub(crate) forgetful: bool,
    /// Whether the other side types.
    pub(crate) typing: bool,
}

/// Who is there, in a word and a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nothing is known to be wrong.
    Fine,
    /// The edge answers, people can't be reached.
    Away,
    /// Nobody can be reached.
    Offline,
}

/// Everything that the panel shows.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) words: &'static Words,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) presence: Presence,
    /// What works now and what does not, above the composer.
    pub(crate) banner: Option<String>,
    /// Whether a person has been asked for, or is there.
    pub(crate) person_asked: bool,
    pub(crate) typing: bool,
    pub(crate) rows: Vec<Row>,
}

/// One row of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// The first words, which are no message.
    Greeting(&'static str),
    /// A new day begins.
    Day(Timestamp),
    /// Something happened.
    Note(MessageId, String),
    /// Somebody said something.
    Message(Message),
}

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    Visitor,
    Bot,
    Agent(String),
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) side: Side,
    /// Whether the row before is by somebody else.
    pub(crate) first: bool,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) footer: Footer,
    /// Titles to choose from; empty once something else was said.
    pub(crate) choices: Vec<String>,
}

/// What stands below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Footer {
    None,
    /// The device answered.
    Device(&'static str),
    /// A state, and whether it is still on its way.
    State(&'static str, Delivery),
    /// It failed, for this reason.
    Failed(&'static str),
}

/// Puts the scene together. `day_of` numbers the days in the visitor's time zone.
pub(crate) fn scene(
    client: &Client,
    around: &Surroundings,
    day_of: impl Fn(Timestamp) -> i64,
) -> Scene {
    let words = around.words;
    let lines = client.transcript().lines();
    let agent = agent(&lines, client.status());
    let presence = presence(client, around);
    Scene {
        words,
        title: around
            .title
            .as_deref()
            .map_or_else(|| words.title.to_owned(), inert),
        subtitle: match (presence, agent) {
            (Presence::Offline, _) => words.offline_short.to_owned(),
            (Presence::Away, _) => words.away_short.to_owned(),
            (Presence::Fine, Some(name)) => fill(words.with_agent, &name),
            (Presence::Fine, None) => words.subtitle.to_owned(),
        },
        presence,
        banner: banner(client, around, presence),
        person_asked: client.status().is_open()
            || lines.iter().any(|line| line.body == Body::AskedPerson),
        typing: around.typing,
        rows: rows(&lines, words, day_of),
    }
}

fn agent(lines: &[Line<'_>], status: Status) -> Option<String> {
    let assignee = lines.iter().rev().find_map(|line| match &line.body {
        Body::Status(change) => Some(change.assignee.as_ref()),
        _ => None,
    })??;
    (status == Status::Assigned).then(|| inert(&assignee.name))
}

fn presence(client: &Client, around: &Surroundings) -> Presence {
    if client.is_connected() {
        if client.reach() == Reach::Away {
            Presence::Away
        } else {
            Presence::Fine
        }
    } else if !around.online || around.lost {
        Presence::Offline
    } else {
        Presence::Fine
    }
}

fn banner(client: &Client, around: &Surroundings, presence: Presence) -> Option<String> {
    let words = around.words;
    if around.misplaced {
        return Some(words.misplaced.to_owned());
    }
    let gap = if words.tag == "en" { " " } else { "" };
    let now = match presence {
        Presence::Offline => {
            let what = if around.online {
                words.unreachable
            } else {
                words.offline
            };
            let works = if around.knows && client.bot_speaks() != Speech::Silent {
                words.still_answers
            } else {
                words.kept_here
            };
            [what, gap, works].concat()
        }
        Presence::Away => words.away.to_owned(),
        Presence::Fine if client.status() == Status::Queued => match client.queue_place() {
            Some(1) => words.waiting_next.to_owned(),
            Some(place) => fill(words.waiting_place, &place.to_string()),
            None => words.waiting.to_owned(),
        },
        Presence::Fine if around.forgetful && !client.transcript().is_empty() => {
            words.forgetful.to_owned()
        }
        Presence::Fine => return None,
    };
    Some(now)
}

fn rows(lines: &[Line<'_>], words: &'static Words, day_of: impl Fn(Timestamp) -> i64) -> Vec<Row> {
    let mut rows = vec![Row::Greeting(words.greeting)];
    let mut day = None;
    let mut last_side = Some(Side::Bot);
    let newest_own = lines
        .iter()
        .rposition(|line| *line.author == Author::Visitor && matches!(line.body, Body::Text(_)));
    let newest_said = lines
        .iter()
        .rposition(|line| matches!(line.body, Body::Text(_) | Body::Answer(_)));
    for (place, line) in lines.iter().enumerate() {
        // An answer that the log does not hold yet has no time; it belongs to the day before it.
        if line.at != Timestamp::default() {
            let today = day_of(line.at);
            if day.is_some_and(|day| day != today) {
                rows.push(Row::Day(line.at));
                last_side = None;
            }
            day = Some(today);
        }
        let Some(row) = row(
            line,
            words,
            newest_own == Some(place),
            newest_said == Some(place),
        ) else {
            continue;
        };
        match row {
            Row::Message(mut message) => {
                message.first = last_side.as_ref() != Some(&message.side);
                last_side = Some(message.side.clone());
                rows.push(Row::Message(message));
            }
            other => {
                last_side = None;
                rows.push(other);
            }
        }
    }
    rows
}

fn row(line: &Line<'_>, words: &'static Words, newest_own: bool, newest: bool) -> Option<Row> {
    let side = match line.author {
        Author::Visitor => Side::Visitor,
        Author::Agent(agent) => Side::Agent(inert(&agent.name)),
        Author::Bot | Author::System | Author::Unknown(_) => Side::Bot,
    };
    let message = |text: String, footer, choices| {
        Some(Row::Message(Message {
            id: line.id,
            side: side.clone(),
            first: true,
            at: line.at,
            text,
            footer,
            choices,
        }))
    };
    match &line.body {
        Body::Text(text) => {
            let footer = line
                .delivery
                .as_ref()
                .map_or(Footer::None, |delivery| state(delivery, words, newest_own));
            message(inert(text), footer, Vec::new())
        }
        Body::Answer(answer) => {
            let (text, choices) = answer_words(answer, words, newest);
            let footer = match answer.source.hop {
                Hop::Browser => Footer::Device(words.by_device),
                Hop::Edge | Hop::Origin | Hop::Unknown(_) => Footer::None,
            };
            message(text, footer, choices)
        }
        Body::Status(change) => note(change, words).map(|text| Row::Note(line.id, text)),
        Body::AskedPerson => Some(Row::Note(line.id, words.asked.to_owned())),
        Body::Unknown => None,
    }
}

fn answer_words(answer: &Answer, words: &'static Words, newest: bool) -> (String, Vec<String>) {
    if answer.suggestions.is_empty() {
        return (inert(&answer.text), Vec::new());
    }
    let text = if answer.text.is_empty() {
        words.suggest.to_owned()
    } else {
        inert(&answer.text)
    };
    // Old suggestions are no longer offered, but remain readable.
    let titles = answer
        .suggestions
        .iter()
        .map(|suggestion| inert(&suggestion.title));
    if newest {
        return (text, titles.collect());
    }
    (
        titles.fold(text, |text, title| text + "\n· " + &title),
        Vec::new(),
    )
}

fn state(delivery: &Delivery, words: &'static Words, newest: bool) -> Footer {
    let word = match delivery {
        Delivery::Failed(problem) => return Footer::Failed(words.problem(problem.code)),
        Delivery::Queued => words.queued,
        Delivery::Stored(Hop::Edge) => words.stored_below,
        // What has arrived needs no word unless it is the newest.
        _ if !newest => return Footer::None,
        Delivery::Stored(_) => words.stored,
        Delivery::Delivered => words.delivered,
        Delivery::Read => words.read,
    };
    Footer::State(word, delivery.clone())
}

fn note(change: &StatusChange, words: &Words) -> Option<String> {
    let text = match change.reason {
        Reason::Asked => words.asked,
        Reason::Unanswered => words.unanswered,
        Reason::Released | Reason::Lapsed => words.released,
        Reason::Resolved => words.resolved,
        Reason::Taken | Reason::Reopened => {
            return change
                .assignee
                .as_ref()
                .map(|agent| fill(words.joined, &inert(&agent.name)));
        }
        Reason::Returned | Reason::Unknown(_) => return None,
    };
    Some(text.to_owned())
}

/// The text without the characters that reorder or hide what follows (bidirectional embeddings,
/// overrides and isolates) and without control characters other than line feed and tab.
pub(crate) fn inert(text: &str) -> String {
    let acts = |c: char| {
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    text.chars().filter(|c| !acts(*c)).collect()
}

#[cfg(test)]
mod tests;
