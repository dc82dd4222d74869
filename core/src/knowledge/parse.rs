//! Reading JSON Lines: one entry or rule a line.

use std::collections::BTreeMap;

use super::json::Json;
use super::{
    FaqEntry, FaqRule, Knowledge, KnowledgeError, KnowledgeErrorCode as Code, Localised,
    RuleAction, Source,
};
use crate::answer::tokens::{Tokens, script};
use crate::limits::{
    ANSWER_BYTES_MAX, ENTRY_ID_BYTES_MAX, ENTRY_PHRASINGS_MAX, KNOWLEDGE_ERRORS_MAX,
    KNOWLEDGE_FILE_BYTES_MAX, KNOWLEDGE_LINE_BYTES_MAX, LANGUAGE_TAG_BYTES_MAX, PACK_ENTRIES_MAX,
    PACK_LANGUAGES_MAX, PACK_PHRASINGS_MAX, PACK_RULES_MAX, PHRASING_BYTES_MAX, RULE_PRIORITY_MAX,
    RULE_TERM_TOKENS_MAX, RULE_TERMS_MAX,
};

/// Reads a knowledge file. On failure gives every error of the file, up to
/// [`KNOWLEDGE_ERRORS_MAX`], in the order of the lines; at least one.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Knowledge, Vec<KnowledgeError>> {
    let mut reader = Reader {
        file: file_name,
        line: 0,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    if bytes.len() > KNOWLEDGE_FILE_BYTES_MAX {
        let mib = |bytes: usize| bytes.div_ceil(1024 * 1024);
        let (found, allowed) = (mib(bytes.len()), mib(KNOWLEDGE_FILE_BYTES_MAX));
        reader.error(
            "",
            Code::TooLarge,
            format!("the file has {found} MiB; at most {allowed} MiB are read"),
        );
        return Err(reader.errors);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut knowledge = Knowledge::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        reader.line += 1;
        if reader.errors.len() >= KNOWLEDGE_ERRORS_MAX {
            return Err(reader.errors);
        }
        if let Some(object) = reader.object(line) {
            reader.item(object, &mut knowledge);
        }
    }
    reader.line = 0;
    if reader.errors.is_empty() && knowledge.entries.is_empty() && knowledge.rules.is_empty() {
        reader.error(
            "",
            Code::Nothing,
            "the file has no entry and no rule".into(),
        );
    }
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    check_together(&knowledge)?;
    knowledge.warnings = reader.warnings;
    Ok(knowledge)
}

