//! The knowledge pack: what a bot knows, in one immutable file that every hop reads the same.
//!
//! In go the bytes that [`build`] made (behind the feature `compile`); out come entries by index
//! or id, and, for the answerer, the tables of exact questions, rules and the scoring model.
//! A pack is checked when it is loaded, its rules apart (see `rules`); afterwards nothing can fail,
//! and nothing is copied but the weights, which are taken apart once (see `model`).
//!
//! Invariants: entries stand in the order of their ids, so that equal knowledge gives equal
//! bytes; a damaged, cut-off or foreign file is a [`PackError`], never a panic.
//!
//! Start reading at [`Pack::load`]; the layout is the order of the reads there. What is not
//! here: how a question is answered (`answer`), and where packs come from and whether to trust
//! them: whoever fetches a pack checks that its SHA-256 is the name by which it was fetched.

mod automaton;
mod entry;
mod hash;
mod hot;
mod lexicon;
mod model;
mod read;
mod rules;
#[cfg(feature = "trust")]
pub mod signature;
mod spelling;
mod variants;
mod vocabulary;

#[cfg(feature = "compile")]
mod build;
#[cfg(feature = "compile")]
mod calibrate;
#[cfg(feature = "compile")]
mod exact;
#[cfg(feature = "compile")]
mod learn;
#[cfg(feature = "compile")]
mod math;
#[cfg(feature = "compile")]
pub(crate) mod pattern;
#[cfg(feature = "compile")]
mod rulebook;
#[cfg(feature = "compile")]
mod rules_check;
#[cfg(feature = "compile")]
mod train;
#[cfg(feature = "compile")]
mod words;
#[cfg(feature = "compile")]
mod write;

pub use entry::{Entry, SMALL_TALK, Text};
pub use hash::{PackHash, PackHashError};
pub(crate) use hot::Hot;
pub(crate) use lexicon::{BETWEEN, Lexicon, key as term_key};
pub(crate) use model::{Calibration, EVIDENCE, Model};
pub(crate) use read::Bytes;
use read::Span;
pub(crate) use rules::{Action, Cursor, Rule, Rules};
use spelling::Spellings;
pub(crate) use variants::Variants;
pub(crate) use vocabulary::Vocabulary;

#[cfg(feature = "compile")]
pub use build::{BuildError, BuildReport, BuildSettings, Progress, build};
#[cfg(feature = "compile")]
pub use pattern::PatternError;

use crate::limits::{PACK_BYTES_MAX, PACK_ENTRIES_MAX, SMALL_TALK_KINDS_MAX};

/// The first four bytes of every pack.
const MAGIC: u32 = u32::from_le_bytes(*b"FHPK");

/// The version of the layout. Any change of layout or of scoring makes a new one: an older
/// reader must refuse a pack rather than answer differently from everyone else.
pub const PACK_VERSION: u16 = 5;

/// An entry's place in a pack. Means something only together with that pack's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryIndex(pub u16);

/// Why bytes are not a pack. Fetching it again helps for the first three; publishing with the
/// version of this hop, or updating this hop, for [`PackError::Version`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The bytes end before the pack does.
    #[error("the pack is cut off")]
    Truncated,
    /// The checksum does not match: bytes were changed on the way.
    #[error("the pack is damaged: its checksum does not match")]
    Checksum,
    /// It is something else.
    #[error("this is not a knowledge pack")]
    NotAPack,
    /// It was built for another version of the answerer.
    #[error("the pack has version {found}; this answerer reads version {PACK_VERSION}")]
    Version {
        /// The pack's version.
        found: u16,
    },
    /// It is longer than any pack may be.
    #[error("the pack has {bytes} bytes; at most {PACK_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The checksum is right, yet the content is not a pack's: a faulty or malicious builder.
    #[error("the pack's {part} is malformed")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
}

/// A loaded pack.
pub struct Pack {
    bytes: Vec<u8>,
    hash: PackHash,
    languages: Vec<Span>,
    entries: Vec<u32>,
    hot: hot::Place,
    rules: rules::Place,
    variants: variants::Place,
    vocabulary: vocabulary::Place,
    spellings: spelling::Place,
    lexicon: lexicon::Place,
    model: model::Place,
}

