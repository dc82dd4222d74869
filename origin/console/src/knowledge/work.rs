//! Bodies of the requests about the whole of an inbox's knowledge: previews, versions, and the
//! questions that were handed off. As for [`wire`](super::wire), what later versions add is
//! passed over.

use firsthop_core::Timestamp;
use firsthop_core::json::Json;
use firsthop_core::pack::PackHash;
use serde::{Deserialize, Serialize};

use super::wire::{Item, Who};

/// A published version.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Version {
    /// Counts them.
    pub version: u64,
    /// Its pack.
    pub pack: PackHash,
    /// When.
    pub published_at: Timestamp,
    /// By whom.
    #[serde(default)]
    pub published_by: Option<Who>,
    /// How it came about.
    #[serde(default)]
    pub how: How,
    /// The version that a rollback brought back.
    #[serde(default)]
    pub of: Option<u64>,
    /// What the editor said about it.
    #[serde(default)]
    pub note: String,
    /// Whether visitors are answered from it now.
    #[serde(default)]
    pub current: bool,
    /// How many entries it has.
    pub entries: u64,
    /// Its size as it is sent.
    #[serde(default)]
    pub brotli_bytes: u64,
    /// Whether what it was made of is kept.
    #[serde(default)]
    pub has_source: bool,
    /// What it changed.
    #[serde(default)]
    pub changes: Changes,
}

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// In this editor.
    #[default]
    Editor,
    /// A file was uploaded.
    Upload,
    /// On the command line.
    Command,
    /// An older version was brought back.
    Rollback,
    /// In a way that this version does not know.
    #[serde(other)]
    Other,
}

/// What a version changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// How many items are new.
    pub added: u64,
    /// How many say something else.
    pub changed: u64,
    /// How many are gone.
    pub removed: u64,
    /// Some of them by name.
    pub names: Vec<ChangedName>,
}

/// An item that a version changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangedName {
    /// `added`, `changed` or `removed`.
    pub what: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

/// The answer to `GET …/versions`.
#[derive(Debug, Deserialize)]
pub struct Versions {
    /// Newest first.
    pub versions: Vec<Version>,
    /// Before which to go on.
    #[serde(default)]
    pub next: Option<u64>,
}

/// Where the preview stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Preview {
    /// There is none.
    None,
    /// It was stopped.
    Cancelled,
    /// The draft's pack is being built.
    Building(Progress),
    /// Questions are being asked to both packs.
    Comparing(Progress),
    /// It could not be built.
    Failed {
        /// Why.
        message: String,
    },
    /// It is there.
    Done(Box<Report>),
}

/// How far a preview has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Progress {
    /// So many steps are done.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// What the draft would change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Report {
    /// The draft's revision that it is about.
    pub revision: u64,
    /// Whether the draft has changed since.
    #[serde(default)]
    pub stale: bool,
    /// The draft's pack.
    pub pack: PackHash,
    /// About the pack itself.
    pub report: PackReport,
    /// How many questions were asked.
    pub questions: u64,
    /// How many would be answered differently.
    pub changed: u64,
    /// Of which kinds.
    pub summary: Summary,
    /// Some of them.
    pub changes: Vec<Change>,
}

/// What is known of a built pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct PackReport {
    /// Its entries.
    pub entries: u64,
    /// Their phrasings.
    pub phrasings: u64,
    /// Its rules.
    pub rules: u64,
    /// Its size as it is sent.
    pub brotli_bytes: u64,
    /// The share of questions that it is expected to answer.
    pub expected_coverage_per_mille: u64,
    /// The share of its answers that are expected to be right.
    pub expected_precision_per_mille: u64,
}

/// How many questions of each kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The bot had no answer and would have one.
    pub newly_answered: u64,
    /// The bot had an answer and would have none.
    pub no_longer_answered: u64,
    /// The bot would answer something else.
    pub answered_differently: u64,
    /// The bot would suggest something else.
    pub suggestions_changed: u64,
    /// The bot would call a person where it did not, or the other way round.
    pub hand_off_changed: u64,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The bot had an answer and would have none.
    NoLongerAnswered,
    /// The bot would answer something else.
    AnsweredDifferently,
    /// The bot had no answer and would have one.
    NewlyAnswered,
    /// The bot would suggest something else.
    SuggestionsChanged,
    /// The bot would call a person where it did not, or the other way round.
    HandOffChanged,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

impl What {
    /// The word for it in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLongerAnswered => "no_longer_answered",
            Self::AnsweredDifferently => "answered_differently",
            Self::NewlyAnswered => "newly_answered",
            Self::SuggestionsChanged => "suggestions_changed",
            Self::HandOffChanged => "hand_off_changed",
            Self::Other => "other",
        }
    }
}

/// A question that would be answered differently.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Change {
    /// The question.
    pub question: String,
    /// How often it was asked, or stands in the knowledge.
    #[serde(default)]
    pub times: u64,
    /// `recent`: a visitor asked it; `phrasing`: it stands in the knowledge.
    #[serde(default)]
    pub from: String,
    /// What kind of change.
    pub what: What,
    /// What happens now.
    pub before: Outcome,
    /// What would happen.
    pub after: Outcome,
}

