//! Which fields the forms have, by kind of item. What is not here can still be edited as source.

use super::wire::Kind;
use crate::words::Word;

/// How a field is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line of text.
    Line,
    /// A whole number.
    Number,
    /// One line, in one or several languages.
    Title,
    /// A longer text, in one or several languages.
    Text,
    /// Any number of lines.
    Lines,
    /// Any number of lines, or such lines by language.
    Phrasings,
    /// Any number of conditions of a rule.
    Conditions,
    /// One of some words, or none.
    Choice(&'static [(&'static str, Word)]),
    /// What a rule does: one of several fields.
    Action,
    /// A line in one or several languages, or that there is none.
    Reply,
    /// Any number of things, each with further ones: what the two are called.
    Values(Word, Word),
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its path in the item.
    pub name: &'static str,
    /// Its label.
    pub label: Word,
    /// What to write there.
    pub hint: Word,
    /// How it is filled in.
    pub shape: Shape,
    /// Rarely needed: below the others.
    pub folded: bool,
}

const fn field(name: &'static str, label: Word, hint: Word, shape: Shape) -> Field {
    Field {
        name,
        label,
        hint,
        shape,
        folded: false,
    }
}

const fn folded(name: &'static str, label: Word, hint: Word, shape: Shape) -> Field {
    Field {
        folded: true,
        ..field(name, label, hint, shape)
    }
}

const ENTRY: &[Field] = &[
    field("title", Word::Title, Word::TitleHint, Shape::Title),
    field(
        "phrasings",
        Word::Phrasings,
        Word::PhrasingsHint,
        Shape::Phrasings,
    ),
    field("answer", Word::Answer, Word::AnswerHint, Shape::Text),
    folded("category", Word::Category, Word::CategoryHint, Shape::Line),
    folded("id", Word::EntryId, Word::EntryIdHint, Shape::Line),
    folded("lang", Word::EntryLang, Word::EntryLangHint, Shape::Line),
];

const RULE: &[Field] = &[
    field("rule", Word::RuleName, Word::RuleNameHint, Shape::Line),
    field("any", Word::RuleAny, Word::RuleAnyHint, Shape::Conditions),
    field("all", Word::RuleAll, Word::RuleAllHint, Shape::Conditions),
    field(
        "none",
        Word::RuleNone,
        Word::RuleNoneHint,
        Shape::Conditions,
    ),
    field("exact", Word::RuleExact, Word::RuleExactHint, Shape::Lines),
    field(
        "answer",
        Word::RuleAction,
        Word::RuleActionHint,
        Shape::Action,
    ),
    folded("lang", Word::RuleLang, Word::RuleLangHint, Shape::Lines),
    folded("page", Word::RulePage, Word::RulePageHint, Shape::Lines),
    folded(
        "hours",
        Word::RuleHours,
        Word::RuleHoursHint,
        Shape::Choice(HOURS),
    ),
    folded("label", Word::RuleLabel, Word::RuleLabelHint, Shape::Lines),
    folded(
        "priority",
        Word::Priority,
        Word::PriorityHint,
        Shape::Number,
    ),
];

const HOURS: &[(&str, Word)] = &[("open", Word::HoursOpen), ("closed", Word::HoursClosed)];

const SYNONYMS: &[Field] = &[field(
    "synonyms",
    Word::Synonyms,
    Word::SynonymsHint,
    Shape::Lines,
)];

const ENTITY: &[Field] = &[
    field(
        "entity",
        Word::EntityName,
        Word::EntityNameHint,
        Shape::Line,
    ),
    field(
        "pattern",
        Word::EntityPattern,
        Word::EntityPatternHint,
        Shape::Lines,
    ),
    field(
        "values",
        Word::EntityValues,
        Word::EntityValuesHint,
        Shape::Values(Word::ValueName, Word::ValueAliases),
    ),
];

const SETTINGS: &[Field] = &[
    field("settings.zone", Word::Zone, Word::ZoneHint, Shape::Line),
    field(
        "settings.hours",
        Word::RuleHours,
        Word::HoursHint,
        Shape::Values(Word::HoursDays, Word::HoursTimes),
    ),
    field(
        "settings.small_talk.hello",
        Word::SmallHello,
        Word::SmallHelloHint,
        Shape::Reply,
    ),
    field(
        "settings.small_talk.thanks",
        Word::SmallThanks,
        Word::SmallThanksHint,
        Shape::Reply,
    ),
    field(
        "settings.small_talk.goodbye",
        Word::SmallGoodbye,
        Word::SmallGoodbyeHint,
        Shape::Reply,
    ),
    field(
        "settings.small_talk.ok",
        Word::SmallOk,
        Word::SmallOkHint,
        Shape::Reply,
    ),
];

/// The entities that every pack knows.
pub const ENTITIES: [&str; 8] = [
    "phone",
    "email",
    "url",
    "date",
    "relative_date",
    "money",
    "quantity",
    "number",
];

/// The setting of all small talk.
pub const SMALL_TALK: &str = "settings.small_talk";

/// The settings of each kind of small talk.
pub fn small_talk() -> impl Iterator<Item = &'static str> {
    let all = SETTINGS.iter().map(|field| field.name);
    all.filter(|name| name.starts_with(SMALL_TALK))
}

/// The form of a kind; empty where there is only the source.
pub const fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Entry => ENTRY,
        Kind::Rule => RULE,
        Kind::Synonyms => SYNONYMS,
        Kind::Entity => ENTITY,
        Kind::Settings => SETTINGS,
        Kind::Other => &[],
    }
}

/// Whether the form of a kind shows a member of an item, or a part of it.
pub fn shows(kind: Kind, member: &str) -> bool {
    // A rule's action is one field of the form, whichever it is.
    matches!(member, "suggest" | "hand_off" | "flow")
        || fields(kind)
            .iter()
            .any(|field| field.name.split('.').next() == Some(member))
}

/// What a new item begins with, as source.
pub const fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Settings => {
            "{\n  \"settings\": {\n    \"zone\": \"+08:00\",\n    \"hours\": { \"mon-fri\": \"09:00-18:00\" }\n  }\n}"
        }
        Kind::Entry | Kind::Rule | Kind::Synonyms | Kind::Entity | Kind::Other => "{}",
    }
}

/// The id of the input in which what a fault names is written: `answer.en`, `phrasings[3]`.
pub fn input_id(field: &str) -> String {
    let mut id = String::from("field-");
    // A rule's action is one field of the form, whichever it is.
    let field = match field {
        "suggest" | "hand_off" | "flow" => "answer",
        other => other,
    };
    for c in field.chars() {
        match c {
            '.' | '[' => id.push('-'),
            ']' => {}
            c => id.push(c),
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use firsthop_core::knowledge::BuiltIn;

    use super::*;

    #[test]
    fn entities_are_those_that_packs_know() {
        assert_eq!(ENTITIES, BuiltIn::ALL.map(BuiltIn::name));
    }

    #[test]
    fn faults_find_their_inputs() {
        assert_eq!(input_id("answer.en"), "field-answer-en");
        assert_eq!(input_id("phrasings[3]"), "field-phrasings-3");
        assert_eq!(input_id("id"), "field-id");
        assert_eq!(input_id("hand_off"), "field-answer");
    }

    #[test]
    fn no_field_stands_twice_in_a_form() {
        for kind in Kind::ALL {
            let names: Vec<&str> = fields(kind).iter().map(|field| field.name).collect();
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), names.len());
        }
    }
}
