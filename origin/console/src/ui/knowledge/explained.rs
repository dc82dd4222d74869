//! Why the bot did what it did: for a question that is tried, and for one in a conversation.

use std::sync::Arc;

use firsthop_core::Timestamp;
use firsthop_core::answer::Question;
use firsthop_core::id::ConversationId;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::{Code, Problem};
use leptos::prelude::*;

use super::library::library;
use super::trial::Packs;
use crate::inert::{inert, inert_line};
use crate::knowledge::explain::{Explained, Found, explain};
use crate::knowledge::work::Decision;
use crate::ui::desk::Desk;
use crate::ui::icons::{self, Icon, icon};
use crate::words::Word;

/// A decision's word and sign.
pub(super) const fn decision_words(decision: Decision) -> (Word, Icon) {
    match decision {
        Decision::Answer => (Word::DecisionAnswer, icons::CHECK),
        Decision::Suggest => (Word::DecisionSuggest, icons::STACK),
        Decision::HandOff => (Word::DecisionHandOff, icons::PERSON),
        Decision::Flow => (Word::DecisionFlow, icons::RULE),
        Decision::Escalate | Decision::Other => (Word::DecisionEscalate, icons::CLOCK),
    }
}

/// A decision, as a chip.
pub(super) fn decided(desk: Desk, decision: Decision) -> impl IntoView {
    let (word, picture) = decision_words(decision);
    view! {
        <span class="decision" data-decision=decision.as_str()>{icon(picture)}{move || desk.say(word)}</span>
    }
}

