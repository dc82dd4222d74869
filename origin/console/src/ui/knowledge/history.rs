//! What was published: when, by whom, what it changed; and bringing it back.

use leptos::prelude::*;

use super::library::{Library, Loaded, library};
use crate::browser::calendar;
use crate::inert::{inert, inert_line};
use crate::knowledge::work::{ChangedName, Changes, How, Version};
use crate::route::encoded;
use crate::ui::dialogs::Confirm;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn History() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let back_to = RwSignal::new(None::<u64>);
    let confirming = RwSignal::new(false);
    let body = move || {
        library.versions.with(|versions| match versions {
            Loaded::Loading => view! {
                <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p>
            }
            .into_any(),
            Loaded::Failed(problem) => {
                let problem = problem.clone();
                view! {
                    <div class="empty small" role="alert">
                        <h3>{move || desk.say(Word::NotLoaded)}</h3>
                        <p>{move || desk.lang.get().problem(&problem)}</p>
                        <button class="button" on:click=move |_| library.load_versions()>{move || desk.say(Word::Retry)}</button>
                    </div>
                }
                .into_any()
            }
            Loaded::Ready((versions, _)) if versions.is_empty() => view! {
                <div class="empty">
                    <span class="empty-icon">{icon(icons::CLOCK)}</span>
                    <h2>{move || desk.say(Word::NoVersions)}</h2>
                    <p>{move || desk.say(Word::NoVersionsMore)}</p>
                </div>
            }
            .into_any(),
            Loaded::Ready((versions, next)) => {
                let more = next.is_some();
                let rows = versions
                    .iter()
                    .map(|version| {
                        let number = version.version;
                        let bring_back = move || {
                            back_to.set(Some(number));
                            confirming.set(true);
                        };
                        row(library, version.clone(), bring_back)
                    })
                    .collect_view();
                view! {
                    <ol class="versions">{rows}</ol>
                    {more.then(|| view! { <button class="button quiet older" on:click=move |_| library.more_versions()>{move || desk.say(Word::ShowMore)}</button> })}
                }
                .into_any()
            }
        })
    };
    let roll_back = move || {
        let Some(version) = back_to.get_untracked() else {
            return;
        };
        library.refused.set(None);
        leptos::task::spawn_local(async move {
            match library.roll_back(version, "").await {
                Ok(_) => library.tell(desk.lang.get_untracked().rolled_back(version)),
                Err(failure) => library.refused.set(Some(failure.problem)),
            }
        });
    };
    let differs = move || {
        library
            .state
            .with(|state| state.ready().is_some_and(|state| state.draft.differs))
    };
    let lead = Signal::derive(move || {
        let lang = desk.lang.get();
        let version = back_to.get().unwrap_or_default();
        lang.roll_back_lead(version, differs())
    });
    view! {
        <main class="bench-page" id="conversation" tabindex="-1" aria-label=move || desk.say(Word::TabHistory)>
            <div class="page-inner">
                <div class="edit-faults" role="alert">
                    {move || library.refused.get().map(|problem| view! { <p>{icon(icons::WARNING)}<span>{desk.lang.get().problem(&problem)}</span></p> })}
                </div>
                {body}
            </div>
            <Confirm open=confirming title=Word::RollBackTitle lead yes=Word::RollBack on_yes=roll_back />
        </main>
    }
}

fn row(
    library: Library,
    version: Version,
    bring_back: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let desk = library.desk;
    let Version {
        version: number,
        published_at,
        published_by,
        how,
        of,
        note,
        current,
        entries,
        brotli_bytes,
        has_source,
        changes,
        ..
    } = version;
    let who = published_by.map(|who| inert_line(&who.name));
    let story = move || {
        let lang = desk.lang.get();
        let how = match (how, of) {
            (How::Rollback, Some(of)) => lang.brought_back(of),
            (How::Upload, _) => lang.say(Word::HowUpload).to_owned(),
            (How::Command, _) => lang.say(Word::HowCommand).to_owned(),
            _ => String::new(),
        };
        let when = calendar::moment(published_at, lang);
        [
            Some(when),
            who.clone(),
            Some(how),
            Some(lang.version_facts(entries, brotli_bytes)),
        ]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
    };
    let source = move || {
        let inbox = library.inbox().unwrap_or_default();
        format!(
            "/v1/inboxes/{}/knowledge/versions/{number}/file",
            encoded(&inbox)
        )
    };
    view! {
        <li class="version" class:current=current>
            <span class="version-number">{number}</span>
            <div class="version-body">
                <p class="version-title">
                    <strong>{move || desk.lang.get().version(number)}</strong>
                    {current.then(|| view! { <span class="chip mine">{move || desk.say(Word::CurrentVersion)}</span> })}
                    {counts(&changes)}
                </p>
                {(!note.is_empty()).then(|| view! { <p class="version-note" dir="auto">{inert(&note)}</p> })}
                <p class="version-story">{story}</p>
                {(!changes.names.is_empty()).then(|| names(library, changes.names))}
            </div>
            <div class="version-acts">
                {has_source.then(|| view! { <a class="button quiet small" href=source download=format!("knowledge-{number}.jsonl")>{move || desk.say(Word::Download)}</a> })}
                {move || (library.may_edit() && !current).then(|| view! {
                    <button class="button small roll-back" on:click=move |_| bring_back() aria-label=move || desk.lang.get().roll_back_to(number)>{move || desk.say(Word::RollBack)}</button>
                })}
            </div>
        </li>
    }
}

fn counts(changes: &Changes) -> impl IntoView + use<> {
    [
        ("added", "+", changes.added),
        ("changed", "~", changes.changed),
        ("removed", "−", changes.removed),
    ]
    .into_iter()
    .filter(|(_, _, count)| *count > 0)
    .map(|(what, sign, count)| view! { <span class="delta" data-what=what>{sign}{count}</span> })
    .collect_view()
}

fn names(library: Library, names: Vec<ChangedName>) -> impl IntoView {
    let desk = library.desk;
    let items = names
        .into_iter()
        .filter_map(|changed| {
            let name = changed.name?;
            Some(view! { <li><span class="delta" data-what=changed.what.clone()>{sign(&changed.what)}</span><code>{inert_line(&name)}</code></li> })
        })
        .collect_view();
    view! {
        <details class="version-names">
            <summary>{move || desk.say(Word::WhatChanged)}</summary>
            <ul>{items}</ul>
        </details>
    }
}

fn sign(what: &str) -> &'static str {
    match what {
        "added" => "+",
        "removed" => "−",
        _ => "~",
    }
}
