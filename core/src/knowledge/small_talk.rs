//! Small talk: what visitors say that asks nothing, such as "hello" and 谢谢, and what the bot says
//! to it, so that nobody waits in a queue for having been polite.
//!
//! In goes the setting `small_talk`; out come entries that every pack starts from, a kind each.
//! They are given only to who says one of their phrasings and nothing else: the scoring model does
//! not know them (see `pack::build`).

use super::item::Reader;
use super::{FaqEntry, Knowledge, KnowledgeErrorCode as Code, Localised, parse};
use crate::json::Json;
use crate::limits::ANSWER_BYTES_MAX;
use crate::pack::SMALL_TALK;

/// What every pack starts from: a line for each kind.
const STARTER: &str = include_str!("starter/small_talk.jsonl");

/// The kinds, as the setting names them.
const KINDS: [&str; 4] = ["hello", "thanks", "goodbye", "ok"];

/// What the setting says of a kind: its name, and the reply in some languages, or in none if the
/// bot is not to reply.
pub type SmallTalk = (String, Vec<Localised>);

impl Knowledge {
    /// An entry for each kind of small talk that the bot replies to.
    pub(crate) fn small_talk(&self) -> Vec<FaqEntry> {
        let starter = parse("starter", STARTER.as_bytes()).unwrap_or_default();
        let mut entries = starter.entries;
        for entry in &mut entries {
            if let Some((_, reply)) = self
                .settings
                .small_talk
                .iter()
                .find(|(kind, _)| *kind == entry.id)
            {
                entry.answers.clone_from(reply);
            }
            entry.id.insert_str(0, SMALL_TALK);
        }
        entries.retain(|entry| !entry.answers.is_empty());
        entries
    }
}

impl Reader<'_> {
    /// The setting: false, or for each kind a reply or false.
    pub(super) fn small_talk(&mut self, value: Json) -> Vec<SmallTalk> {
        let none = |kind: &str| (kind.to_owned(), Vec::new());
        let kinds = match value {
            Json::Bool(false) => return KINDS.map(none).into(),
            Json::Object(kinds) => kinds,
            other => {
                let message = format!(
                    "false, or an object of replies, is expected, not {}",
                    other.kind()
                );
                self.error("settings.small_talk", Code::WrongType, message);
                return Vec::new();
            }
        };
        let mut read = Vec::new();
        for (kind, reply) in kinds {
            let field = format!("settings.small_talk.{kind}");
            if !KINDS.contains(&kind.as_str()) {
                let message = format!("unknown small talk; known is {}", KINDS.join(", "));
                self.error(&field, Code::UnknownField, message);
                continue;
            }
            match reply {
                Json::Null => {}
                Json::Bool(false) => read.push(none(&kind)),
                reply => {
                    let reply = self.localised(&field, reply, None, ANSWER_BYTES_MAX);
                    read.push((kind, reply));
                }
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starter_has_a_reply_of_every_kind_in_both_languages_and_no_phrasing_twice() {
        let entries = Knowledge::default().small_talk();
        let kinds: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.id.strip_prefix(SMALL_TALK))
            .collect();
        assert_eq!(kinds, KINDS);
        let mut said = std::collections::BTreeSet::new();
        for entry in &entries {
            let languages: Vec<_> = entry.answers.iter().map(|text| &text.lang).collect();
            assert_eq!(languages, ["en", "zh"], "{}", entry.id);
            for phrasing in &entry.phrasings {
                assert!(
                    said.insert(&phrasing.text),
                    "{} stands twice",
                    phrasing.text
                );
            }
        }
    }
}
