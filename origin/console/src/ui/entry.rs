//! One line of a conversation, by its kind.
//!
//! Invariant: an answer of the bot says where it came from; a claim that was not verified is
//! framed as a warning, is folded away, and shares no style with answers.

use firsthop_core::Timestamp;
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::{Answer, Author, Reason, Source, StatusChange, UnverifiedClaim};
use leptos::prelude::*;

use super::desk::Desk;
use super::icons::{self, icon};
use super::knowledge::Why;
use crate::browser::{calendar, focus};
use crate::inert::{inert, inert_line};
use crate::replica::transcript::{Delivery, Line, What};
use crate::visitor_name;
use crate::words::Word;

/// Draws a line. `first` is what it is now; of `line` only what can change is followed.
pub(super) fn entry(
    desk: Desk,
    conversation: ConversationId,
    first: Line,
    line: Memo<Option<Line>>,
) -> impl IntoView {
    let goes_on = move || line.with(|line| line.as_ref().is_some_and(|line| line.goes_on));
    let new_day = move || line.with(|line| line.as_ref().is_some_and(|line| line.new_day));
    let at = first.entry.at;
    let author = first.entry.author.clone();
    let id = first.entry.id;
    let delivery = Memo::new(move |_| {
        line.with(|line| match line.as_ref().map(|line| &line.entry.what) {
            Some(What::Replied { delivery, .. } | What::Noted { delivery, .. }) => {
                Some(delivery.clone())
            }
            _ => None,
        })
    });
    let who = {
        let author = author.clone();
        move || name(desk, conversation, &author)
    };
    let stamp = move || view! { <time>{move || calendar::time(at, desk.lang.get())}</time> };
    let kind = match &first.entry.what {
        What::Asked { .. } => "asked",
        What::Replied { .. } => "replied",
        What::Answered(_) => "answered",
        What::Noted { .. } => "noted",
        What::Changed(_) | What::Unknown => "changed",
    };
    let body = match first.entry.what {
        What::Asked { text, unverified } => view! {
            <div class="bubble"><p class="text" dir="auto">{inert(&text)}</p></div>
            {unverified.map(|claim| claimed(desk, &claim))}
        }
        .into_any(),
        What::Replied { text, .. } => view! {
            <div class="bubble"><p class="text" dir="auto">{inert(&text)}</p></div>
            {progress(desk, conversation, id, delivery, text)}
        }
        .into_any(),
        What::Noted { text, .. } => view! {
            <div class="bubble"><p class="text" dir="auto">{inert(&text)}</p></div>
            {progress(desk, conversation, id, delivery, text)}
        }
        .into_any(),
        What::Answered(answer) => answered(desk, conversation, &answer).into_any(),
        What::Changed(change) => view! {
            {changed(desk, &author, &change)}
            {(change.reason == Reason::Unanswered).then(|| why_unanswered(desk, conversation, id))}
        }
        .into_any(),
        What::Unknown => {
            view! { <p class="change">{move || desk.say(Word::UnknownEntry)}</p> }.into_any()
        }
    };
    let headed = kind != "changed";
    view! {
        {move || new_day().then(|| view! {
            <p class="day"><span>{move || calendar::long_day(at, desk.lang.get())}</span></p>
        })}
        <article class=format!("entry {kind}") class:goes-on=goes_on>
            {headed.then(|| view! {
                <header class="byline">
                    {(kind == "noted").then(|| view! { {icon(icons::LOCK)}<span>{move || desk.say(Word::PrivateNote)}" · "</span> })}
                    {(kind == "answered").then(|| icon(icons::SPARK))}
                    <span class="author">{who}</span>
                    {stamp()}
                </header>
            })}
            {body}
            {(!headed).then(stamp)}
        </article>
    }
}

fn name(desk: Desk, conversation: ConversationId, author: &Author) -> String {
    let lang = desk.lang.get();
    match author {
        Author::Visitor => lang.visitor(&visitor_name::tag(conversation)),
        Author::Bot => lang.say(Word::Bot).to_owned(),
        Author::Agent(agent) if desk.agent().is_some_and(|me| me.id == agent.id) => {
            lang.say(Word::You).to_owned()
        }
        Author::Agent(agent) => inert_line(&agent.name),
        Author::System | Author::Unknown(_) => String::new(),
    }
}

/// What the visitor wrote: the message with that id, or the last one before another event.
fn question(
    desk: Desk,
    conversation: ConversationId,
    is_it: impl Fn(MessageId) -> bool,
    before: Option<MessageId>,
) -> Option<(String, Timestamp)> {
    let entries = untrack(|| desk.read(|replica| replica.entries(conversation)));
    let end = before.and_then(|id| entries.iter().position(|entry| entry.id == id));
    entries
        .into_iter()
        .take(end.unwrap_or(usize::MAX))
        .rev()
        .find_map(|entry| match entry.what {
            What::Asked { text, .. } if is_it(entry.id) => Some((text, entry.at)),
            _ => None,
        })
}

fn why_unanswered(
    desk: Desk,
    conversation: ConversationId,
    change: MessageId,
) -> impl IntoView + use<> {
    let asked = question(desk, conversation, |_| true, Some(change));
    asked.map(
        |(question, at)| view! { <Why conversation question at pack=None label=Word::WhyNot /> },
    )
}

