//! Writing the words of a pack: the concepts that every pack starts from, those that the editor
//! added, how characters sound, and which are simplified.

use std::collections::{BTreeMap, BTreeSet};

use super::lexicon::denial;
use super::spelling::LENGTHS;
use super::variants::Variants;
use super::write::Writer;
use crate::answer::features::{Run, sound_hash};
use crate::answer::tokens::{Shape, Tokens};
use crate::knowledge::{
    BACKGROUND, DENIALS, EntityKind, FaqEntry, Knowledge, PLAIN, SIMPLIFIED, SOUNDS, WORDS,
};
use crate::limits::{SPELLINGS_MAX, SYNONYM_TOKENS_MAX};

/// The simplified characters, where there is Chinese, as [`Variants`] reads them.
pub(super) fn simplified(knowledge: &Knowledge) -> Vec<u8> {
    let known = if has_chinese(knowledge) {
        SIMPLIFIED
    } else {
        ""
    };
    let pairs: BTreeMap<u16, u16> = known.split_whitespace().filter_map(pair).collect();
    let upper = |code: &u16| (code >> 8) as u8;
    let lower = |code: &u16| *code as u8;
    let of_traditional = pairs.keys().map(upper).chain(pairs.keys().map(lower));
    let of_simplified = pairs.values().map(upper).chain(pairs.values().map(lower));
    of_traditional.chain(of_simplified).collect()
}

/// The codes of two characters.
fn pair(text: &str) -> Option<(u16, u16)> {
    let mut codes = text.chars().map(|c| u16::try_from(u32::from(c)).ok());
    Some((codes.next()??, codes.next()??))
}

/// The part of the pack with its words.
pub(super) fn write(knowledge: &Knowledge, variants: Variants<'_>) -> Writer {
    let sounds = if has_chinese(knowledge) {
        sounds()
    } else {
        Vec::new()
    };
    let mut rows = BTreeSet::new();
    let mut tokens = Tokens::default();
    let starter = WORDS
        .lines()
        .map(|line| line.split('|').map(str::to_owned).collect());
    let groups: Vec<Vec<String>> = knowledge.synonyms.iter().cloned().chain(starter).collect();
    for (concept, group) in groups.iter().enumerate() {
        for term in group {
            tokens.read(term, variants);
            if !(1..=SYNONYM_TOKENS_MAX).contains(&tokens.all().len()) {
                continue;
            }
            let key = last_key(tokens.all().iter().map(|token| token.hash));
            rows.extend(key.map(|key| (key, concept as u16)));
            if tokens.all().len() >= 2 {
                let sounds: Option<Vec<u32>> = tokens
                    .all()
                    .iter()
                    .map(|token| sound_of(&tokens, token, &sounds))
                    .collect();
                let key = sounds.and_then(|sounds| last_key(sounds.into_iter()));
                rows.extend(key.map(|key| (key, concept as u16)));
            }
        }
    }
    let mut part = Writer::default();
    let plain = hashes(PLAIN, variants);
    let denials = DENIALS.lines().zip(0..);
    let denials = denials.flat_map(|(line, kind)| {
        let words = hashes(line, variants).into_iter();
        words.map(move |word| denial(word, kind))
    });
    for words in [plain.into_iter().collect(), denials.collect::<Vec<u32>>()] {
        part.varint(words.len() as u32);
        for word in words {
            part.u32(word);
        }
    }
    part.varint(rows.len() as u32);
    for (key, _) in &rows {
        part.u32(*key);
    }
    for (_, concept) in &rows {
        part.u16(*concept);
    }
    part.varint(sounds.len() as u32);
    for (c, _) in &sounds {
        part.u16(*c);
    }
    for (_, sound) in &sounds {
        part.u16(*sound);
    }
    part
}

