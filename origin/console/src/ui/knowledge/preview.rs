//! What the draft would change, question by question, and publishing it.

use leptos::prelude::*;

use super::explained::{decided, per_cent};
use super::library::{Library, Loaded, library};
use crate::browser::focus;
use crate::inert::{inert, inert_line};
use crate::knowledge::wire::{Check, Fault};
use crate::knowledge::work::{
    Change, Outcome, PackReport, Preview, Progress, Report, Summary, What,
};
use crate::route::Place;
use crate::ui::dialogs::Confirm;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Publish() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let revision = Memo::new(move |_| {
        library
            .state
            .with(|state| state.ready().map(|state| state.draft.revision))
    });
    let differs = Memo::new(move |_| {
        library
            .state
            .with(|state| state.ready().map(|state| state.draft.differs))
    });
    let check = RwSignal::new(None::<Check>);
    // What is wrong is looked for whenever the draft has changed; a preview is only begun here
    // when somebody who may publish comes and there is something to publish.
    Effect::new(move |before: Option<Option<u64>>| {
        let now = revision.get();
        if let (true, Some(inbox)) = (now.is_some() && before != Some(now), library.inbox_now()) {
            let begin = differs.get_untracked() == Some(true) && untrack(|| library.may_edit());
            leptos::task::spawn_local(async move {
                let found = library.check(&inbox).await.ok();
                let is_right = found.as_ref().is_none_or(|found| found.errors.is_empty());
                if library.still(&inbox) {
                    check.set(found);
                    library.look_at_preview(begin && is_right);
                }
            });
        }
        now
    });
    let wrong = Memo::new(move |_| {
        check.with(|check| check.as_ref().is_some_and(|check| !check.errors.is_empty()))
    });
    view! {
        <main class="bench-page" id="conversation" tabindex="-1" aria-label=move || desk.say(Word::TabPublish)>
            {move || match differs.get() {
                None => view! { <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p> }.into_any(),
                Some(false) => view! { <Nothing /> }.into_any(),
                Some(true) => view! {
                    <div class="page-inner">
                        <Actions wrong />
                        {move || check.get().map(|check| view! { <Checked check /> })}
                        {move || (!wrong.get()).then(|| view! { <Standing /> })}
                    </div>
                }.into_any(),
            }}
        </main>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    view! {
        <div class="empty">
            <span class="empty-icon">{icon(icons::CHECK)}</span>
            <h2>{move || desk.say(Word::NothingToPublish)}</h2>
            <p>{move || desk.say(Word::NothingToPublishMore)}</p>
            <a class="button" href=library.href(Place::Items)>{move || desk.say(Word::BackToItems)}</a>
        </div>
    }
}

