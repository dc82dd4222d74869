//! Knowledge: packs as hops load them, files as editors write them.

use firsthop_core::answer::{Answerer, Decision, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{Pack, PackHash};

const QUESTIONS: &[&str] = &["how do I pay", "什么时候发货", "", "\u{0}\u{202e}x"];
/// Magic, version, length, checksum.
const HEADER_BYTES: usize = 18;

pub(crate) fn pack(bytes: &[u8]) {
    let _ = Pack::load(bytes.to_vec(), PackHash([0; 32]));
    // Whoever builds a pack can make its checksum right: what lies behind it is the point.
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER_BYTES {
        return;
    }
    let length = u32::try_from(bytes.len() - HEADER_BYTES).unwrap_or(u32::MAX);
    bytes[6..10].copy_from_slice(&length.to_le_bytes());
    let checksum = fnv64(&bytes[HEADER_BYTES..]);
    bytes[10..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    let Ok(pack) = Pack::load(bytes, PackHash([0; 32])) else {
        return;
    };
    let mut answerer = Answerer::new();
    for text in QUESTIONS {
        let question = Question::new(text);
        let decision = answerer.decide(&pack, &question);
        assert_eq!(answerer.decide(&pack, &question), decision);
        if let Decision::Answer(found) = &decision {
            let entry = pack.entry(found.entry).expect("what answers exists");
            let _ = (entry.id(), entry.answer(&question), entry.title(&question));
        }
        answerer.rank(&pack, &question);
    }
    for (_, entry) in pack.entries().take(64) {
        let _ = pack.find(entry.id());
    }
}

/// FNV-1a, as the pack's header has it.
fn fnv64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

pub(crate) fn knowledge(bytes: &[u8]) {
    match knowledge::parse("hostile.jsonl", bytes) {
        Ok(read) => {
            let again = knowledge::parse("hostile.jsonl", bytes);
            assert_eq!(again.as_ref(), Ok(&read));
            let mut twice = read.clone();
            assert!(twice.merge(read.clone()).is_err() || read.entries.is_empty());
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}