/// What the bot does with a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// In a word.
    pub decision: Decision,
    /// Entries that it names.
    #[serde(default)]
    pub entries: Vec<EntryRef>,
    /// How sure it is.
    #[serde(default)]
    pub confidence_per_mille: u16,
    /// The beginning of the answer.
    #[serde(default)]
    pub text: Option<String>,
}

/// A decision of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It answers.
    Answer,
    /// It asks whether one of some entries is meant.
    Suggest,
    /// It calls a person because the visitor wants one.
    HandOff,
    /// It starts a flow.
    Flow,
    /// It does not know.
    Escalate,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

impl Decision {
    /// The word for it in the style sheet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Suggest => "suggest",
            Self::HandOff => "hand_off",
            Self::Flow => "flow",
            Self::Escalate | Self::Other => "escalate",
        }
    }
}

/// An entry, by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EntryRef {
    /// Its id.
    pub entry: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
}

/// Questions that mean the same and were handed off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// Names it, as long as it is open.
    pub group: String,
    /// How many questions.
    pub count: u64,
    /// Of how many visitors.
    #[serde(default)]
    pub visitors: u64,
    /// The last one.
    pub last_at: Timestamp,
    /// The language of most.
    #[serde(default)]
    pub lang: String,
    /// The most typical ones.
    #[serde(default)]
    pub samples: Vec<String>,
    /// The entry that fits best.
    #[serde(default)]
    pub suggested: Option<Suggested>,
    /// All of them, where one group was asked for.
    #[serde(default)]
    pub questions: Vec<Asked>,
}

/// The entry that fits a group best.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Suggested {
    /// Its number in the draft.
    pub item: u64,
    /// Its id.
    pub entry: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
}

/// A question that was handed off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asked {
    /// What was asked.
    pub text: String,
    /// When last.
    pub at: Timestamp,
    /// How often.
    #[serde(default)]
    pub count: u64,
    /// Where, for one of them.
    #[serde(default)]
    pub conversation: Option<String>,
}

/// The answer to `GET …/groups`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Groups {
    /// Some of them.
    pub groups: Vec<Group>,
    /// How many there are.
    pub total: u64,
    /// How many questions they hold.
    #[serde(default)]
    pub questions: u64,
}

/// What an editor does with a group.
#[derive(Debug, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Settle<'a> {
    /// Makes an entry of it.
    Entry {
        /// The entry.
        value: &'a Json,
    },
    /// Adds it to an entry.
    Phrasings {
        /// The entry's number.
        item: u64,
        /// What to add.
        phrasings: &'a [String],
    },
    /// It needs no answer.
    Dismiss,
}

/// The answer to [`Settle`].
#[derive(Debug, Deserialize)]
pub struct Settled {
    /// The entry as it is now.
    #[serde(default)]
    pub item: Option<Item>,
}

/// Which questions a preview asks. What is left out has the origin's default: recent questions
/// and all phrasings.
#[derive(Debug, Default, Serialize)]
pub struct AskFor {}

/// A remark on a version.
#[derive(Debug, Serialize)]
pub struct Remark<'a> {
    /// The remark.
    pub note: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash() -> String {
        "ab".repeat(32)
    }

    #[test]
    fn a_preview_is_read_in_every_state() {
        let read = |body: &str| serde_json::from_str::<Preview>(body).unwrap();
        assert_eq!(read(r#"{"state":"none"}"#), Preview::None);
        assert_eq!(
            read(r#"{"state":"building","revision":12,"done":17,"of":120}"#),
            Preview::Building(Progress { done: 17, of: 120 })
        );
        let done = format!(
            r#"{{"state":"done","revision":12,"stale":false,"pack":"{0}","against":null,
            "report":{{"entries":1,"phrasings":2,"rules":0,"bytes":9,"brotli_bytes":5,"train_ms":3,
              "expected_coverage_per_mille":800,"expected_precision_per_mille":970,"expected_top1_per_mille":900}},
            "questions":10,"changed":1,"summary":{{"newly_answered":1,"no_longer_answered":0,"answered_differently":0,"suggestions_changed":0}},
            "offset":0,"changes":[{{"question":"q","from":"recent","times":3,
              "before":{{"decision":"escalate","entries":[],"confidence_per_mille":100}},
              "after":{{"decision":"answer","entries":[{{"entry":"a","title":"A"}}],"confidence_per_mille":990,"text":"x"}},
              "what":"newly_answered"}}]}}"#,
            hash()
        );
        let Preview::Done(report) = read(&done) else {
            panic!("not done");
        };
        assert_eq!(report.changes[0].after.decision, Decision::Answer);
        assert_eq!(report.changes[0].what, What::NewlyAnswered);
    }

    #[test]
    fn what_is_sent_has_the_form_that_the_origin_reads() {
        let sent = |settle: &Settle<'_>| serde_json::to_string(settle).unwrap();
        assert_eq!(sent(&Settle::Dismiss), r#"{"act":"dismiss"}"#);
        let phrasings = ["a".to_owned()];
        assert_eq!(
            sent(&Settle::Phrasings {
                item: 7,
                phrasings: &phrasings
            }),
            r#"{"act":"phrasings","item":7,"phrasings":["a"]}"#
        );
    }
}
