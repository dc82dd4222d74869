//! What a line of a knowledge file says: an entry, words that mean the same, or a rule (`rule`),
//! an entity (`entity`), the settings (`settings`).

use super::encoding;
use super::{FaqEntry, Knowledge, KnowledgeError, KnowledgeErrorCode as Code, Localised, Source};
use crate::json::Json;
use crate::limits::{
    ANSWER_BYTES_MAX, KNOWLEDGE_ERRORS_MAX, KNOWLEDGE_LINE_BYTES_MAX, PHRASING_BYTES_MAX,
    SYNONYM_TOKENS_MAX,
};
use crate::pack::SMALL_TALK;

/// Reads line by line and collects what is wrong.
pub(super) struct Reader<'a> {
    file: &'a str,
    /// The line that is read, from 1; 0 for what concerns the whole file.
    pub(super) line: u32,
    pub(super) errors: Vec<KnowledgeError>,
    pub(super) warnings: Vec<KnowledgeError>,
}

/// The fields of a line, as they stand.
pub(super) type Fields = Vec<(String, Json)>;

const ENTRY_FIELDS: [&str; 6] = ["id", "title", "lang", "phrasings", "answer", "category"];

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self {
            file,
            line: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn error(&mut self, field: &str, code: Code, message: String) {
        let (file, line) = (self.file.to_owned(), self.line);
        self.errors.push(KnowledgeError {
            file,
            line,
            field: field.to_owned(),
            code,
            message,
        });
    }

    pub(super) fn warning(&mut self, field: &str, code: Code, message: String) {
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

    pub(super) fn source(&self) -> Source {
        Source {
            file: self.file.to_owned(),
            line: self.line,
        }
    }

    /// The line as an object; `None` if it is empty or an error was reported.
    pub(super) fn object(&mut self, line: &[u8]) -> Option<Fields> {
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
        let Ok(text) = core::str::from_utf8(line) else {
            let message = encoding::wrong(line).map(|(message, _)| message);
            self.error("", Code::NotUtf8, message.unwrap_or_default());
            return None;
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

    /// Adds what a line says.
    pub(super) fn item(&mut self, fields: Fields, knowledge: &mut Knowledge) {
        let before = self.errors.len();
        let has = |name: &str| fields.iter().any(|(field, _)| field == name);
        if has("rule") {
            let rule = self.rule(fields);
            keep(&mut knowledge.rules, rule, self.errors.len() == before);
        } else if has("synonyms") {
            let words = self.synonyms(fields);
            keep(&mut knowledge.synonyms, words, self.errors.len() == before);
        } else if has("entity") {
            let entity = self.entity(fields);
            keep(&mut knowledge.entities, entity, self.errors.len() == before);
        } else if has("settings") {
            self.settings(fields, &mut knowledge.settings);
        } else {
            let entry = self.entry(fields);
            keep(&mut knowledge.entries, entry, self.errors.len() == before);
        }
    }

    fn entry(&mut self, fields: Fields) -> Option<FaqEntry> {
        self.known(&fields, &ENTRY_FIELDS);
        let mut take = taker(fields);
        let lang = match take("lang") {
            None => None,
            Some(value) => self.language("lang", value),
        };
        let id = self
            .required("id", take("id"))
            .and_then(|id| self.entry_id(id));
        let answers = self
            .required("answer", take("answer"))
            .map(|answer| self.localised("answer", answer, lang.as_deref(), ANSWER_BYTES_MAX));
        let phrasings = self
            .required("phrasings", take("phrasings"))
            .map(|it| self.phrasings(it, lang.as_deref()));
        let titles = match take("title") {
            None => Vec::new(),
            Some(title) => self.localised("title", title, lang.as_deref(), PHRASING_BYTES_MAX),
        };
        let category = match take("category") {
            None => None,
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

    fn entry_id(&mut self, value: Json) -> Option<String> {
        let id = self.id("id", value)?;
        if id.starts_with(SMALL_TALK) {
            let message = format!(
                "ids that begin with `{SMALL_TALK}` are those of small talk, whose replies are a setting"
            );
            self.error("id", Code::BadValue, message);
        }
        Some(id)
    }

    fn synonyms(&mut self, fields: Fields) -> Option<Vec<String>> {
        self.known(&fields, &["synonyms"]);
        let words = taker(fields)("synonyms")
            .map(|words| self.terms("synonyms", words, SYNONYM_TOKENS_MAX))?;
        if words.len() < 2 {
            self.error(
                "synonyms",
                Code::Empty,
                "at least two words are expected".into(),
            );
        }
        Some(words)
    }

    pub(super) fn known(&mut self, fields: &Fields, known: &[&str]) {
        for (name, _) in fields {
            if !known.contains(&name.as_str()) {
                let message = format!("unknown field; known are {}", known.join(", "));
                self.error(name, Code::UnknownField, message);
            }
        }
    }
}

/// Adds what was read, if nothing is wrong with it.
fn keep<T>(all: &mut Vec<T>, read: Option<T>, right: bool) {
    all.extend(read.filter(|_| right));
}

/// Takes fields out by name; `null` counts as absent.
pub(super) fn taker(fields: Fields) -> impl FnMut(&str) -> Option<Json> {
    let mut fields = fields;
    move |name| {
        let place = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.swap_remove(place).1).filter(|value| *value != Json::Null)
    }
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
