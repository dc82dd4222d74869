//! The fields of a line: of the right type, neither empty nor too long, each error with its place.

use super::item::Reader;
use super::{KnowledgeErrorCode as Code, Localised};
use crate::answer::tokens::{Tokens, script};
use crate::json::Json;
use crate::limits::{
    ENTRY_ID_BYTES_MAX, ENTRY_PHRASINGS_MAX, LANGUAGE_TAG_BYTES_MAX, PHRASING_BYTES_MAX,
    RULE_TERMS_MAX,
};
use crate::pack::Variants;

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

    pub(super) fn tag(&mut self, field: &str, tag: &str) -> bool {
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

    /// A list of texts, or an object of such lists by language.
    pub(super) fn phrasings(&mut self, value: Json, lang: Option<&str>) -> Vec<Localised> {
        let before = self.errors.len();
        let mut phrasings = Vec::new();
        match value {
            Json::Object(by_language) => {
                for (tag, value) in by_language {
                    // A table may have phrasings both with and without a language.
                    if tag.is_empty() {
                        self.phrasing_list("phrasings", value, None, lang, &mut phrasings);
                        continue;
                    }
                    let field = format!("phrasings.{tag}");
                    if self.tag(&field, &tag) {
                        self.phrasing_list(&field, value, Some(&tag), lang, &mut phrasings);
                    }
                }
            }
            value => self.phrasing_list("phrasings", value, None, lang, &mut phrasings),
        }
        if phrasings.is_empty() && self.errors.len() == before {
            let message = "at least one phrasing is expected".into();
            self.error("phrasings", Code::Empty, message);
        }
        if phrasings.len() > ENTRY_PHRASINGS_MAX {
            let message = format!(
                "{} phrasings; at most {ENTRY_PHRASINGS_MAX} are allowed",
                phrasings.len()
            );
            self.error("phrasings", Code::TooLong, message);
        }
        phrasings
    }

    /// `tag` is the language that the list is said to be in; `lang` that of the entry.
    fn phrasing_list(
        &mut self,
        field: &str,
        value: Json,
        tag: Option<&str>,
        lang: Option<&str>,
        phrasings: &mut Vec<Localised>,
    ) {
        let Json::List(list) = value else {
            let message = format!("a list of texts is expected, not {}", value.kind());
            self.error(field, Code::WrongType, message);
            return;
        };
        for (place, value) in list.into_iter().enumerate().take(ENTRY_PHRASINGS_MAX + 1) {
            let field = format!("{field}[{place}]");
            if matches!(&value, Json::Text(text) if text.trim().is_empty()) {
                // Exports have them; the others still say how visitors ask.
                self.warning(
                    &field,
                    Code::Empty,
                    "a blank phrasing was passed over".into(),
                );
                continue;
            }
            let text = self.text(&field, value, PHRASING_BYTES_MAX);
            phrasings.extend(text.map(|text| match tag {
                Some(tag) => Localised {
                    lang: tag.to_owned(),
                    text,
                },
                None => with_language(text, lang),
            }));
        }
    }

    /// A text, or a list of them.
    pub(super) fn texts(&mut self, field: &str, value: Json, bytes_max: usize) -> Vec<String> {
        let list = match value {
            Json::List(list) => list,
            one => return self.text(field, one, bytes_max).into_iter().collect(),
        };
        if list.is_empty() {
            self.error(field, Code::Empty, "at least one text is expected".into());
        }
        if list.len() > RULE_TERMS_MAX {
            let message = format!("{} texts; at most {RULE_TERMS_MAX} are allowed", list.len());
            self.error(field, Code::TooLong, message);
        }
        let each = list.into_iter().enumerate().take(RULE_TERMS_MAX);
        each.filter_map(|(place, value)| self.text(&format!("{field}[{place}]"), value, bytes_max))
            .collect()
    }

    /// A whole number within bounds.
    pub(super) fn integer(&mut self, field: &str, value: &Json, from: i64, to: i64) -> Option<i64> {
        let number = match value {
            Json::Number(number) => number.as_i64(),
            _ => None,
        };
        let number = number.filter(|number| (from..=to).contains(number));
        if number.is_none() {
            let message = format!("a whole number from {from} to {to} is expected");
            self.error(field, Code::BadValue, message);
        }
        number
    }

    /// Whether a term has words, and not too many.
    pub(super) fn term(&mut self, field: &str, term: &str, tokens_max: usize) -> bool {
        let mut tokens = Tokens::default();
        tokens.read(term, Variants::default());
        match tokens.all().len() {
            0 => self.error(
                field,
                Code::Empty,
                "the term has no letter and no digit".into(),
            ),
            found if found <= tokens_max => return true,
            found => {
                let message =
                    format!("the term has {found} words; at most {tokens_max} are allowed");
                self.error(field, Code::TooLong, message);
            }
        }
        false
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
        let mut terms = Vec::new();
        for (place, value) in list.into_iter().enumerate().take(RULE_TERMS_MAX) {
            let field = format!("{field}[{place}]");
            let term = self.text(&field, value, PHRASING_BYTES_MAX);
            terms.extend(term.filter(|term| self.term(&field, term, tokens_max)));
        }
        terms
    }
}

/// A text that does not say its language: by its script, then as the entry says, else English.
fn with_language(text: String, lang: Option<&str>) -> Localised {
    let lang = script(&text).or(lang).unwrap_or("en").to_owned();
    Localised { lang, text }
}
