//! Trying a question: the same answerer as everywhere, in the editor's own browser.
//!
//! Invariant: a pack is asked only if its bytes have the hash by which it was fetched, wherever
//! the browser can tell. Packs that were fetched are kept, a few of them.

use std::sync::Arc;

use firsthop_core::answer::Question;
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::{Code, Problem};
use leptos::prelude::*;

use super::explained::Explanation;
use super::library::{Loaded, library};
use crate::browser::{clock, digest, http};
use crate::knowledge::explain::{Explained, explain};
use crate::knowledge::work::Preview;
use crate::route::encoded;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// How many packs are kept.
const PACKS_KEPT: usize = 4;

/// The packs that were fetched. It is a handle: copies are the same packs.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Packs {
    kept: StoredValue<Vec<Arc<Pack>>>,
}

impl Packs {
    pub(in crate::ui) fn new() -> Self {
        Self {
            kept: StoredValue::new(Vec::new()),
        }
    }

    /// A published pack.
    pub(in crate::ui) async fn published(self, hash: PackHash) -> Result<Arc<Pack>, Problem> {
        self.fetch(hash, &format!("/v1/packs/{hash}")).await
    }

    /// The pack of an inbox's draft, as the preview built it.
    async fn draft(self, inbox: &str, hash: PackHash) -> Result<Arc<Pack>, Problem> {
        let path = format!("/v1/inboxes/{}/knowledge/preview/pack", encoded(inbox));
        self.fetch(hash, &path).await
    }

    async fn fetch(self, hash: PackHash, path: &str) -> Result<Arc<Pack>, Problem> {
        let kept = self
            .kept
            .with_value(|kept| kept.iter().find(|pack| pack.hash() == hash).cloned());
        if let Some(pack) = kept {
            return Ok(pack);
        }
        let bytes = http::bytes(path).await?;
        if digest::sha256(&bytes)
            .await
            .is_some_and(|found| found != hash.0)
        {
            return Err(Problem::new(
                Code::Internal,
                "the pack is not the one that was asked for",
            ));
        }
        let pack = Pack::load(bytes, hash)
            .map(Arc::new)
            .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
        self.kept.update_value(|kept| {
            kept.insert(0, Arc::clone(&pack));
            kept.truncate(PACKS_KEPT);
        });
        Ok(pack)
    }
}

/// Which pack is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Published,
    Draft,
}

/// See the module.
#[component]
pub(super) fn Trial(open: RwSignal<bool>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let packs = expect_context::<Packs>();
    let which = RwSignal::new(Which::Published);
    let question = RwSignal::new(String::new());
    let result = RwSignal::new(None::<Result<Explained, Problem>>);
    let asking = RwSignal::new(false);
    let published = Memo::new(move |_| {
        library
            .state
            .with(|state| state.ready()?.published.as_ref().map(|it| it.pack))
    });
    let draft = Memo::new(move |_| match library.preview.get().ready() {
        Some(Preview::Done(report)) if !is_stale(library, report.revision) => Some(report.pack),
        _ => None,
    });
    let building = Memo::new(move |_| {
        library.preview.with(|preview| match preview {
            Loaded::Ready(Preview::Building(progress) | Preview::Comparing(progress)) => {
                Some(*progress)
            }
            _ => None,
        })
    });
    let ask = move || {
        let text = question.get_untracked();
        let Some(inbox) = library.inbox_now() else {
            return;
        };
        if text.trim().is_empty() {
            result.set(None);
            return;
        }
        let (which_now, published, draft) = (
            which.get_untracked(),
            published.get_untracked(),
            draft.get_untracked(),
        );
        asking.set(true);
        leptos::task::spawn_local(async move {
            let pack = match (which_now, published, draft) {
                (Which::Published, Some(hash), _) => packs.published(hash).await,
                (Which::Draft, _, Some(hash)) => packs.draft(&inbox, hash).await,
                _ => {
                    asking.set(false);
                    return result.set(None);
                }
            };
            asking.set(false);
            // Somebody typed on.
            if text != question.get_untracked() || which_now != which.get_untracked() {
                return;
            }
            result.set(Some(pack.map(|pack| explain(&pack, &asked_now(&text)))));
        });
    };
    // A new pack is asked the same again.
    Effect::new(move |_| {
        published.track();
        draft.track();
        which.track();
        ask();
    });
    let choose = move |each: Which, word: Word| {
        view! {
            <label>
                <input type="radio" name="which-pack" prop:checked=move || which.get() == each on:change=move |_| which.set(each) />
                <span>{move || desk.say(word)}</span>
            </label>
        }
    };
    // The draft's pack is made when somebody wants to ask it.
    let missing = move || {
        let (which, lang) = (which.get(), desk.lang.get());
        match which {
            Which::Published => published.get().is_none().then(|| {
                view! { <p class="form-hint">{lang.say(Word::NothingPublished)}</p> }.into_any()
            }),
            Which::Draft if draft.get().is_none() => Some(match building.get() {
                Some(progress) => view! {
                    <p class="form-hint" role="status">{lang.say(Word::Building)}</p>
                    <progress max=progress.of value=progress.done aria-label=lang.say(Word::Building)></progress>
                }
                .into_any(),
                None => view! {
                    <p class="form-hint">{lang.say(Word::DraftNotBuilt)}</p>
                    {library.may_edit().then(|| view! {
                        <button class="button small" on:click=move |_| library.begin_preview()>{lang.say(Word::BuildDraft)}</button>
                    })}
                }
                .into_any(),
            }),
            Which::Draft => None,
        }
    };
    view! {
        <aside class="trial" class:open=move || open.get() aria-label=move || desk.say(Word::TryQuestion)>
            <header class="pane-head">
                <h3>{move || desk.say(Word::TryQuestion)}</h3>
                <button class="button icon-only close-trial" aria-label=move || desk.say(Word::Close) on:click=move |_| open.set(false)>{icon(icons::CROSS)}</button>
            </header>
            <div class="trial-body">
                <fieldset class="segments">
                    <legend>{move || desk.say(Word::WhichPack)}</legend>
                    {choose(Which::Published, Word::PublishedPack)}
                    {choose(Which::Draft, Word::DraftPack)}
                </fieldset>
                <textarea
                    class="input area" id="try" rows="2" dir="auto"
                    placeholder=move || desk.say(Word::TryPlaceholder)
                    aria-label=move || desk.say(Word::TryPlaceholder)
                    prop:value=question
                    on:input=move |event| {
                        question.set(event_target_value(&event));
                        ask();
                    }
                ></textarea>
                {missing}
                <div class="trial-result" aria-live="polite" aria-busy=move || asking.get().then_some("true")>
                    {move || match result.get() {
                        None => ().into_any(),
                        Some(Ok(explained)) => view! { <Explanation explained inbox=library.inbox_now() /> }.into_any(),
                        Some(Err(problem)) => view! { <p class="list-fault" role="alert">{desk.lang.get().problem(&problem)}</p> }.into_any(),
                    }}
                </div>
                <p class="form-hint trial-note">{move || desk.say(Word::TryNote)}</p>
            </div>
        </aside>
    }
}

/// The question as a visitor would ask it now, on no particular page.
fn asked_now(text: &str) -> Question<'_> {
    Question {
        at: Some(clock::local()),
        ..Question::new(text)
    }
}

/// Whether the draft has changed since that revision.
fn is_stale(library: super::library::Library, revision: u64) -> bool {
    library.state.with(|state| {
        state
            .ready()
            .is_none_or(|state| state.draft.revision != revision)
    })
}