/// Words that are known whatever the entries say: those of the lists that every pack starts from,
/// and of the editor's synonyms and entities.
pub(super) fn starter(knowledge: &Knowledge, variants: Variants<'_>) -> BTreeSet<u32> {
    let mut tokens = Tokens::default();
    let mut words = BTreeSet::new();
    let mut add = |text: &str| {
        tokens.read(text, variants);
        words.extend(tokens.all().iter().filter_map(|token| token.name));
    };
    for line in [WORDS, PLAIN, DENIALS, BACKGROUND]
        .into_iter()
        .flat_map(str::lines)
    {
        add(line);
    }
    knowledge
        .synonyms
        .iter()
        .flatten()
        .for_each(|term| add(term));
    for entity in &knowledge.entities {
        if let EntityKind::Values(values) = &entity.kind {
            for (value, aliases) in values {
                add(value);
                aliases.iter().for_each(|alias| add(alias));
            }
        }
    }
    words
}

/// The words of phrasings and titles as they are spelled: see [`spelling`](super::spelling).
pub(super) fn spellings(entries: &[&FaqEntry], variants: Variants<'_>) -> Writer {
    let mut tokens = Tokens::default();
    let mut often: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for text in entries
        .iter()
        .flat_map(|entry| entry.phrasings.iter().chain(&entry.titles))
    {
        tokens.read(&text.text, variants);
        for token in tokens.all() {
            let letters = tokens.letters(token).iter();
            let letters = letters.map(|c| u8::try_from(*c).ok().filter(u8::is_ascii_lowercase));
            let word: Option<Vec<u8>> = letters.collect();
            if let Some(word) = word.filter(|word| LENGTHS.contains(&word.len())) {
                *often.entry(word).or_default() += 1;
            }
        }
    }
    let mut words: Vec<(Vec<u8>, usize)> = often.into_iter().collect();
    words.sort_by_key(|(_, often)| core::cmp::Reverse(*often));
    words.truncate(SPELLINGS_MAX);
    let mut part = Writer::default();
    for length in LENGTHS {
        let words = words.iter().filter(|(word, _)| word.len() == length);
        part.varint(words.clone().count() as u32);
        part.0.extend(words.flat_map(|(word, _)| word));
    }
    part
}

/// The hashes of a list's words, ascending.
fn hashes(list: &str, variants: Variants<'_>) -> BTreeSet<u32> {
    let mut tokens = Tokens::default();
    tokens.read(list, variants);
    tokens.all().iter().map(|token| token.hash).collect()
}

fn has_chinese(knowledge: &Knowledge) -> bool {
    let mut phrasings = knowledge.entries.iter().flat_map(|entry| &entry.phrasings);
    phrasings.any(|phrasing| phrasing.lang.starts_with("zh"))
}

fn last_key(hashes: impl Iterator<Item = u32>) -> Option<u32> {
    let mut run = Run::default();
    hashes.map(|hash| run.add(hash)).last()
}

fn sound_of(
    tokens: &Tokens,
    token: &crate::answer::tokens::Token,
    sounds: &[(u16, u16)],
) -> Option<u32> {
    let c = tokens
        .letters(token)
        .first()
        .filter(|_| token.shape == Shape::Ideograph)?;
    let code = u16::try_from(u32::from(*c)).ok()?;
    let at = sounds.binary_search_by_key(&code, |(c, _)| *c).ok()?;
    sounds.get(at).map(|(_, sound)| sound_hash(*sound))
}

/// Characters, ascending, and the number of their sound.
fn sounds() -> Vec<(u16, u16)> {
    let mut names: Vec<String> = Vec::new();
    let mut sounds = Vec::new();
    for (syllable, characters) in SOUNDS.lines().filter_map(|line| line.split_once(' ')) {
        let name = alike(syllable);
        let at = names
            .iter()
            .position(|other| *other == name)
            .unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
        sounds.extend(characters.chars().map(|c| (u32::from(c) as u16, at as u16)));
    }
    sounds.sort_unstable();
    sounds.dedup_by_key(|(c, _)| *c);
    sounds
}

/// Syllables that many speakers do not tell apart become the same: zh and z, ing and in, n and l.
fn alike(syllable: &str) -> String {
    let mut name = syllable
        .replacen("zh", "z", 1)
        .replacen("ch", "c", 1)
        .replacen("sh", "s", 1);
    for (long, short) in [("ang", "an"), ("eng", "en"), ("ing", "in")] {
        if let Some(stem) = name.strip_suffix(long) {
            name = format!("{stem}{short}");
        }
    }
    match name.strip_prefix('n') {
        Some(rest) if !rest.is_empty() => format!("l{rest}"),
        _ => name,
    }
}
