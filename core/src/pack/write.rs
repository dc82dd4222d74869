//! Writing a pack: the mirror of the reads in [`Pack::load`](super::Pack::load).

use std::collections::BTreeSet;

use super::hot::KEY_BYTES;
use super::model::{Calibration, UNSCORED};
use super::variants::PAIR_BYTES;
use super::{MAGIC, PACK_VERSION, fnv64};

/// Bytes being written.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn varint(&mut self, value: u32) {
        let mut value = value;
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Bytes with their length in front.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u32);
        self.0.extend(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.raw(text.as_bytes());
    }

    pub(super) fn part(&mut self, part: &Writer) {
        self.u32(part.0.len() as u32);
        self.0.extend(&part.0);
    }
}

/// The parts of a pack, each written as its reader expects.
pub(super) struct Parts {
    pub(super) languages: Writer,
    pub(super) entries: Writer,
    pub(super) hot: Writer,
    pub(super) rules: Writer,
    pub(super) variants: Writer,
    pub(super) vocabulary: Writer,
    pub(super) spellings: Writer,
    pub(super) lexicon: Writer,
    pub(super) model: Writer,
}

/// The whole file.
pub(super) fn file(parts: &Parts) -> Vec<u8> {
    let mut content = Writer::default();
    for part in [
        &parts.languages,
        &parts.entries,
        &parts.hot,
        &parts.rules,
        &parts.variants,
        &parts.vocabulary,
        &parts.spellings,
        &parts.lexicon,
        &parts.model,
    ] {
        content.part(part);
    }
    let mut file = Writer::default();
    file.u32(MAGIC);
    file.u16(PACK_VERSION);
    file.u32(content.0.len() as u32);
    file.0.extend(fnv64(&content.0).to_le_bytes());
    file.0.extend(content.0);
    file.0
}

/// The simplified characters, as [`Variants`](super::Variants) reads them.
pub(super) fn variants(pairs: &[u8]) -> Writer {
    let mut part = Writer::default();
    part.varint((pairs.len() / PAIR_BYTES) as u32);
    part.0.extend(pairs);
    part
}

/// The table of exact questions; `sorted` ascends without repetition.
pub(super) fn hot(sorted: &[([u8; KEY_BYTES], u16)]) -> Writer {
    let mut part = Writer::default();
    part.varint(sorted.len() as u32);
    for place in 0..KEY_BYTES {
        part.0
            .extend(sorted.iter().filter_map(|(key, _)| key.get(place)));
    }
    for (_, entry) in sorted {
        part.u16(*entry);
    }
    part
}

/// A class's weight for a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting {
    pub(super) bucket: u32,
    pub(super) class: u16,
    /// See [`LEVELS`](super::model::LEVELS).
    pub(super) code: u8,
}

/// What the training found, quantised.
pub(super) struct Quantised {
    pub(super) bits: u8,
    /// 16 = 1.0; 0 where the training saw nothing.
    pub(super) rarity: Vec<u8>,
    pub(super) rarity_unknown: u8,
    /// In order.
    pub(super) postings: Vec<Posting>,
    /// A step of the weights in 1/16,384, and the bias in 1/1,024; for each class.
    pub(super) scales: Vec<(u16, i16)>,
    /// For each class the ways of its phrasings.
    pub(super) ways: Vec<u8>,
    /// What their phrasings deny: classes, and the keys of what.
    pub(super) denied: BTreeSet<(u16, u16)>,
}

impl Quantised {
    /// The same, for a pack of so many entries, of which those that were trained stand at `places`.
    /// The others have nothing that speaks for or against them, and are never found by score.
    pub(super) fn spread(self, places: &[u16], entries: usize) -> Self {
        let place = |class: u16| places.get(usize::from(class)).copied();
        // After the entries comes the background.
        let place = |class: u16| place(class).unwrap_or(entries as u16);
        let (mut scales, mut ways) = (vec![UNSCORED; entries + 1], vec![0; entries + 1]);
        for (class, (scale, way)) in (0..).zip(self.scales.iter().zip(&self.ways)) {
            let at = usize::from(place(class));
            if let (Some(to), Some(of)) = (scales.get_mut(at), ways.get_mut(at)) {
                (*to, *of) = (*scale, *way);
            }
        }
        let mut postings = self.postings;
        for posting in &mut postings {
            posting.class = place(posting.class);
        }
        let denied = self.denied.iter();
        let denied = denied.map(|(class, key)| (place(*class), *key));
        Self {
            postings,
            scales,
            ways,
            denied: denied.collect(),
            ..self
        }
    }
}

/// The scoring model and its calibration.
pub(super) fn model(model: &Quantised, calibration: &Calibration) -> Writer {
    let mut part = Writer::default();
    part.u8(model.bits);
    part.u16(model.scales.len() as u16);
    part.u8(model.rarity_unknown);
    part.0.extend(&model.rarity);
    let (mut counts, mut postings) = (Writer::default(), Writer::default());
    let mut rest = model.postings.as_slice();
    for bucket in 0..1u32 << model.bits {
        let here = rest.partition_point(|posting| posting.bucket <= bucket);
        let (these, others) = rest.split_at(here);
        counts.varint(these.len() as u32);
        let mut next = 0;
        for posting in these {
            let step = u32::from(posting.class) - next;
            postings.varint(step << 4 | u32::from(posting.code));
            next = u32::from(posting.class) + 1;
        }
        rest = others;
    }
    part.part(&counts);
    part.part(&postings);
    for (scale, bias) in &model.scales {
        part.u16(*scale);
        part.i16(*bias);
    }
    part.0.extend(&model.ways);
    part.varint(model.denied.len() as u32);
    for (class, key) in &model.denied {
        part.u16(*class);
        part.u16(*key);
    }
    part.0.extend(calibration.bias.to_le_bytes());
    for weight in calibration.weights {
        part.0.extend(weight.to_le_bytes());
    }
    part.u16(calibration.answer_from);
    part.u16(calibration.suggest_from);
    part
}