/// The head of the page: publishing, or throwing the draft away.
#[component]
fn Actions(wrong: Memo<bool>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let note = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let discarding = RwSignal::new(false);
    let building = Memo::new(move |_| {
        library.preview.with(|preview| {
            matches!(
                preview,
                Loaded::Ready(Preview::Building(_) | Preview::Comparing(_))
            )
        })
    });
    let ready = Memo::new(move |_| {
        library
            .report()
            .is_some_and(|report| !report.stale && !is_behind(library, &report))
    });
    let can = move || library.may_edit() && ready.get() && !busy.get() && !wrong.get();
    let publish = move |_| {
        if !untrack(can) {
            return;
        }
        busy.set(true);
        library.refused.set(None);
        leptos::task::spawn_local(async move {
            let published = library.publish(note.get_untracked().trim()).await;
            busy.set(false);
            match published {
                Ok(version) => {
                    note.set(String::new());
                    library.tell(desk.lang.get_untracked().published(version.version));
                    library.go(Place::History);
                }
                Err(failure) => library.refused.set(Some(failure.problem)),
            }
        });
    };
    let discard = move || {
        leptos::task::spawn_local(async move {
            match library.discard_draft().await {
                Ok(_) => library.tell(
                    desk.lang
                        .get_untracked()
                        .say(Word::DraftDiscarded)
                        .to_owned(),
                ),
                Err(failure) => library.refused.set(Some(failure.problem)),
            }
        });
    };
    let can_discard = move || {
        library.may_edit()
            && library
                .state
                .with(|state| state.ready().is_some_and(|state| state.published.is_some()))
    };
    view! {
        <section class="publish-head">
            <div class="publish-words">
                <h3>{move || desk.say(Word::PublishTitle)}</h3>
                <p>{move || desk.say(if library.may_edit() { Word::PublishMore } else { Word::ReadOnlyMore })}</p>
            </div>
            {move || library.may_edit().then(|| view! {
                <div class="publish-acts">
                    <input
                        class="input" id="publish-note" type="text" maxlength="160" autocomplete="off" dir="auto"
                        placeholder=move || desk.say(Word::PublishNote)
                        aria-label=move || desk.say(Word::PublishNote)
                        prop:value=note
                        on:input=move |event| note.set(event_target_value(&event))
                    />
                    {move || can_discard().then(|| view! {
                        <button class="button" on:click=move |_| discarding.set(true)>{move || desk.say(Word::DiscardDraft)}</button>
                    })}
                    <button
                        id="act-publish" class="button primary"
                        aria-disabled=move || (!can()).then_some("true")
                        on:click=publish
                    >
                        {move || (busy.get() || building.get()).then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                        {move || desk.say(if busy.get() { Word::Publishing } else { Word::Publish })}
                    </button>
                </div>
            })}
            <div class="edit-faults" role="alert">
                {move || library.refused.get().map(|problem| view! { <p>{icon(icons::WARNING)}<span>{desk.lang.get().problem(&problem)}</span></p> })}
            </div>
        </section>
        <Confirm
            open=discarding
            title=Word::DiscardDraftTitle
            lead=Signal::derive(move || desk.say(Word::DiscardDraftMore).to_owned())
            yes=Word::DiscardDraft
            on_yes=discard
        />
    }
}

/// Whether the draft has moved on since the report was made.
fn is_behind(library: Library, report: &Report) -> bool {
    library.state.with(|state| {
        state
            .ready()
            .is_none_or(|state| state.draft.revision != report.revision)
    })
}

/// What stops publishing, and what an editor may want to know.
#[component]
fn Checked(check: Check) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let line = move |fault: Fault| {
        let href = fault.item.map(|item| library.href(Place::Item(item)));
        let text = {
            let fault = fault.clone();
            move || desk.lang.get().knowledge_fault(&fault)
        };
        view! {
            <li>
                {(!fault.field.is_empty()).then(|| view! { <code>{fault.field}</code>" " })}
                <span>{text}</span>
                {href.map(|href| view! { " "<a class="to-item" href=href>{move || desk.say(Word::OpenItem)}</a> })}
            </li>
        }
    };
    let (errors, warnings) = (check.errors, check.warnings);
    let (wrong, warned) = (errors.len(), warnings.len());
    view! {
        {(wrong > 0).then(|| view! {
            <section class="checked wrong" role="alert">
                <h4>{icon(icons::WARNING)}{move || desk.lang.get().faults(wrong)}</h4>
                <ul>{errors.into_iter().map(line).collect_view()}</ul>
            </section>
        })}
        {(warned > 0).then(|| view! {
            <details class="checked">
                <summary>{move || desk.lang.get().warnings(warned)}</summary>
                <ul>{warnings.into_iter().map(line).collect_view()}</ul>
            </details>
        })}
    }
}

