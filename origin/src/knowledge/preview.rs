//! What publishing a draft would change for visitors, before it is done.
//!
//! One preview for each inbox: the draft's pack is built, then questions are asked of it and of
//! the published one. In: a draft and where the questions come from. Out: how far it is, in the
//! end every question that would be dealt with in another way, and the pack itself. A newer
//! preview, or whoever no longer wants it, stops one that is under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use firsthop_core::answer::Question;
use firsthop_core::answer::diff::{Changed, Comparison, Outcome, What};
use firsthop_core::knowledge::{Knowledge, parse};
use firsthop_core::limits::{
    PREVIEW_CHANGES_MAX, PREVIEW_QUESTIONS_MAX, PREVIEW_TEXT_CHARS_MAX, PREVIEWS_KEPT_MAX,
    RECENT_QUESTIONS_MAX,
};
use firsthop_core::pack::{Pack, PackHash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::PublishError;
use super::building::{Built, Course};
use super::check::{DRAFT, DraftFile};
use super::publishing::file_of;
use crate::app::App;

/// Where the questions come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    /// Given with the request.
    #[serde(default)]
    pub questions: Vec<String>,
    /// What visitors asked lately.
    #[serde(default = "yes")]
    pub recent: bool,
    /// All phrasings of both knowledge files.
    #[serde(default = "yes")]
    pub phrasings: bool,
}

const fn yes() -> bool {
    true
}

/// Where a question came from: of several, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// It came with the request.
    Given,
    /// A visitor asked it.
    Recent,
    /// It stands in a knowledge file.
    Phrasing,
}

/// A question that would be dealt with in another way. Not to be logged.
#[derive(Serialize)]
struct Change {
    question: String,
    from: From,
    times: u32,
    #[serde(flatten)]
    changed: Changed,
}

/// What a preview found.
struct Finished {
    built: Arc<Built>,
    against: Option<PackHash>,
    questions: usize,
    counts: HashMap<What, usize>,
    changes: Vec<Change>,
}

enum State {
    Building,
    Comparing,
    Failed(String),
    Cancelled,
    Done(Arc<Finished>),
}

/// One preview.
pub struct Preview {
    revision: i64,
    wanted: Wanted,
    course: Arc<Course>,
    state: Mutex<State>,
}

/// The previews of all inboxes.
#[derive(Default)]
pub struct Previews {
    by_inbox: Mutex<HashMap<String, Arc<Preview>>>,
}

impl core::fmt::Debug for Previews {
    /// Nothing of them: they hold visitors' questions.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Previews")
    }
}

/// Which part of a finished preview is told.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Changes before it are left out.
    pub offset: usize,
    /// So many changes at most.
    pub limit: usize,
    /// Only changes of this kind.
    pub what: Option<&'a str>,
}

impl Previews {
    /// The inbox's preview.
    #[must_use]
    pub fn get(&self, inbox: &str) -> Option<Arc<Preview>> {
        lock(&self.by_inbox).get(inbox).map(Arc::clone)
    }

    /// Begins one, unless the same is under way or done. `lines` are the draft's at `revision`,
    /// and have no errors.
    pub fn begin(
        &self,
        app: &Arc<App>,
        inbox: &str,
        revision: i64,
        lines: &[(i64, String)],
        wanted: Wanted,
    ) -> Arc<Preview> {
        let mut previews = lock(&self.by_inbox);
        let earlier = previews.get(inbox);
        let against = app.settings().pack(inbox).map(|pack| pack.hash());
        if let Some(same) = earlier
            && same.revision == revision
            && same.wanted == wanted
            && same.is_of_use(against)
        {
            return Arc::clone(same);
        }
        if let Some(earlier) = earlier {
            earlier.cancel();
        }
        let reusable = earlier.and_then(|earlier| earlier.built(revision));
        let preview = Arc::new(Preview {
            revision,
            wanted,
            course: Arc::default(),
            state: Mutex::new(State::Building),
        });
        if previews.len() >= PREVIEWS_KEPT_MAX && !previews.contains_key(inbox) {
            // Whoever still looks at one of those can have it made again.
            previews.retain(|_, kept| kept.is_under_way());
        }
        previews.insert(inbox.to_owned(), Arc::clone(&preview));
        drop(previews);
        let (app, inbox) = (Arc::clone(app), inbox.to_owned());
        let (text, made) = (DraftFile::new(lines).text, Arc::clone(&preview));
        tokio::spawn(async move {
            if let Err(error) = made.make(&app, &inbox, text, reusable).await {
                if !matches!(error, PublishError::Cancelled) {
                    tracing::warn!(inbox, %error, "a preview could not be made");
                }
                made.end(&error);
            }
        });
        preview
    }

