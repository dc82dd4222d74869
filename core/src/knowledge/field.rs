//! The fields of a line: of the right type, neither empty nor too long, each error with its place.

use super::item::Reader;
use super::json::Json;
use super::{KnowledgeErrorCode as Code, Localised};
use crate::answer::tokens::{Tokens, script};
use crate::limits::{
    ENTRY_ID_BYTES_MAX, ENTRY_PHRASINGS_MAX, LANGUAGE_TAG_BYTES_MAX, PHRASING_BYTES_MAX,
    RULE_TERMS_MAX,
};

impl Reader<'_> {
    pub(super) fn required(&mut self, field: &str, value: Option<Json>) -> Option<Json> {
        if value.is_none() {
            self.error(field, Code::MissingField, "the field is missing".into());
        }
        value
    }

    /// A text that is neither empty nor too long and has no control characters.
    pub(super) fn text(&mut self, field: &str, value: Json, bytes_max: usize) -> Option<String> {
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

    pub(super) fn id(&mut self, field: &str, value: Json) -> Option<String> {
        let id = self.text(field, value, ENTRY_ID_BYTES_MAX)?;
        if id.contains(['\n', '\r', '\t']) {
            self.error(field, Code::BadValue, "an id stands on one line".into());
            return None;
        }
        Some(id)
    }

    pub(super) fn language(&mut self, field: &str, value: Json) -> Option<String> {
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
    pub(super) fn localised(
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

    pub(super) fn phrasings(&mut self, value: Json, lang: Option<&str>) -> Vec<Localised> {
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

    pub(super) fn terms(&mut self, field: &str, value: Json, tokens_max: usize) -> Vec<String> {
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
                found if found <= tokens_max => terms.push(term),
                found => {
                    let message =
                        format!("the term has {found} words; at most {tokens_max} are allowed");
                    self.error(&field, Code::TooLong, message);
                }
            }
        }
        terms
    }
}

/// A text that does not say its language: by its script, then as the entry says, else English.
fn with_language(text: String, lang: Option<&str>) -> Localised {
    let lang = script(&text).or(lang).unwrap_or("en").to_owned();
    Localised { lang, text }
}
