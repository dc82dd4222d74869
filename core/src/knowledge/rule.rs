//! A rule as it is written: what a question must have, and what follows.

use super::item::{Fields, Reader, taker};
use super::{KnowledgeErrorCode as Code, Source};
use crate::json::Json;
use crate::limits::{
    ENTRY_ID_BYTES_MAX, LANGUAGE_TAG_BYTES_MAX, NEAR_TERMS_MAX, NEAR_WITHIN_DEFAULT,
    NEAR_WITHIN_MAX, PAGE_FIELD_BYTES_MAX, PHRASING_BYTES_MAX, RULE_LABELS_MAX,
    RULE_NAME_BYTES_MAX, RULE_PRIORITY_MAX, RULE_TERM_TOKENS_MAX, RULE_TERMS_MAX, SUGGESTIONS_MAX,
};
use crate::pack::{Variants, pattern};

/// What is certain when certain things are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaqRule {
    /// Names it, uniquely.
    pub id: String,
    /// The question consists of one of these and nothing else; or of what follows.
    pub exact: Vec<String>,
    /// At least one of these is in the question.
    pub any: Vec<Condition>,
    /// Each of these is in the question.
    pub all: Vec<Condition>,
    /// None of these is in the question.
    pub none: Vec<Condition>,
    /// The question is in one of these languages; any if there is none.
    pub langs: Vec<String>,
    /// The visitor's page is one of these; any if there is none.
    pub pages: Vec<String>,
    /// Whether the business has to be open, or closed.
    pub open: Option<bool>,
    /// What it does.
    pub action: RuleAction,
    /// What the conversation is marked with.
    pub labels: Vec<String>,
    /// Higher is tried first.
    pub priority: i64,
    /// Where it was written.
    pub source: Source,
}

/// One thing that a question may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// These words, one after the other.
    Term(String),
    /// All of these terms close together.
    Near {
        /// At least two.
        terms: Vec<String>,
        /// In a stretch of so many words (Chinese characters).
        within: usize,
        /// One after the other.
        in_order: bool,
    },
    /// Something that this regular expression matches.
    Pattern(String),
    /// An entity of this name.
    Entity(String),
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleAction {
    /// The visitor gets a person, of this team if it is named.
    HandOff(Option<String>),
    /// The visitor gets the answer of the entry with this id.
    Answer(String),
    /// The visitor is asked whether one of these entries is meant.
    Suggest(Vec<String>),
    /// The flow of this name starts.
    Flow(String),
    /// Nothing but its labels: other rules, and the answerer, go on.
    Label,
}

impl RuleAction {
    /// The field that says so.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::HandOff(_) => "hand_off",
            Self::Answer(_) => "answer",
            Self::Suggest(_) => "suggest",
            Self::Flow(_) => "flow",
            Self::Label => "label",
        }
    }
}

impl FaqRule {
    /// The entries that it names.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        match &self.action {
            RuleAction::Answer(entry) => core::slice::from_ref(entry),
            RuleAction::Suggest(entries) => entries,
            RuleAction::HandOff(_) | RuleAction::Flow(_) | RuleAction::Label => &[],
        }
    }

    /// The entities that it names, each with the field that does.
    pub(crate) fn entities(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let lists = [("any", &self.any), ("all", &self.all), ("none", &self.none)];
        lists.into_iter().flat_map(|(field, conditions)| {
            conditions
                .iter()
                .filter_map(move |condition| match condition {
                    Condition::Entity(name) => Some((field, name.as_str())),
                    _ => None,
                })
        })
    }
}

const FIELDS: [&str; 14] = [
    "rule", "exact", "any", "all", "none", "lang", "page", "hours", "answer", "suggest",
    "hand_off", "flow", "label", "priority",
];