    /// Stops the inbox's preview and forgets it.
    pub fn cancel(&self, inbox: &str) {
        if let Some(preview) = lock(&self.by_inbox).remove(inbox) {
            preview.cancel();
        }
    }

    /// Stops all of them: the server is about to end.
    pub fn cancel_all(&self) {
        for (_, preview) in lock(&self.by_inbox).drain() {
            preview.cancel();
        }
    }
}

impl Preview {
    /// The pack that was built of the draft at a revision, if it was.
    #[must_use]
    pub fn built(&self, revision: i64) -> Option<Arc<Built>> {
        match &*lock(&self.state) {
            State::Done(finished) if self.revision == revision => Some(Arc::clone(&finished.built)),
            _ => None,
        }
    }

    /// The pack that was built, whatever of.
    #[must_use]
    pub fn pack(&self) -> Option<Arc<Built>> {
        self.built(self.revision)
    }

    fn cancel(&self) {
        self.course.cancel();
        self.end(&PublishError::Cancelled);
    }

    fn end(&self, error: &PublishError) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Building | State::Comparing) {
            *state = match error {
                PublishError::Cancelled => State::Cancelled,
                error => State::Failed(error.to_string()),
            };
        }
    }

    fn is_under_way(&self) -> bool {
        matches!(*lock(&self.state), State::Building | State::Comparing)
    }

    fn is_of_use(&self, against: Option<PackHash>) -> bool {
        match &*lock(&self.state) {
            State::Building | State::Comparing => true,
            State::Done(finished) => finished.against == against,
            State::Failed(_) | State::Cancelled => false,
        }
    }

    async fn make(
        &self,
        app: &Arc<App>,
        inbox: &str,
        text: Vec<u8>,
        reusable: Option<Arc<Built>>,
    ) -> Result<(), PublishError> {
        let built = match reusable {
            Some(built) => built,
            None => {
                let course = Arc::clone(&self.course);
                Arc::new(app.workshop.build(DRAFT, text.clone(), course).await?)
            }
        };
        if self.course.is_cancelled() {
            return Err(PublishError::Cancelled);
        }
        self.course.set(0, 0);
        *lock(&self.state) = State::Comparing;
        let mut asked = Asked::default();
        for question in &self.wanted.questions {
            asked.add(question, From::Given);
        }
        if self.wanted.recent {
            let recent = app.store.recent_questions(inbox, RECENT_QUESTIONS_MAX);
            for question in recent.await? {
                asked.add(question.expose(), From::Recent);
            }
        }
        let mut files = Vec::new();
        if self.wanted.phrasings {
            let published = app.store.last_version(inbox).await?;
            if let Some(version) = published {
                files.extend(file_of(&app.store, &version).await?);
            }
            files.push(text);
        }
        let (old, course) = (app.settings().pack(inbox), Arc::clone(&self.course));
        let compared =
            tokio::task::spawn_blocking(move || compare(built, old, asked, &files, &course));
        let finished = compared
            .await
            .map_err(|_| PublishError::Build("comparing failed".to_owned()))??;
        let mut state = lock(&self.state);
        if matches!(*state, State::Comparing) {
            *state = State::Done(Arc::new(finished));
        }
        Ok(())
    }

    /// For the API. `current` is the draft's revision now.
    #[must_use]
    pub fn to_json(&self, current: i64, part: Part<'_>) -> Value {
        let revision = self.revision;
        let (done, of) = self.course.progress();
        let finished = match &*lock(&self.state) {
            State::Building => {
                return json!({ "state": "building", "revision": revision, "done": done, "of": of });
            }
            State::Comparing => {
                return json!({ "state": "comparing", "revision": revision, "done": done, "of": of });
            }
            State::Failed(message) => {
                return json!({ "state": "failed", "revision": revision, "message": message });
            }
            State::Cancelled => return json!({ "state": "cancelled", "revision": revision }),
            State::Done(finished) => Arc::clone(finished),
        };
        let of_kind = |change: &&Change| {
            part.what
                .is_none_or(|what| change.changed.what.as_str() == what)
        };
        let changes = finished.changes.iter().filter(of_kind);
        let changes: Vec<_> = changes.skip(part.offset).take(part.limit).collect();
        let summary: serde_json::Map<_, _> = What::ALL
            .iter()
            .map(|what| {
                let count = finished.counts.get(what).copied().unwrap_or_default();
                (what.as_str().to_owned(), json!(count))
            })
            .collect();
        let Built {
            pack, report, took, ..
        } = &*finished.built;
        json!({
            "state": "done",
            "revision": revision,
            "stale": revision != current,
            "pack": pack.hash,
            "against": finished.against,
            "report": {
                "entries": report.entries,
                "phrasings": report.phrasings,
                "rules": report.rules,
                "bytes": report.bytes,
                "brotli_bytes": pack.brotli.len(),
                "train_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "expected_top1_per_mille": report.expected_top1,
                "expected_coverage_per_mille": report.expected_coverage,
                "expected_precision_per_mille": report.expected_precision,
            },
            "questions": finished.questions,
            "changed": finished.counts.values().sum::<usize>(),
            "summary": summary,
            "offset": part.offset,
            "changes": changes,
        })
    }
}

