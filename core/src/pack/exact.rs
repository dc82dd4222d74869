//! Which questions stand in a pack word for word: the titles and phrasings of entries, and small
//! talk, which gives way to them.
//!
//! In go entries; out comes the table that [`hot`](super::hot) reads.

use std::collections::{BTreeMap, BTreeSet};

use super::Variants;
use super::hot::{KEY_BYTES, key};
use crate::answer::tokens::Tokens;
use crate::knowledge::{FaqEntry, Localised};

type Key = [u8; KEY_BYTES];

/// In place of a language: all of them.
const ANY: &str = "";

/// Questions, and the entry that each belongs to.
pub(super) struct Exact<'k> {
    owners: BTreeMap<Key, &'k str>,
}

/// Whose small talk of a kind is.
#[derive(Clone, Copy)]
enum Whose<'k> {
    /// Nobody wrote of it: what every pack says is said.
    Everybodys,
    /// This entry's.
    Entrys(&'k str),
    /// Several entries', of which none is the obvious one: the rules and the model decide.
    Several,
}

impl<'k> Whose<'k> {
    /// As told by who has how many of the kind's phrasings.
    fn of(counts: &BTreeMap<&'k str, usize>) -> Self {
        let all: usize = counts.values().sum();
        match counts.iter().max_by_key(|(_, count)| **count) {
            None => Self::Everybodys,
            Some((entry, count)) if 3 * count >= 2 * all => Self::Entrys(entry),
            Some(_) => Self::Several,
        }
    }
}

impl<'k> Exact<'k> {
    /// What `entries` say word for word, where it is unambiguous. And small talk: a kind of which
    /// an entry has phrasings is all that entry's, as whoever writes an answer to "hello" means
    /// "hi" as well. Where several have some, two thirds are enough; if nobody has so many, the
    /// kind is left to them. Each language is looked at by itself, if any entry has the kind in it.
    pub(super) fn new(
        entries: &[&'k FaqEntry],
        small_talk: &'k [FaqEntry],
        variants: Variants<'_>,
    ) -> Self {
        let mut tokens = Tokens::default();
        let mut said: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
        for entry in entries {
            for text in entry.phrasings.iter().chain(&entry.titles) {
                if let Some(key) = key_of(&mut tokens, text, variants) {
                    said.entry(key).or_default().insert(&entry.id);
                }
            }
        }
        let mut owners = BTreeMap::new();
        for kind in small_talk {
            let mut keys = Vec::new();
            let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
            for text in &kind.phrasings {
                let Some(key) = key_of(&mut tokens, text, variants) else {
                    continue;
                };
                keys.push((key, text.lang.as_str()));
                for entry in said.get(&key).into_iter().flatten() {
                    for counted in [ANY, &text.lang] {
                        *counts.entry(counted).or_default().entry(entry).or_default() += 1;
                    }
                }
            }
            for (key, lang) in keys {
                let whose = counts.get(lang).or_else(|| counts.get(ANY));
                let owner = match whose.map_or(Whose::Everybodys, Whose::of) {
                    Whose::Everybodys => kind.id.as_str(),
                    Whose::Entrys(entry) => entry,
                    Whose::Several => continue,
                };
                owners.insert(key, owner);
            }
        }
        for (key, entries) in said {
            match entries.first() {
                Some(entry) if entries.len() == 1 => owners.insert(key, entry),
                // The model decides between them.
                _ => owners.remove(&key),
            };
        }
        Self { owners }
    }

    /// Whether a question is this entry's.
    pub(super) fn is_needed(&self, entry: &FaqEntry) -> bool {
        self.owners.values().any(|owner| *owner == entry.id)
    }

    /// In the order of the keys; `index` says where entries are.
    pub(super) fn table(&self, index: &BTreeMap<&str, u16>) -> Vec<(Key, u16)> {
        let places = self.owners.iter();
        places
            .filter_map(|(key, owner)| Some((*key, *index.get(owner)?)))
            .collect()
    }
}

fn key_of(tokens: &mut Tokens, text: &Localised, variants: Variants<'_>) -> Option<Key> {
    tokens.read(&text.text, variants);
    (!tokens.is_empty()).then(|| key(tokens.hash()))
}