impl Reader<'_> {
    pub(super) fn rule(&mut self, fields: Fields) -> Option<FaqRule> {
        self.known(&fields, &FIELDS);
        let mut take = taker(fields);
        let id = self
            .required("rule", take("rule"))
            .and_then(|id| self.id("rule", id));
        let before = self.errors.len();
        let exact = take("exact").map_or_else(Vec::new, |terms| {
            self.terms("exact", terms, RULE_TERM_TOKENS_MAX)
        });
        let mut conditions = |reader: &mut Self, field| {
            take(field).map_or_else(Vec::new, |list| reader.conditions(field, list))
        };
        let any = conditions(self, "any");
        let all = conditions(self, "all");
        let none = conditions(self, "none");
        let langs = take("lang").map_or_else(Vec::new, |langs| {
            self.texts("lang", langs, LANGUAGE_TAG_BYTES_MAX)
        });
        for lang in &langs {
            self.tag("lang", lang);
        }
        let pages = take("page").map_or_else(Vec::new, |pages| self.pages(pages));
        let open = take("hours").and_then(|hours| self.open(hours));
        let asks_nothing = [
            any.len(),
            all.len(),
            none.len(),
            exact.len(),
            langs.len(),
            pages.len(),
        ]
        .iter()
        .all(|count| *count == 0)
            && open.is_none();
        if asks_nothing && self.errors.len() == before {
            let message =
                "a rule needs a condition: `exact`, `any`, `all`, `none`, `lang`, `page` or `hours`"
                    .into();
            self.error("any", Code::MissingField, message);
        }
        let labels = take("label").map_or_else(Vec::new, |labels| self.labels(labels));
        let actions = ["answer", "suggest", "hand_off", "flow"];
        let given = actions.map(|field| (field, take(field)));
        let action = self.action(given, !labels.is_empty());
        let priority = take("priority").map_or(Some(0), |priority| {
            self.integer("priority", &priority, -RULE_PRIORITY_MAX, RULE_PRIORITY_MAX)
        });
        let source = self.source();
        Some(FaqRule {
            id: id?,
            exact,
            any,
            all,
            none,
            langs,
            pages,
            open,
            action: action?,
            labels,
            priority: priority?,
            source,
        })
    }

    /// At most one of the fields may be given; none if there are labels.
    fn action(
        &mut self,
        given: [(&'static str, Option<Json>); 4],
        labelled: bool,
    ) -> Option<RuleAction> {
        let given = given
            .into_iter()
            .filter_map(|(field, value)| Some((field, value?)));
        let mut given = given.filter(|(_, value)| *value != Json::Bool(false));
        let Some((field, value)) = given.next() else {
            if labelled {
                return Some(RuleAction::Label);
            }
            let message = "a rule needs an action: `answer` (the id of an entry), `suggest` (ids), `hand_off` (true, or a team's name), `flow` (a name) or `label`".into();
            self.error("answer", Code::MissingField, message);
            return None;
        };
        if let Some((other, _)) = given.next() {
            let message =
                format!("a rule has one action (labels apart), not both `{field}` and `{other}`");
            self.error(other, Code::BadValue, message);
            return None;
        }
        match (field, value) {
            ("answer", id) => self.id(field, id).map(RuleAction::Answer),
            ("suggest", ids) => {
                let ids = self.texts(field, ids, ENTRY_ID_BYTES_MAX);
                if ids.len() > SUGGESTIONS_MAX {
                    let message = format!(
                        "{} entries; at most {SUGGESTIONS_MAX} are suggested",
                        ids.len()
                    );
                    self.error(field, Code::TooLong, message);
                }
                (!ids.is_empty()).then_some(RuleAction::Suggest(ids))
            }
            ("hand_off", Json::Bool(true)) => Some(RuleAction::HandOff(None)),
            ("hand_off", Json::Text(team)) => {
                let team = self.text(field, Json::Text(team), RULE_NAME_BYTES_MAX)?;
                Some(RuleAction::HandOff(Some(team)))
            }
            ("hand_off", other) => {
                let message = format!(
                    "true or the name of a team is expected, not {}",
                    other.kind()
                );
                self.error(field, Code::WrongType, message);
                None
            }
            (_, name) => self
                .text(field, name, RULE_NAME_BYTES_MAX)
                .map(RuleAction::Flow),
        }
    }

    fn labels(&mut self, value: Json) -> Vec<String> {
        let labels = self.texts("label", value, RULE_NAME_BYTES_MAX);
        if labels.len() > RULE_LABELS_MAX {
            let message = format!(
                "{} labels; at most {RULE_LABELS_MAX} are allowed",
                labels.len()
            );
            self.error("label", Code::TooLong, message);
        }
        labels
    }

    fn open(&mut self, value: Json) -> Option<bool> {
        match value {
            Json::Text(text) if text == "open" => Some(true),
            Json::Text(text) if text == "closed" => Some(false),
            _ => {
                let message = "`open` or `closed` is expected".into();
                self.error("hours", Code::BadValue, message);
                None
            }
        }
    }

    fn pages(&mut self, value: Json) -> Vec<String> {
        let pages = self.texts("page", value, PAGE_FIELD_BYTES_MAX);
        for page in &pages {
            let right = page.starts_with('/') || page.contains("://") || page.starts_with('*');
            if !right {
                let message = format!(
                    "`{page}` is neither a path, such as `/cart/*`, nor an address, such as `https://shop.example/cart/*`; `*` stands for anything"
                );
                self.error("page", Code::BadValue, message);
            }
        }
        if let Err(error) = pattern::compile_pages(&pages) {
            self.error("page", Code::BadPattern, error.to_string());
        }
        pages
    }

    /// A list of terms and of objects that ask for something else.
    fn conditions(&mut self, field: &str, value: Json) -> Vec<Condition> {
        let Json::List(list) = value else {
            let message = format!("a list of texts is expected, not {}", value.kind());
            self.error(field, Code::WrongType, message);
            return Vec::new();
        };
        if list.len() > RULE_TERMS_MAX {
            let message = format!(
                "{} conditions; at most {RULE_TERMS_MAX} are allowed",
                list.len()
            );
            self.error(field, Code::TooLong, message);
        }
        let each = list.into_iter().enumerate().take(RULE_TERMS_MAX);
        each.filter_map(|(place, value)| self.condition(&format!("{field}[{place}]"), value))
            .collect()
    }

    fn condition(&mut self, field: &str, value: Json) -> Option<Condition> {
        let fields = match value {
            Json::Object(fields) => fields,
            term => {
                let term = self.text(field, term, PHRASING_BYTES_MAX)?;
                return self
                    .term(field, &term, RULE_TERM_TOKENS_MAX)
                    .then_some(Condition::Term(term));
            }
        };
        let has = |name: &str| fields.iter().any(|(field, _)| field == name);
        let known: &[&str] = match (has("near"), has("pattern"), has("entity")) {
            (true, false, false) => &["near", "within", "in_order"],
            (false, true, false) => &["pattern"],
            (false, false, true) => &["entity"],
            _ => {
                let message = "one of `near`, `pattern` and `entity` is expected".into();
                self.error(field, Code::BadValue, message);
                return None;
            }
        };
        for (name, _) in &fields {
            if !known.contains(&name.as_str()) {
                let message = format!("unknown field; known are {}", known.join(", "));
                self.error(&format!("{field}.{name}"), Code::UnknownField, message);
            }
        }
        let mut take = taker(fields);
        let place = |name: &str| format!("{field}.{name}");
        if let Some(pattern) = take("pattern") {
            let text = self.text(&place("pattern"), pattern, PHRASING_BYTES_MAX)?;
            if let Err(error) = pattern::compile_search(&text, Variants::default()) {
                self.error(&place("pattern"), Code::BadPattern, error.to_string());
            }
            return Some(Condition::Pattern(text));
        }
        if let Some(name) = take("entity") {
            return self.id(&place("entity"), name).map(Condition::Entity);
        }
        let terms =
            take("near").map(|near| self.terms(&place("near"), near, RULE_TERM_TOKENS_MAX))?;
        if !(2..=NEAR_TERMS_MAX).contains(&terms.len()) {
            let message = format!("2 to {NEAR_TERMS_MAX} terms are expected");
            self.error(&place("near"), Code::BadValue, message);
        }
        let within = take("within").map_or(Some(NEAR_WITHIN_DEFAULT as i64), |within| {
            self.integer(&place("within"), &within, 2, NEAR_WITHIN_MAX as i64)
        })?;
        let in_order = match take("in_order") {
            None | Some(Json::Bool(false)) => false,
            Some(Json::Bool(true)) => true,
            Some(other) => {
                let message = format!("true or false is expected, not {}", other.kind());
                self.error(&place("in_order"), Code::WrongType, message);
                false
            }
        };
        Some(Condition::Near {
            terms,
            within: within as usize,
            in_order,
        })
    }
}