/// Questions, each once.
#[derive(Default)]
struct Asked {
    questions: Vec<(String, From, u32)>,
    places: HashMap<String, usize>,
}

impl Asked {
    fn add(&mut self, question: &str, from: From) {
        let question = question.trim();
        if let Some((_, _, times)) = self
            .places
            .get(question)
            .and_then(|place| self.questions.get_mut(*place))
        {
            *times += 1;
        } else if !question.is_empty() && self.questions.len() < PREVIEW_QUESTIONS_MAX {
            self.places
                .insert(question.to_owned(), self.questions.len());
            self.questions.push((question.to_owned(), from, 1));
        }
    }

    fn add_phrasings(&mut self, file: &[u8]) {
        // What was published, or is being previewed, has been read without errors before.
        let Knowledge { entries, .. } = parse(DRAFT, file).unwrap_or_default();
        for entry in entries {
            for phrasing in entry.phrasings {
                self.add(&phrasing.text, From::Phrasing);
            }
        }
    }
}

fn compare(
    built: Arc<Built>,
    old: Option<Arc<Pack>>,
    mut asked: Asked,
    files: &[Vec<u8>],
    course: &Course,
) -> Result<Finished, PublishError> {
    for file in files {
        asked.add_phrasings(file);
    }
    let new = Pack::load(built.pack.bytes.clone(), built.pack.hash)
        .map_err(|error| PublishError::Build(error.to_string()))?;
    let mut comparison = Comparison::new(old.as_deref(), &new);
    let mut counts = HashMap::new();
    let mut changes = Vec::new();
    let questions = asked.questions.len();
    for (at, (question, from, times)) in asked.questions.into_iter().enumerate() {
        course.set(at, questions);
        if course.is_cancelled() {
            return Err(PublishError::Cancelled);
        }
        let Some(mut changed) = comparison.of(&Question::new(&question)) else {
            continue;
        };
        *counts.entry(changed.what).or_insert(0) += 1;
        shorten(&mut changed.before);
        shorten(&mut changed.after);
        changes.push(Change {
            question,
            from,
            times,
            changed,
        });
    }
    changes.sort_by_key(|change| (change.changed.what, core::cmp::Reverse(change.times)));
    changes.truncate(PREVIEW_CHANGES_MAX);
    Ok(Finished {
        built,
        against: old.map(|old| old.hash()),
        questions,
        counts,
        changes,
    })
}

fn shorten(outcome: &mut Outcome) {
    if let Outcome::Answer { text, .. } = outcome
        && let Some((end, _)) = text.char_indices().nth(PREVIEW_TEXT_CHARS_MAX)
    {
        text.truncate(end);
        text.push('…');
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
