//! Bodies of the requests about knowledge, as `docs/editing.md` describes them.
//!
//! In and out: JSON. Invariant: a field that a later origin adds is passed over, and a word that
//! it adds is [`Decision::Other`] or the like, never an error. Not here: `fetch`
//! (`browser::http`).

use firsthop_core::Timestamp;
use firsthop_core::json::Json;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::{Code, Problem};
use serde::{Deserialize, Serialize};

use super::work::Version;
use crate::rest::read_problem;

/// Why a request about knowledge was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// In a word and a sentence.
    pub problem: Problem,
    /// Somebody else changed it first.
    pub overtaken: bool,
    /// What is wrong with the knowledge, if that is it.
    pub faults: Vec<Fault>,
}

impl Failure {
    /// Reads the answer.
    pub fn read(status: u16, body: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Beside {
            errors: Vec<Fault>,
        }
        let beside: Beside = serde_json::from_str(body).unwrap_or_default();
        Self {
            problem: read_problem(status, body),
            overtaken: status == 412,
            faults: beside.errors,
        }
    }

    /// What answered is no origin of this version.
    pub fn not_understood() -> Self {
        let problem = Problem::new(
            Code::Internal,
            "the answer is not what this version of the console understands",
        );
        problem.into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            overtaken: false,
            faults: Vec::new(),
        }
    }
}

/// An inbox, as `GET /v1/inboxes` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Inbox {
    /// Names it in addresses.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it answers from.
    #[serde(default)]
    pub pack: Option<PackHash>,
}

/// The answer to `GET /v1/inboxes`.
#[derive(Debug, Deserialize)]
pub struct Inboxes {
    /// All of them.
    pub inboxes: Vec<Inbox>,
}

/// Who did something; nobody where it was the command line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Who {
    /// Their name.
    pub name: String,
}

/// The draft as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Draft {
    /// Counts its changes.
    pub revision: u64,
    /// How many items it has.
    pub items: u64,
    /// Whether it is not what is published.
    pub differs: bool,
    /// When it last changed.
    #[serde(default)]
    pub changed_at: Option<Timestamp>,
    /// By whom.
    #[serde(default)]
    pub changed_by: Option<Who>,
    /// How many of each kind.
    #[serde(default)]
    pub counts: Counts,
}

/// How many items a draft has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Entries.
    pub entry: u64,
    /// Rules.
    pub rule: u64,
    /// Lists of synonyms.
    pub synonyms: u64,
    /// Entities.
    pub entity: u64,
    /// Settings.
    pub settings: u64,
    /// What this version does not know.
    pub other: u64,
}

/// The answer to `GET …/knowledge`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct State {
    /// What editors change.
    pub draft: Draft,
    /// What visitors are answered from.
    pub published: Option<Version>,
    /// Whether whoever is logged in may change it.
    pub may_edit: bool,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A question and its answer.
    Entry,
    /// What is certain when certain words are found.
    Rule,
    /// Words that mean the same.
    Synonyms,
    /// Something that questions mention.
    Entity,
    /// How the bot behaves.
    Settings,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

impl Kind {
    /// What can be made and filtered by.
    pub const ALL: [Self; 5] = [
        Self::Entry,
        Self::Rule,
        Self::Synonyms,
        Self::Entity,
        Self::Settings,
    ];

    /// The word for it in addresses and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Rule => "rule",
            Self::Synonyms => "synonyms",
            Self::Entity => "entity",
            Self::Settings => "settings",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One item of the draft.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Item {
    /// Its number, which stays.
    pub item: u64,
    /// What it is.
    pub kind: Kind,
    /// What the file calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// The draft's revision at which it last changed.
    pub revision: u64,
    /// When that was.
    #[serde(default)]
    pub changed_at: Option<Timestamp>,
    /// Who changed it.
    #[serde(default)]
    pub changed_by: Option<Who>,
    /// What it says.
    pub value: Json,
}

/// The answer to `GET …/items`.
#[derive(Debug, Deserialize)]
pub struct Items {
    /// Some of them, in order.
    pub items: Vec<Item>,
    /// How many there are.
    pub total: u64,
    /// After which to go on.
    #[serde(default)]
    pub next: Option<u64>,
}

/// A new value of an item.
#[derive(Debug, Serialize)]
pub struct Write<'a> {
    /// What it says.
    pub value: &'a Json,
}

/// Something that is wrong with the knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// The item, if it is stored.
    #[serde(default)]
    pub item: Option<u64>,
    /// The field, such as `answer.en` or `phrasings[3]`.
    #[serde(default)]
    pub field: String,
    /// For programs.
    #[serde(default)]
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// The answer to `GET …/check`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// What stops publishing.
    pub errors: Vec<Fault>,
    /// What does not.
    #[serde(default)]
    pub warnings: Vec<Fault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_wrong_where() {
        let body = r#"{"error":{"code":"invalid_input","message":"1 error","retry_after_ms":null},
            "errors":[{"item":null,"file":"draft","line":1,"field":"answer.en","code":"too_long","message":"long"}]}"#;
        let failure = Failure::read(422, body);
        assert_eq!(failure.problem.code, Code::InvalidInput);
        assert_eq!(
            failure.faults.first().map(|fault| fault.field.as_str()),
            Some("answer.en")
        );
        assert!(!failure.overtaken);
    }

    #[test]
    fn who_was_overtaken_is_told() {
        let body = r#"{"error":{"code":"edited_meanwhile","message":"…","retry_after_ms":null},"draft":{"revision":3}}"#;
        assert!(Failure::read(412, body).overtaken);
    }

    #[test]
    fn what_later_versions_add_is_no_error() {
        let state: State = serde_json::from_str(
            r#"{"inbox":"demo","new":1,"may_edit":true,"published":null,
               "draft":{"revision":12,"items":4,"bytes":5,"counts":{"entry":3,"flow":1},"changed_at":null,"changed_by":null,"differs":true}}"#,
        )
        .unwrap();
        assert_eq!((state.draft.revision, state.draft.counts.entry), (12, 3));
        let item: Item = serde_json::from_str(
            r#"{"item":1,"kind":"flow","name":null,"revision":1,"changed_at":1,"changed_by":null,"value":{}}"#,
        )
        .unwrap();
        assert_eq!(item.kind, Kind::Other);
    }
}