/// Where the preview stands.
#[component]
fn Standing() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let again = move |word: Word| {
        view! { <button class="button" on:click=move |_| library.begin_preview()>{move || desk.say(word)}</button> }
    };
    // While it is being made only the bar moves.
    let stage = Memo::new(move |_| {
        library.preview.with(|preview| match preview {
            Loaded::Loading => Stage::Loading,
            Loaded::Failed(_) => Stage::Unreachable,
            Loaded::Ready(Preview::None | Preview::Cancelled) => Stage::None,
            Loaded::Ready(Preview::Building(_)) => Stage::Building,
            Loaded::Ready(Preview::Comparing(_)) => Stage::Comparing,
            Loaded::Ready(Preview::Failed { .. }) => Stage::Failed,
            Loaded::Ready(Preview::Done(_)) => Stage::Done,
        })
    });
    move || {
        match stage.get() {
        Stage::Loading => view! { <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p> }.into_any(),
        Stage::Building => view! { <Making word=Word::Building /> }.into_any(),
        Stage::Comparing => view! { <Making word=Word::Comparing /> }.into_any(),
        Stage::None => view! {
            <div class="empty small"><h3>{move || desk.say(Word::NoPreview)}</h3><p>{move || desk.say(Word::NoPreviewMore)}</p>
                {library.may_edit().then(|| again(Word::MakePreview))}
            </div>
        }.into_any(),
        Stage::Unreachable | Stage::Failed => {
            let why = move || library.preview.with(|preview| match preview {
                Loaded::Failed(problem) => desk.lang.get().problem(problem),
                Loaded::Ready(Preview::Failed { message }) => inert_line(message),
                _ => String::new(),
            });
            view! {
                <div class="empty small" role="alert"><h3>{move || desk.say(Word::PreviewFailed)}</h3><p>{why}</p>{again(Word::Retry)}</div>
            }.into_any()
        }
        Stage::Done => view! { <Reported /> }.into_any(),
    }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loading,
    Unreachable,
    None,
    Building,
    Comparing,
    Failed,
    Done,
}

#[component]
fn Making(word: Word) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let progress = Memo::new(move |_| {
        library.preview.with(|preview| match preview {
            Loaded::Ready(Preview::Building(progress) | Preview::Comparing(progress)) => *progress,
            _ => Progress { done: 0, of: 0 },
        })
    });
    view! {
        <section class="making" role="status">
            <p><strong>{move || desk.say(word)}</strong>" "{move || desk.say(Word::BuildingMore)}</p>
            <progress
                max=move || progress.get().of.max(1)
                value=move || progress.get().done
                aria-label=move || desk.say(word)
            ></progress>
            {move || library.may_edit().then(|| view! {
                <button class="button small" on:click=move |_| library.cancel_preview()>{move || desk.say(Word::Cancel)}</button>
            })}
        </section>
    }
}