fn answered(desk: Desk, conversation: ConversationId, answer: &Answer) -> impl IntoView + use<> {
    let (of, pack) = (answer.of, answer.source.pack);
    let asked = question(desk, conversation, |id| id == of, None);
    let text = inert(&answer.text);
    let suggestions = (!answer.suggestions.is_empty()).then(|| {
        let titles = answer.suggestions.iter().map(|suggestion| inert_line(&suggestion.title));
        let titles = titles.map(|title| view! { <li dir="auto">{title}</li> }).collect_view();
        view! { <p class="suggested">{move || desk.say(Word::Suggested)}</p><ul class="suggestions">{titles}</ul> }
    });
    view! {
        <div class="bubble" class:doubtful=!answer.source.verified>
            {(!text.is_empty()).then(|| view! { <p class="text" dir="auto">{text}</p> })}
            {suggestions}
        </div>
        {provenance(desk, &answer.source)}
        {asked.map(|(question, at)| view! { <Why conversation question at pack=Some(pack) label=Word::Why /> })}
    }
}

/// Where an answer came from: hop, entry, confidence, and whether that was checked.
fn provenance(desk: Desk, source: &Source) -> impl IntoView + use<> {
    let Source {
        hop,
        confidence,
        verified,
        pack,
        ..
    } = *source;
    let entry = source.entry.as_deref().map(inert_line);
    let percent = format!("{} %", confidence / 10);
    let pack = format!("{pack}");
    let title = move || {
        desk.say(if verified {
            Word::VerifiedMore
        } else {
            Word::NotVerified
        })
    };
    view! {
        <p class="provenance">
            <span class="source">{move || desk.lang.get().hop(hop)}</span>
            {entry.map(|entry| view! { <code class="source" title=pack>{entry}</code> })}
            <span class="source">{percent}" "{move || desk.say(Word::Confidence)}</span>
            <span class="source" class:verified=verified class:doubt=!verified title=title>
                {icon(if verified { icons::SHIELD } else { icons::WARNING })}
                {move || desk.say(if verified { Word::Verified } else { Word::NotVerified })}
            </span>
        </p>
    }
}

/// What a browser wrongly claims that the bot said: nothing that could be taken for an answer.
fn claimed(desk: Desk, claim: &UnverifiedClaim) -> impl IntoView + use<> {
    let text = inert(claim.text.expose());
    view! {
        <aside class="claim">
            <p class="claim-title">{icon(icons::WARNING)}<strong>{move || desk.say(Word::ClaimTitle)}</strong></p>
            <p>{move || desk.say(Word::ClaimMore)}</p>
            <details>
                <summary>{move || desk.say(Word::ClaimShow)}</summary>
                <blockquote dir="auto">{text}</blockquote>
            </details>
        </aside>
    }
}

fn changed(desk: Desk, author: &Author, change: &StatusChange) -> impl IntoView + use<> {
    let (reason, author) = (change.reason, author.clone());
    let who = move || match &author {
        Author::Agent(agent) if desk.agent().is_some_and(|me| me.id == agent.id) => {
            desk.say(Word::You).to_owned()
        }
        Author::Agent(agent) => inert_line(&agent.name),
        Author::Visitor | Author::Bot | Author::System | Author::Unknown(_) => String::new(),
    };
    view! { <p class="change">{move || desk.lang.get().change(reason, &who())}</p> }
}

/// How far a message has got; where it failed, why, and what to do.
fn progress(
    desk: Desk,
    conversation: ConversationId,
    id: MessageId,
    delivery: Memo<Option<Delivery>>,
    text: String,
) -> impl IntoView {
    let text = StoredValue::new(text);
    let is_note = move || {
        desk.read(|replica| {
            replica.outbox().of(conversation).any(|item| {
                item.command.id == id
                    && matches!(
                        item.command.act,
                        firsthop_core::protocol::agent::Act::Note(_)
                    )
            })
        })
    };
    let edit = move |_| {
        desk.put_back.set(Some((is_note(), text.get_value())));
        desk.discard(id);
        focus::at("composer");
    };
    move || {
        delivery.get().map(|delivery| match delivery {
            Delivery::Failed(problem) => view! {
                <div class="progress failed" role="alert">
                    {icon(icons::WARNING)}
                    <span>
                        <strong>{move || desk.say(Word::NotSent)}</strong>
                        ": "
                        {move || desk.lang.get().problem(&problem)}
                    </span>
                    <button class="button small" on:click=move |_| desk.retry(id)>{move || desk.say(Word::Retry)}</button>
                    <button class="button small" on:click=edit>{move || desk.say(Word::EditAgain)}</button>
                    <button class="button small" on:click=move |_| desk.discard(id)>{move || desk.say(Word::Discard)}</button>
                </div>
            }.into_any(),
            Delivery::Sending => view! {
                <p class="progress">
                    {icon(icons::CLOCK)}
                    {move || desk.say(if desk.is_up() { Word::Sending } else { Word::Held })}
                </p>
            }.into_any(),
            Delivery::Stored => view! { <p class="progress">{icon(icons::CHECK)}{move || desk.say(Word::Stored)}</p> }.into_any(),
            Delivery::Delivered => view! { <p class="progress">{icon(icons::CHECKS)}{move || desk.say(Word::Delivered)}</p> }.into_any(),
            Delivery::Read => view! { <p class="progress read">{icon(icons::CHECKS)}{move || desk.say(Word::Read)}</p> }.into_any(),
        })
    }
}
