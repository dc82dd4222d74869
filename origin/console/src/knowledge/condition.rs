//! One condition of a rule, as a row of a form: what kind it is, and its text.
//!
//! Invariant: what the row does not show (how near, in which order) stays as it is.

use firsthop_core::json::Json;

use super::doc::Doc;

/// What a condition looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words one after the other.
    Words,
    /// Words near each other.
    Near,
    /// A pattern of characters.
    Pattern,
    /// Something that an entity describes.
    Entity,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Words, Self::Near, Self::Pattern, Self::Entity];

    /// The field that holds its text, also its name in a form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Near => "near",
            Self::Pattern => "pattern",
            Self::Entity => "entity",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .unwrap_or(Self::Words)
    }

    /// What kind a condition is.
    pub fn of(condition: &Json) -> Self {
        let Json::Object(fields) = condition else {
            return Self::Words;
        };
        let has = |kind: &Self| fields.iter().any(|(name, _)| name == kind.as_str());
        Self::ALL.into_iter().find(has).unwrap_or(Self::Words)
    }
}

/// The text of a row.
pub fn text(condition: &Json) -> String {
    let doc = match condition {
        Json::Text(text) => return text.clone(),
        other => Doc::of(other.clone()),
    };
    match Kind::of(condition) {
        Kind::Near => doc.list("near").join(", "),
        kind => doc.text(kind.as_str()),
    }
}

/// The condition with another text.
#[must_use]
pub fn with_text(condition: &Json, text: &str) -> Json {
    let kind = Kind::of(condition);
    let mut doc = match (kind, condition) {
        (Kind::Words, _) => return text.into(),
        (_, other) => Doc::of(other.clone()),
    };
    let value = if kind == Kind::Near {
        // A comma is typed before the word that follows it.
        let words = text
            .split([',', '，', '、'])
            .map(|word| word.trim_start().into());
        Json::List(words.collect())
    } else {
        text.into()
    };
    doc.put(kind.as_str(), Some(value));
    doc.to_json()
}

/// The condition's text as another kind.
#[must_use]
pub fn with_kind(condition: &Json, kind: Kind) -> Json {
    let text = text(condition);
    match kind {
        Kind::Words => text.into(),
        kind => with_text(
            &Json::Object(vec![(kind.as_str().to_owned(), "".into())]),
            &text,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(source: &str) -> Json {
        serde_json::from_str(source).unwrap()
    }

    #[test]
    fn a_row_shows_a_condition_and_keeps_what_it_does_not_show() {
        let near = json(r#"{"near":["gift","card"],"within":3,"in_order":true}"#);
        assert_eq!(
            (Kind::of(&near), text(&near).as_str()),
            (Kind::Near, "gift, card")
        );
        assert_eq!(
            with_text(&near, "gift, lost"),
            json(r#"{"near":["gift","lost"],"within":3,"in_order":true}"#)
        );
        let pattern = json(r#"{"pattern":"[A-Z]{2}\\d+"}"#);
        assert_eq!(text(&pattern), r"[A-Z]{2}\d+");
        assert_eq!(with_text(&json(r#""lost""#), "found"), json(r#""found""#));
    }

    #[test]
    fn kinds_change_and_change_back() {
        let words = json(r#""gift, card""#);
        let near = with_kind(&words, Kind::Near);
        assert_eq!(near, json(r#"{"near":["gift","card"]}"#));
        assert_eq!(with_kind(&near, Kind::Words), words);
        assert_eq!(
            with_kind(&words, Kind::Entity),
            json(r#"{"entity":"gift, card"}"#)
        );
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), kind);
        }
    }
}