impl Pack {
    /// Checks `bytes` wholly and keeps them. `hash` is the name under which the pack was
    /// published; the caller has checked that it is the SHA-256 of `bytes` (in the browser with
    /// WebCrypto, natively with [`PackHash::of`]), as this code does not carry SHA-256.
    pub fn load(bytes: Vec<u8>, hash: PackHash) -> Result<Self, PackError> {
        if bytes.len() > PACK_BYTES_MAX {
            return Err(PackError::TooLarge { bytes: bytes.len() });
        }
        let mut rest = Bytes::new(&bytes);
        if rest.u32()? != MAGIC {
            return Err(PackError::NotAPack);
        }
        let found = rest.u16()?;
        if found != PACK_VERSION {
            return Err(PackError::Version { found });
        }
        let length = rest.u32()? as usize;
        let checksum = rest.u64()?;
        if rest.rest().len() < length {
            return Err(PackError::Truncated);
        }
        if rest.rest().len() > length || fnv64(rest.rest()) != checksum {
            return Err(PackError::Checksum);
        }
        let mut languages = Vec::new();
        let mut part = rest.part()?;
        for _ in 0..part.count()? {
            languages.push(part.text_span()?);
        }
        part.end("languages")?;

        let mut entries = Vec::new();
        let mut part = rest.part()?;
        let count = part.count()?;
        if count > PACK_ENTRIES_MAX + SMALL_TALK_KINDS_MAX {
            return Err(PackError::Malformed { part: "entries" });
        }
        let mut previous = "";
        for _ in 0..count {
            entries.push(part.at());
            let id = entry::check(&mut part, languages.len())?;
            if id <= previous {
                return Err(PackError::Malformed { part: "entries" });
            }
            previous = id;
        }
        part.end("entries")?;

        let hot = hot::Place::check(rest.part()?, count)?;
        let rules = rules::Place::find(rest.part()?)?;
        let variants = variants::Place::check(rest.part()?)?;
        let vocabulary = vocabulary::Place::check(rest.part()?)?;
        let spellings = spelling::Place::find(rest.part()?)?;
        let lexicon = lexicon::Place::check(rest.part()?)?;
        let model = model::Place::check(rest.part()?, count)?;
        rest.end("end")?;
        Ok(Self {
            hash,
            languages,
            entries,
            hot,
            rules,
            variants,
            vocabulary,
            spellings,
            lexicon,
            model,
            bytes,
        })
    }

    /// The name under which it was loaded.
    #[must_use]
    pub fn hash(&self) -> PackHash {
        self.hash
    }

    /// How many entries it has, those for small talk included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows nothing (rules apart).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry at `index`.
    #[must_use]
    pub fn entry(&self, index: EntryIndex) -> Option<Entry<'_>> {
        let start = *self.entries.get(usize::from(index.0))?;
        Entry::read(self, Bytes::new(self.bytes.get(start as usize..)?))
    }

    /// Whether the entry at `index` is what every pack says to small talk.
    pub(crate) fn is_small_talk(&self, index: EntryIndex) -> bool {
        self.entry(index).is_some_and(|entry| entry.is_small_talk())
    }

    /// All entries, in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = (EntryIndex, Entry<'_>)> {
        (0..self.entries.len() as u16)
            .map(EntryIndex)
            .filter_map(|index| self.entry(index).map(|entry| (index, entry)))
    }

    /// Where the entry with this id is.
    #[must_use]
    pub fn find(&self, entry_id: &str) -> Option<EntryIndex> {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            let index = EntryIndex(middle as u16);
            match self.entry(index)?.id().cmp(entry_id) {
                core::cmp::Ordering::Equal => return Some(index),
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    pub(crate) fn language(&self, index: u8) -> &str {
        self.languages
            .get(usize::from(index))
            .and_then(|name| core::str::from_utf8(name.of(&self.bytes)).ok())
            .unwrap_or("")
    }

    pub(crate) fn hot(&self) -> Hot<'_> {
        self.hot.open(&self.bytes)
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        self.rules.open(&self.bytes)
    }

    pub(crate) fn variants(&self) -> Variants<'_> {
        self.variants.open(&self.bytes)
    }

    pub(crate) fn vocabulary(&self) -> Vocabulary<'_> {
        self.vocabulary.open(&self.bytes)
    }

    pub(crate) fn spellings(&self) -> Spellings<'_> {
        self.spellings.open(&self.bytes)
    }

    pub(crate) fn lexicon(&self) -> Lexicon<'_> {
        self.lexicon.open(&self.bytes)
    }

    pub(crate) fn model(&self) -> Model<'_> {
        self.model.open(&self.bytes)
    }
}

/// Every single changed byte changes it: each step is a bijection of the state.
pub(crate) fn fnv64(bytes: &[u8]) -> u64 {
    fnv64_from(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same, going on from a state.
pub(crate) fn fnv64_from(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