/// The report: what changes, and for which questions.
#[component]
fn Reported() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let report = Memo::new(move |_| library.report());
    let behind = Memo::new(move |_| {
        report.with(|report| {
            report
                .as_ref()
                .is_some_and(|report| report.stale || is_behind(library, report))
        })
    });
    let of = move |read: fn(&Report) -> u64| report.with(|it| it.as_ref().map_or(0, read));
    let pack =
        Memo::new(move |_| report.with(|it| it.as_ref().map(|it| it.report).unwrap_or_default()));
    let changes = Memo::new(move |_| {
        report.with(|it| it.as_ref().map(|it| it.changes.clone()).unwrap_or_default())
    });
    let count = move |what: What| {
        report.with(|it| {
            let summary = it.as_ref().map(|it| it.summary).unwrap_or_default();
            number(&summary, what)
        })
    };
    let tile = move |what: What, word: Word| {
        view! {
            <button
                class="tile" data-what=what.as_str()
                aria-pressed=move || if library.what.get() == Some(what) { "true" } else { "false" }
                on:click=move |_| {
                    library.what.update(|shown| *shown = (*shown != Some(what)).then_some(what));
                    library.look_at_preview(false);
                }
            >
                <b class:none=move || count(what) == 0>{move || count(what)}</b><span>{move || desk.say(word)}</span>
            </button>
        }
    };
    let total = move || match library.what.get() {
        Some(what) => count(what),
        None => of(|report| report.changed),
    };
    view! {
        {move || behind.get().then(|| view! {
            <section class="making stale-preview" role="status">
                <p>{move || desk.say(Word::PreviewStale)}</p>
                {move || library.may_edit().then(|| view! { <button class="button small" on:click=move |_| library.begin_preview()>{move || desk.say(Word::MakePreview)}</button> })}
            </section>
        })}
        <div class="tiles" role="group" aria-label=move || desk.say(Word::ChangesBy)>
            {tile(What::NewlyAnswered, Word::NewlyAnswered)}
            {tile(What::AnsweredDifferently, Word::AnsweredDifferently)}
            {tile(What::NoLongerAnswered, Word::NoLongerAnswered)}
            {tile(What::SuggestionsChanged, Word::SuggestionsChanged)}
            {move || (count(What::HandOffChanged) > 0).then(|| tile(What::HandOffChanged, Word::HandOffChanged))}
        </div>
        <p class="pack-facts">{move || {
            let PackReport { entries, phrasings, rules, brotli_bytes, expected_coverage_per_mille, expected_precision_per_mille } = pack.get();
            desk.lang.get().pack_facts(entries, phrasings, rules, brotli_bytes, expected_coverage_per_mille, expected_precision_per_mille)
        }}</p>
        <h4 class="changes-title" id="changes-title">{move || desk.lang.get().changed_of(of(|report| report.changed), of(|report| report.questions))}</h4>
        {move || changes.with(Vec::is_empty).then(|| view! {
            <p class="log-note">{move || desk.say(Word::NoChanges)}</p>
        })}
        <ul class="changes" aria-labelledby="changes-title">
            {move || changes.get().into_iter().map(|change| view! { <li>{row(library, change)}</li> }).collect_view()}
        </ul>
        {move || (changes.with(Vec::len) as u64 <= total().saturating_sub(1)).then(|| view! {
            <button class="button quiet older" on:click=move |_| { library.more_changes(); focus::at("conversation"); }>{move || desk.say(Word::ShowMore)}</button>
        })}
    }
}

const fn number(summary: &Summary, what: What) -> u64 {
    match what {
        What::NoLongerAnswered => summary.no_longer_answered,
        What::AnsweredDifferently => summary.answered_differently,
        What::NewlyAnswered => summary.newly_answered,
        What::SuggestionsChanged => summary.suggestions_changed,
        What::HandOffChanged => summary.hand_off_changed,
        What::Other => 0,
    }
}

fn row(library: Library, change: Change) -> impl IntoView {
    let desk = library.desk;
    let Change {
        question,
        times,
        from,
        what,
        before,
        after,
    } = change;
    view! {
        <article class="change-row" data-what=what.as_str()>
            <p class="change-question" dir="auto">
                {inert_line(&question)}
                {(times > 1 && from == "recent").then(|| view! { <span class="times" title=move || desk.lang.get().asked(times)>"×"{times}</span> })}
            </p>
            <div class="change-side">{outcome(library, before)}</div>
            <span class="change-arrow" aria-hidden="true">{icon(icons::ARROW)}</span>
            <div class="change-side after"><span class="unseen">{move || desk.say(Word::Becomes)}</span>{outcome(library, after)}</div>
        </article>
    }
}

fn outcome(library: Library, outcome: Outcome) -> impl IntoView {
    let sure = (outcome.confidence_per_mille > 0).then(|| per_cent(outcome.confidence_per_mille));
    let titles = outcome
        .entries
        .into_iter()
        .map(|entry| {
            let title = if entry.title.is_empty() {
                entry.entry
            } else {
                entry.title
            };
            view! { <span class="change-entry" dir="auto">{inert_line(&title)}</span> }
        })
        .collect_view();
    view! {
        <p>{decided(library.desk, outcome.decision)}{sure.map(|sure| view! { <span class="match-sure">{sure}</span> })}</p>
        <p class="change-entries">{titles}</p>
        {outcome.text.filter(|text| !text.is_empty()).map(|text| view! { <p class="change-text" dir="auto">{inert(&text)}</p> })}
    }
}