/// What only all entries and rules together show.
pub(super) fn check_together(knowledge: &Knowledge) -> Result<(), Vec<KnowledgeError>> {
    let mut errors = Vec::new();
    let mut report = |source: &Source, field: &str, code, message| {
        if errors.len() < KNOWLEDGE_ERRORS_MAX {
            let (file, line) = (source.file.clone(), source.line);
            errors.push(KnowledgeError {
                file,
                line,
                field: field.into(),
                code,
                message,
            });
        }
    };
    let mut entries: BTreeMap<&str, &Source> = BTreeMap::new();
    for entry in &knowledge.entries {
        if let Some(first) = entries.insert(&entry.id, &entry.source) {
            let message = format!(
                "`{}` is already the id of {}:{}",
                entry.id, first.file, first.line
            );
            report(&entry.source, "id", Code::DuplicateId, message);
        }
    }
    let mut rules: BTreeMap<&str, &Source> = BTreeMap::new();
    for rule in &knowledge.rules {
        if let Some(first) = rules.insert(&rule.id, &rule.source) {
            let message = format!(
                "`{}` is already the id of {}:{}",
                rule.id, first.file, first.line
            );
            report(&rule.source, "rule", Code::DuplicateId, message);
        }
        if let RuleAction::Answer(entry) = &rule.action
            && !entries.contains_key(entry.as_str())
        {
            report(
                &rule.source,
                "answer",
                Code::UnknownEntry,
                format!("no entry has the id `{entry}`"),
            );
        }
    }
    let languages: std::collections::BTreeSet<&str> = knowledge
        .entries
        .iter()
        .flat_map(|entry| entry.titles.iter().chain(&entry.answers))
        .map(|text| text.lang.as_str())
        .collect();
    let phrasings = knowledge
        .entries
        .iter()
        .map(|entry| entry.phrasings.len())
        .sum();
    for (found, allowed, what) in [
        (knowledge.entries.len(), PACK_ENTRIES_MAX, "entries"),
        (knowledge.rules.len(), PACK_RULES_MAX / 2, "rules"),
        (phrasings, PACK_PHRASINGS_MAX, "phrasings"),
        (languages.len(), PACK_LANGUAGES_MAX, "languages"),
    ] {
        if found > allowed {
            let last = knowledge
                .entries
                .last()
                .map(|entry| entry.source.file.clone());
            let source = Source {
                file: last.unwrap_or_default(),
                line: 0,
            };
            report(
                &source,
                "",
                Code::TooLarge,
                format!("{found} {what}; at most {allowed} are allowed"),
            );
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Reads line by line and collects what is wrong.
struct Reader<'a> {
    file: &'a str,
    line: u32,
    errors: Vec<KnowledgeError>,
    warnings: Vec<KnowledgeError>,
}

type Fields = Vec<(String, Json)>;

const ENTRY_FIELDS: [&str; 6] = ["id", "title", "lang", "phrasings", "answer", "category"];
const RULE_FIELDS: [&str; 8] = [
    "rule", "exact", "any", "all", "none", "answer", "hand_off", "priority",
];

impl Reader<'_> {
    fn error(&mut self, field: &str, code: Code, message: String) {
        let (file, line) = (self.file.to_owned(), self.line);
        self.errors.push(KnowledgeError {
            file,
            line,
            field: field.to_owned(),
            code,
            message,
        });
    }

    fn warning(&mut self, field: &str, code: Code, message: String) {
        if self.warnings.len() < KNOWLEDGE_ERRORS_MAX {
            let (file, line, field) = (self.file.to_owned(), self.line, field.to_owned());
            self.warnings.push(KnowledgeError {
                file,
                line,
                field,
                code,
                message,
            });
        }
    }

    fn source(&self) -> Source {
        Source {
            file: self.file.to_owned(),
            line: self.line,
        }
    }

    /// The line as an object; `None` if it is empty or an error was reported.
    fn object(&mut self, line: &[u8]) -> Option<Fields> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        if line.len() > KNOWLEDGE_LINE_BYTES_MAX {
            let message = format!(
                "the line has {} bytes; at most {KNOWLEDGE_LINE_BYTES_MAX} are read",
                line.len()
            );
            self.error("", Code::TooLarge, message);
            return None;
        }
        let text = match core::str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("not UTF-8 text from byte {} on", error.valid_up_to() + 1);
                self.error("", Code::NotUtf8, message);
                return None;
            }
        };
        match serde_json::from_str(text) {
            Ok(Json::Object(fields)) => Some(fields),
            Ok(other) => {
                let message = format!("a line is a JSON object, not {}", other.kind());
                self.error("", Code::NotJson, message);
                None
            }
            Err(error) => {
                // The reader's own place says "line 1", as it sees one line at a time.
                let said = error.to_string();
                let what = said.split(" at line ").next().unwrap_or("not JSON");
                self.error(
                    "",
                    Code::NotJson,
                    format!("{what} (column {})", error.column()),
                );
                None
            }
        }
    }

    fn item(&mut self, fields: Fields, knowledge: &mut Knowledge) {
        let before = self.errors.len();
        if fields.iter().any(|(name, _)| name == "rule") {
            let rule = self.rule(fields);
            if self.errors.len() == before {
                knowledge.rules.extend(rule);
            }
        } else {
            let entry = self.entry(fields);
            if self.errors.len() == before {
                knowledge.entries.extend(entry);
            }
        }
    }

    fn entry(&mut self, fields: Fields) -> Option<FaqEntry> {
        self.known(&fields, &ENTRY_FIELDS);
        let mut take = taker(fields);
        let lang = match take("lang") {
            None | Some(Json::Null) => None,
            Some(value) => self.language("lang", value),
        };
        let id = self
            .required("id", take("id"))
            .and_then(|id| self.id("id", id));
        let answers = self
            .required("answer", take("answer"))
            .map(|answer| self.localised("answer", answer, lang.as_deref(), ANSWER_BYTES_MAX));
        let phrasings = self
            .required("phrasings", take("phrasings"))
            .map(|it| self.phrasings(it, lang.as_deref()));
        let titles = match take("title") {
            None | Some(Json::Null) => Vec::new(),
            Some(title) => self.localised("title", title, lang.as_deref(), PHRASING_BYTES_MAX),
        };
        let category = match take("category") {
            None | Some(Json::Null) => None,
            Some(category) => self.text("category", category, PHRASING_BYTES_MAX),
        };
        let (id, phrasings, answers) = (id?, phrasings?, answers?);
        let titles = all_titles(titles, &phrasings, &answers);
        Some(FaqEntry {
            id,
            titles,
            phrasings,
            answers,
            category,
            source: self.source(),
        })
    }

    fn rule(&mut self, fields: Fields) -> Option<FaqRule> {
        self.known(&fields, &RULE_FIELDS);
        let mut take = taker(fields);
        let id = self
            .required("rule", take("rule"))
            .and_then(|id| self.id("rule", id));
        let before = self.errors.len();
        let mut terms = |reader: &mut Self, field| {
            take(field).map_or_else(Vec::new, |terms| reader.terms(field, terms))
        };
        let (exact, any, all, none) = (
            terms(self, "exact"),
            terms(self, "any"),
            terms(self, "all"),
            terms(self, "none"),
        );
        let no_terms = exact.is_empty() && any.is_empty() && all.is_empty();
        if no_terms && self.errors.len() == before {
            let message = "a rule needs at least one of `exact`, `any` and `all`".into();
            self.error("any", Code::MissingField, message);
        }
        let hand_off = match take("hand_off") {
            None | Some(Json::Null | Json::Bool(false)) => false,
            Some(Json::Bool(true)) => true,
            Some(other) => {
                let message = format!("true or false is expected, not {}", other.kind());
                self.error("hand_off", Code::WrongType, message);
                false
            }
        };
        let answer = take("answer").and_then(|id| self.id("answer", id));
        let action = match (answer, hand_off) {
            (Some(entry), false) => Some(RuleAction::Answer(entry)),
            (None, true) => Some(RuleAction::HandOff),
            (answer, _) => {
                let both = if answer.is_some() {
                    "not both"
                } else {
                    "one of them"
                };
                let message =
                    format!("a rule has `answer` (the id of an entry) or `hand_off`: true; {both}");
                self.error("answer", Code::BadValue, message);
                None
            }
        };
        let priority = match take("priority") {
            None | Some(Json::Null) => 0,
            Some(Json::Integer(priority)) if priority.abs() <= RULE_PRIORITY_MAX => priority,
            Some(_) => {
                let message = format!(
                    "a whole number from -{RULE_PRIORITY_MAX} to {RULE_PRIORITY_MAX} is expected"
                );
                self.error("priority", Code::BadValue, message);
                0
            }
        };
        let source = self.source();
        Some(FaqRule {
            id: id?,
            exact,
            any,
            all,
            none,
            action: action?,
            priority,
            source,
        })
    }

    fn known(&mut self, fields: &Fields, known: &[&str]) {
        for (name, _) in fields {
            if !known.contains(&name.as_str()) {
                let message = format!("unknown field; known are {}", known.join(", "));
                self.error(name, Code::UnknownField, message);
            }
        }
    }

    fn required(&mut self, field: &str, value: Option<Json>) -> Option<Json> {
        if value.is_none() {
            self.error(field, Code::MissingField, "the field is missing".into());
        }
        value
    }

    /// A text that is neither empty nor too long and has no control characters.
    fn text(&mut self, field: &str, value: Json, bytes_max: usize) -> Option<String> {
        let Json::Text(text) = value else {
            let message = format!("a text is expected, not {}", value.kind());
            self.error(field, Code::WrongType, message);
            return None;
        };
        let text = text.trim();
        if text.is_empty() {
            self.error(field, Code::Empty, "the text is empty".into());
        } else if text.len() > bytes_max {
            let message = format!(
                "the text has {} bytes; at most {bytes_max} are allowed",
                text.len()
            );
            self.error(field, Code::TooLong, message);
        } else if let Some(c) = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            let message = format!("the text has the control character U+{:04X}", u32::from(c));
            self.error(field, Code::ControlCharacter, message);
        } else {
            return Some(text.to_owned());
        }
        None
    }

    fn id(&mut self, field: &str, value: Json) -> Option<String> {
        let id = self.text(field, value, ENTRY_ID_BYTES_MAX)?;
        if id.contains(['\n', '\r', '\t']) {
            self.error(field, Code::BadValue, "an id stands on one line".into());
            return None;
        }
        Some(id)
    }

    fn language(&mut self, field: &str, value: Json) -> Option<String> {
        let tag = self.text(field, value, LANGUAGE_TAG_BYTES_MAX)?;
        self.tag(field, &tag).then_some(tag)
    }

    fn tag(&mut self, field: &str, tag: &str) -> bool {
        let right = (2..=LANGUAGE_TAG_BYTES_MAX).contains(&tag.len())
            && tag
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !right {
            let message = "a language is named by its tag, such as `zh`, `en` or `pt-BR`".into();
            self.error(field, Code::BadValue, message);
        }
        right
    }

    /// A text, or an object of texts by language.
    fn localised(
        &mut self,
        field: &str,
        value: Json,
        lang: Option<&str>,
        bytes_max: usize,
    ) -> Vec<Localised> {
        let Json::Object(by_language) = value else {
            let text = self.text(field, value, bytes_max);
            return text
                .map(|text| with_language(text, lang))
                .into_iter()
                .collect();
        };
        if by_language.is_empty() {
            self.error(
                field,
                Code::Empty,
                "at least one language is expected".into(),
            );
        }
        let mut texts = Vec::new();
        for (lang, value) in by_language {
            let field = format!("{field}.{lang}");
            if self.tag(&field, &lang) {
                let text = self.text(&field, value, bytes_max);
                texts.extend(text.map(|text| Localised { lang, text }));
            }
        }
        texts
    }

    fn phrasings(&mut self, value: Json, lang: Option<&str>) -> Vec<Localised> {
        let Json::List(list) = value else {
            let message = format!("a list of texts is expected, not {}", value.kind());
            self.error("phrasings", Code::WrongType, message);
            return Vec::new();
        };
        let blank = |value: &Json| matches!(value, Json::Text(text) if text.trim().is_empty());
        if list.iter().all(blank) {
            let message = "at least one phrasing is expected".into();
            self.error("phrasings", Code::Empty, message);
        }
        if list.len() > ENTRY_PHRASINGS_MAX {
            let message = format!(
                "{} phrasings; at most {ENTRY_PHRASINGS_MAX} are allowed",
                list.len()
            );
            self.error("phrasings", Code::TooLong, message);
        }
        let mut phrasings = Vec::new();
        for (place, value) in list.into_iter().enumerate().take(ENTRY_PHRASINGS_MAX) {
            let field = format!("phrasings[{place}]");
            if blank(&value) {
                // Exports have them; the others still say how visitors ask.
                self.warning(
                    &field,
                    Code::Empty,
                    "a blank phrasing was passed over".into(),
                );
                continue;
            }
            let text = self.text(&field, value, PHRASING_BYTES_MAX);
            phrasings.extend(text.map(|text| with_language(text, lang)));
        }
        phrasings
    }

    fn terms(&mut self, field: &str, value: Json) -> Vec<String> {
        let Json::List(list) = value else {
            let message = format!("a list of texts is expected, not {}", value.kind());
            self.error(field, Code::WrongType, message);
            return Vec::new();
        };
        if list.len() > RULE_TERMS_MAX {
            let message = format!("{} terms; at most {RULE_TERMS_MAX} are allowed", list.len());
            self.error(field, Code::TooLong, message);
        }
        let mut tokens = Tokens::default();
        let mut terms = Vec::new();
        for (place, value) in list.into_iter().enumerate().take(RULE_TERMS_MAX) {
            let field = format!("{field}[{place}]");
            let Some(term) = self.text(&field, value, PHRASING_BYTES_MAX) else {
                continue;
            };
            tokens.read(&term);
            match tokens.all().len() {
                0 => self.error(
                    &field,
                    Code::Empty,
                    "the term has no letter and no digit".into(),
                ),
                1..=RULE_TERM_TOKENS_MAX => terms.push(term),
                found => {
                    let message = format!(
                        "the term has {found} words; at most {RULE_TERM_TOKENS_MAX} are allowed"
                    );
                    self.error(&field, Code::TooLong, message);
                }
            }
        }
        terms
    }
}

/// Takes fields out by name.
fn taker(fields: Fields) -> impl FnMut(&str) -> Option<Json> {
    let mut fields = fields;
    move |name| {
        let place = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.swap_remove(place).1)
    }
}

/// A text that does not say its language: by its script, then as the entry says, else English.
fn with_language(text: String, lang: Option<&str>) -> Localised {
    let lang = script(&text).or(lang).unwrap_or("en").to_owned();
    Localised { lang, text }
}

/// The titles, and for languages of the answer that have none the first phrasing in it; if
/// there is none at all, the first phrasing.
fn all_titles(
    titles: Vec<Localised>,
    phrasings: &[Localised],
    answers: &[Localised],
) -> Vec<Localised> {
    let mut titles = titles;
    for answer in answers {
        if !titles.iter().any(|title| title.lang == answer.lang) {
            titles.extend(
                phrasings
                    .iter()
                    .find(|phrasing| phrasing.lang == answer.lang)
                    .cloned(),
            );
        }
    }
    if titles.is_empty() {
        titles.extend(phrasings.first().cloned());
    }
    titles
}