/// Everything that a decision rests on. `inbox`: where its entries can be looked up.
#[component]
pub(super) fn Explanation(explained: Explained, inbox: Option<String>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let Explained {
        decision,
        answer,
        hot,
        small_talk,
        held_back,
        rule,
        marks,
        found,
        sure: [sure, suggests, answers],
        weighed,
        entities,
    } = explained;
    let by_model = !hot && rule.is_none();
    let reason = move || {
        let lang = desk.lang.get();
        match (&rule, hot) {
            (Some(rule), _) => lang.by_rule(&inert_line(rule)),
            (None, true) if small_talk => lang.say(Word::WhySmallTalk).to_owned(),
            (None, true) => lang.say(Word::WhyHot).to_owned(),
            (None, false) => lang.say(Word::WhyModel).to_owned(),
        }
    };
    let open = {
        move |entry: String| {
            let inbox = inbox.clone();
            move |_| {
                if let Some(inbox) = inbox.clone() {
                    library.go_to_entry(inbox, entry.clone());
                }
            }
        }
    };
    let matches = found
        .into_iter()
        .map(|found| {
            let Found {
                entry,
                title,
                confidence,
            } = found;
            let id = inert_line(&entry);
            view! {
                <li>
                    <button class="match" on:click=open(entry)>
                        <span class="match-title" dir="auto">{inert_line(&title)}</span>
                        <code>{id}</code>
                        <span class="match-sure">{per_cent(confidence)}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    let words = (by_model && !weighed.is_empty()).then(|| {
        let chips = weighed
            .into_iter()
            .map(|(text, share)| {
                view! {
                    <li class="weight" class:against={share < 0} style:--share=format!("{}%", share.unsigned_abs())>
                        <span dir="auto">{inert_line(&text)}</span>
                        <b>{if share < 0 { "−" } else { "+" }}</b>
                    </li>
                }
            })
            .collect_view();
        view! {
            <p class="why-label">{move || desk.say(Word::WhyWords)}</p>
            <ul class="weights">{chips}</ul>
        }
    });
    let things = (!entities.is_empty()).then(|| {
        let things = entities
            .into_iter()
            .map(|(name, value)| view! { <li><code>{inert_line(&name)}</code>" "<span dir="auto">{inert_line(&value)}</span></li> })
            .collect_view();
        view! {
            <p class="why-label">{move || desk.say(Word::WhyEntities)}</p>
            <ul class="things">{things}</ul>
        }
    });
    view! {
        <div class="explained">
            <p class="explained-head">{decided(desk, decision)}<span class="why-reason">{reason}</span></p>
            {answer.map(|answer| view! { <p class="explained-answer text" dir="auto">{inert(&answer)}</p> })}
            {by_model.then(|| {
                view! {
                    <div class="meter" role="img" aria-label=move || desk.lang.get().sure(sure, answers)>
                        <i class="meter-fill" class:enough={sure >= answers} style:inline-size=format!("{}%", f32::from(sure) / 10.0)></i>
                        <b class="meter-mark" style:inset-inline-start=format!("{}%", f32::from(suggests) / 10.0)></b>
                        <b class="meter-mark strong" style:inset-inline-start=format!("{}%", f32::from(answers) / 10.0)></b>
                    </div>
                    <p class="meter-text" aria-hidden="true">{move || desk.lang.get().sure(sure, answers)}</p>
                }
            })}
            {held_back.map(|why| view! { <p class="held-back" dir="auto">{move || desk.lang.get().held_back(&why)}</p> })}
            {words}
            {(!marks.is_empty()).then(|| view! {
                <p class="why-label">{move || desk.say(Word::WhyMarks)}</p>
                <ul class="weights">{marks.into_iter().map(|mark| view! { <li class="weight plain" dir="auto">{inert_line(&mark)}</li> }).collect_view()}</ul>
            })}
            {things}
            <p class="why-label">{move || desk.say(if decision == Decision::Escalate { Word::WhyNearest } else { Word::WhyEntries })}</p>
            <ul class="matches">{matches}</ul>
        </div>
    }
}

/// ‰ as per cent.
pub(super) fn per_cent(per_mille: u16) -> String {
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

/// A button that tells why the bot answered a question as it did.
#[component]
pub(in crate::ui) fn Why(
    /// In which conversation.
    conversation: ConversationId,
    /// What was asked.
    question: String,
    /// When.
    at: Timestamp,
    /// From which pack it was answered; nothing: the one that is published now.
    pack: Option<PackHash>,
    /// What the button says.
    label: Word,
) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let packs = expect_context::<Packs>();
    let open = RwSignal::new(false);
    let result = RwSignal::new(None::<Result<Explained, Problem>>);
    let question = StoredValue::new(question);
    let summary = move || desk.read(|replica| replica.list().get(conversation).cloned());
    // The inbox by its name, which is what conversations know of it.
    let inbox = move || {
        let name = summary()?.inbox;
        library.inboxes.with(|inboxes| {
            let inboxes = inboxes.ready()?;
            inboxes.iter().find(|inbox| inbox.name == name).cloned()
        })
    };
    let load = move || {
        leptos::task::spawn_local(async move {
            // What is published now is asked anew: it may have changed since.
            if pack.is_none() || library.inboxes.with_untracked(|it| it.ready().is_none()) {
                library.fetch_inboxes().await;
            }
            let found = untrack(inbox);
            let hash = pack.or_else(|| found?.pack);
            let loaded = match hash {
                Some(hash) => packs.published(hash).await,
                None => Err(Problem::new(Code::NotFound, "nothing was published")),
            };
            let (lang, page) = untrack(summary).map_or((None, None), |summary| {
                // Where the visitor is now: the page of the question is not kept.
                let page = summary.page.map(|page| page.url.expose().clone());
                (Some(summary.lang), page)
            });
            result.set(Some(loaded.map(|pack| {
                let text = question.get_value();
                let asked = Question {
                    lang: lang.as_deref().filter(|lang| !lang.is_empty()),
                    page: page.as_deref().unwrap_or_default(),
                    at: Some(at),
                    ..Question::new(&text)
                };
                explain(&Arc::clone(&pack), &asked)
            })));
        });
    };
    let press = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() && result.with_untracked(Option::is_none) {
            load();
        }
    };
    view! {
        <div class="why">
            <button class="why-button" aria-expanded=move || if open.get() { "true" } else { "false" } on:click=press>
                {move || desk.say(label)}
            </button>
            {move || open.get().then(|| view! {
                <div class="why-body">
                    {pack.is_none().then(|| view! { <p class="why-label">{move || desk.say(Word::WhyNow)}</p> })}
                    {move || match result.get() {
                        None => view! { <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p> }.into_any(),
                        Some(Ok(explained)) => view! { <Explanation explained inbox=untrack(inbox).map(|inbox| inbox.key) /> }.into_any(),
                        Some(Err(problem)) => view! { <p class="list-fault" role="alert">{desk.lang.get().problem(&problem)}</p> }.into_any(),
                    }}
                </div>
            })}
        </div>
    }
}
