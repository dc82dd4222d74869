//! Entities: what can be found in a question besides words, such as an order number.

use super::item::{Fields, Reader, taker};
use super::{KnowledgeErrorCode as Code, Source};
use crate::json::Json;
use crate::limits::{
    ENTITY_PATTERNS_MAX, ENTITY_VALUES_MAX, PHRASING_BYTES_MAX, RULE_TERM_TOKENS_MAX,
};
use crate::pack::{Variants, pattern};

/// Something that can be found in a question. A pack carries those that its rules name, and
/// those that the knowledge declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Names it, uniquely.
    pub name: String,
    /// How it is found.
    pub kind: EntityKind,
    /// Where it was written.
    pub source: Source,
}

/// How an entity is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityKind {
    /// It is one of those that need no description.
    BuiltIn(BuiltIn),
    /// One of these regular expressions matches it wholly.
    Patterns(Vec<String>),
    /// It is one of these values, each with its aliases.
    Values(Vec<(String, Vec<String>)>),
}

/// Entities that need no description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltIn {
    /// A Chinese mobile or landline number, or an international one.
    Phone,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A day of the calendar.
    Date,
    /// A day told from today: tomorrow, 上周五.
    RelativeDate,
    /// An amount of money with its currency.
    Money,
    /// A number with a unit.
    Quantity,
    /// A number in digits or in Chinese numerals.
    Number,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Phone,
        Self::Email,
        Self::Url,
        Self::Date,
        Self::RelativeDate,
        Self::Money,
        Self::Quantity,
        Self::Number,
    ];

    /// Its name in a knowledge file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Url => "url",
            Self::Date => "date",
            Self::RelativeDate => "relative_date",
            Self::Money => "money",
            Self::Quantity => "quantity",
            Self::Number => "number",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The names of all, for a message.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl Reader<'_> {
    pub(super) fn entity(&mut self, fields: Fields) -> Option<Entity> {
        self.known(&fields, &["entity", "pattern", "values"]);
        let mut take = taker(fields);
        let name = self
            .required("entity", take("entity"))
            .and_then(|name| self.id("entity", name))?;
        let kind = match (take("pattern"), take("values"), BuiltIn::named(&name)) {
            (None, None, Some(built_in)) => EntityKind::BuiltIn(built_in),
            (_, _, Some(_)) => {
                let message = format!("every pack knows what `{name}` is: choose another name");
                self.error("entity", Code::BadValue, message);
                return None;
            }
            (Some(patterns), None, None) => EntityKind::Patterns(self.entity_patterns(patterns)),
            (None, Some(values), None) => EntityKind::Values(self.entity_values(values)),
            _ => {
                let message = format!(
                    "an entity has either `pattern` or `values`, unless it is one of {}",
                    BuiltIn::names()
                );
                self.error("pattern", Code::BadValue, message);
                return None;
            }
        };
        let source = self.source();
        Some(Entity { name, kind, source })
    }

    fn entity_patterns(&mut self, value: Json) -> Vec<String> {
        let patterns = self.texts("pattern", value, PHRASING_BYTES_MAX);
        if patterns.len() > ENTITY_PATTERNS_MAX {
            let message = format!(
                "{} patterns; at most {ENTITY_PATTERNS_MAX} are allowed",
                patterns.len()
            );
            self.error("pattern", Code::TooLong, message);
        } else if let Err(error) = pattern::compile_entity(&patterns, Variants::default()) {
            self.error("pattern", Code::BadPattern, error.to_string());
        }
        patterns
    }

    /// An object: each value with the list of its aliases.
    fn entity_values(&mut self, value: Json) -> Vec<(String, Vec<String>)> {
        let Json::Object(fields) = value else {
            let message = format!(
                "an object of values, each with a list of aliases, is expected, not {}",
                value.kind()
            );
            self.error("values", Code::WrongType, message);
            return Vec::new();
        };
        if fields.is_empty() || fields.len() > ENTITY_VALUES_MAX {
            let message = format!("1 to {ENTITY_VALUES_MAX} values are expected");
            self.error("values", Code::BadValue, message);
        }
        let mut values = Vec::new();
        for (value, aliases) in fields.into_iter().take(ENTITY_VALUES_MAX) {
            let field = format!("values.{value}");
            let right = self
                .text("values", Json::Text(value.clone()), PHRASING_BYTES_MAX)
                .is_some()
                && self.term(&field, &value, RULE_TERM_TOKENS_MAX);
            let aliases = self.terms(&field, aliases, RULE_TERM_TOKENS_MAX);
            if right {
                values.push((value, aliases));
            }
        }
        values
    }
}
