//! The words of a pack: which say nothing about the matter, which deny it, which words mean the
//! same (邮费, 运费, freight), as numbered concepts; and how Chinese characters sound, so that a
//! homophone typed by mistake is still understood.
//!
//! A term is looked up by a key of its tokens: 12 bits of the first token's hash, 20 bits of the
//! hash of all of them. Keys ascend; a table made when the pack is loaded leads to the few keys
//! of a first token.

use super::PackError;
use super::read::{Bytes, Span};

const FIRST_BITS: u32 = 12;
const MALFORMED: PackError = PackError::Malformed { part: "words" };

/// Where the words are.
pub(super) struct Place {
    plain: Span,
    denials: Span,
    keys: Span,
    concepts: Span,
    /// For each of the 2^12 values of a first token, the first key with it; and the end.
    starts: Vec<u16>,
    /// For each character from the first that has a sound, the sound's number plus one; else 0.
    sounds: Vec<u16>,
    first_character: u16,
}

impl Place {
    pub(super) fn check(mut part: Bytes<'_>) -> Result<Self, PackError> {
        let plain = part.count()?;
        let plain = part.span(plain * 4)?;
        let denials = part.count()?;
        let denials = part.span(denials * 4)?;
        let count = part.count()?;
        if count > usize::from(u16::MAX) {
            return Err(MALFORMED);
        }
        let mut walk = part;
        let keys = part.span(count * 4)?;
        let mut starts = Vec::with_capacity((1 << FIRST_BITS) + 1);
        let mut previous = 0;
        for at in 0..count {
            let key = walk.u32()?;
            if key < previous {
                return Err(MALFORMED);
            }
            previous = key;
            while starts.len() <= first_of(key) {
                starts.push(at as u16);
            }
        }
        starts.resize((1 << FIRST_BITS) + 1, count as u16);
        let concepts = part.span(count * 2)?;
        let count = part.count()?;
        let mut characters = part;
        part.span(count * 2)?;
        let mut sounds = Vec::new();
        let mut first_character = 0;
        for at in 0..count {
            let (c, sound) = (characters.u16()?, part.u16()?);
            if at == 0 {
                first_character = c;
            }
            let place = usize::from(c.checked_sub(first_character).ok_or(MALFORMED)?);
            if place < sounds.len() {
                return Err(MALFORMED);
            }
            sounds.resize(place, 0);
            sounds.push(sound.checked_add(1).ok_or(MALFORMED)?);
        }
        part.end("words")?;
        Ok(Self {
            plain,
            denials,
            keys,
            concepts,
            starts,
            sounds,
            first_character,
        })
    }

    pub(super) fn open<'a>(&'a self, bytes: &'a [u8]) -> Lexicon<'a> {
        Lexicon {
            plain: self.plain.of(bytes).as_chunks().0,
            denials: self.denials.of(bytes).as_chunks().0,
            keys: self.keys.of(bytes).as_chunks().0,
            concepts: self.concepts.of(bytes).as_chunks().0,
            starts: &self.starts,
            sounds: &self.sounds,
            first_character: self.first_character,
        }
    }
}

/// The words of a pack. The default knows none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lexicon<'a> {
    plain: &'a [[u8; 4]],
    denials: &'a [[u8; 4]],
    keys: &'a [[u8; 4]],
    concepts: &'a [[u8; 2]],
    starts: &'a [u16],
    sounds: &'a [u16],
    first_character: u16,
}

/// The kind of words that stand between a denial and what is denied: "want", 要.
pub(crate) const BETWEEN: u8 = 1 << 6;

/// The part of a denying word that is not its hash.
const DENIAL_KIND: u32 = 7;

/// A denying word as it stands in a pack: its hash, with its kind in the lowest three bits.
pub(super) fn denial(word: u32, kind: u32) -> u32 {
    word & !DENIAL_KIND | kind & DENIAL_KIND
}

fn has(words: &[[u8; 4]], word: u32) -> bool {
    words.contains(&word.to_le_bytes())
}

/// The key of a term: `first` is the hash of its first token, `all` that of all of them.
pub(crate) fn key(first: u32, all: u32) -> u32 {
    (first & !(u32::MAX >> FIRST_BITS)) | (all >> FIRST_BITS)
}

fn first_of(key: u32) -> usize {
    (key >> (32 - FIRST_BITS)) as usize
}

impl<'a> Lexicon<'a> {
    /// Whether any term starts with a token of this hash (or one that looks alike).
    pub(crate) fn starts_with(&self, first: u32) -> bool {
        let at = first_of(first);
        self.starts.get(at) != self.starts.get(at + 1)
    }

    /// Whether a word of this hash says nothing about the matter ("the", "please").
    pub(crate) fn is_plain(&self, word: u32) -> bool {
        has(self.plain, word)
    }

    /// How a word of this hash denies something, or complains that it is as it is: a bit for the
    /// kind of such words; 0 if it does not.
    pub(crate) fn denial(&self, word: u32) -> u8 {
        let mut all = self.denials.iter().map(|it| u32::from_le_bytes(*it));
        all.find(|it| denial(word, 0) == denial(*it, 0))
            .map_or(0, |it| 1 << (it & DENIAL_KIND))
    }

    /// The concepts of the term with this key; none if there is no such term.
    pub(crate) fn concepts(&self, key: u32) -> impl Iterator<Item = u16> + use<'a> {
        let at = first_of(key);
        let start = self.starts.get(at).copied().unwrap_or(0);
        let end = self.starts.get(at + 1).copied().unwrap_or(0);
        let range = usize::from(start)..usize::from(end);
        let keys = self.keys.get(range.clone()).unwrap_or(&[]);
        let concepts = self.concepts.get(range).unwrap_or(&[]);
        let same = keys
            .iter()
            .zip(concepts)
            .filter(move |(other, _)| **other == key.to_le_bytes());
        same.map(|(_, concept)| u16::from_le_bytes(*concept))
    }

    /// What a character sounds like; equal numbers sound alike.
    pub(crate) fn sound(&self, c: char) -> Option<u16> {
        let place = u32::from(c).checked_sub(u32::from(self.first_character))?;
        self.sounds.get(place as usize)?.checked_sub(1)
    }
}
