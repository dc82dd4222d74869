//! Whether the rules of a pack are whole: every byte means something, and every number leads to
//! something that is there.
//!
//! In: the part of the pack that `rules`, `answer::matching` and `automaton` read leniently. Out: an
//! error, if they would have to be lenient. Only the origin carries it: no pack leaves it unchecked.

use super::PackError;
use super::read::Bytes;
use super::rules::FIRST;
use crate::answer::matching::{NEAR, NEAR_IN_ORDER, ONE_OF, PATTERN};
use crate::limits::SUGGESTIONS_MAX;

const MALFORMED: PackError = PackError::Malformed { part: "rules" };

fn right(is_so: bool) -> Result<(), PackError> {
    if is_so { Ok(()) } else { Err(MALFORMED) }
}

/// Checks the part with the rules, of a pack of so many entries.
pub(super) fn check(part: &[u8], entries: usize) -> Result<(), PackError> {
    let mut part = Bytes::new(part);
    schedule(part.part()?)?;
    let patterns = automata(part.part()?.rest(), part.part()?.rest())?;
    let mut named = part.part()?;
    while !named.rest().is_empty() {
        entity(&mut named, patterns)?;
    }
    while !part.rest().is_empty() {
        rule(part.part()?, entries, patterns)?;
    }
    Ok(())
}

fn schedule(mut part: Bytes<'_>) -> Result<(), PackError> {
    if part.rest().is_empty() {
        return Ok(());
    }
    part.u16()?;
    let mut last = 0;
    for _ in 0..part.u16()? {
        let change = part.u32()?;
        right(change > last)?;
        last = change;
    }
    for _ in 0..part.u16()? {
        let (from, to) = (part.u16()?, part.u16()?);
        right(from < to && usize::from(to) <= 7 * 1440)?;
    }
    part.end("rules")
}

/// How many patterns there are.
fn automata(starts: &[u8], patterns: &[u8]) -> Result<usize, PackError> {
    let (starts, rest) = starts.as_chunks::<4>();
    right(rest.is_empty())?;
    let place = |start: &[u8; 4]| u32::from_le_bytes(*start) as usize;
    right(
        starts
            .first()
            .map_or(patterns.is_empty(), |first| place(first) == 0),
    )?;
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).map_or(patterns.len(), place);
        automaton(patterns.get(place(start)..end).ok_or(MALFORMED)?)?;
    }
    Ok(starts.len())
}

fn automaton(table: &[u8]) -> Result<(), PackError> {
    let mut table = Bytes::new(table);
    right(table.u8()? <= 1)?;
    let stride = table.u8()?;
    let classes = table.take(256)?;
    // The last cell of a row is that of the text's end.
    right(classes.iter().all(|class| class + 1 < stride.max(1)))?;
    let (cells, rest) = table.rest().as_chunks::<2>();
    let rows = cells.len() / usize::from(stride.max(1));
    right(rest.is_empty() && rows > 1 && cells.len() == rows * usize::from(stride))?;
    let row = |cell: &[u8; 2]| usize::from(u16::from_le_bytes(*cell) & 0x7fff);
    right(cells.iter().all(|cell| row(cell) < rows))
}

fn entity(part: &mut Bytes<'_>, patterns: usize) -> Result<(), PackError> {
    part.text()?;
    if part.u8()? != 1 {
        return right((part.varint()? as usize) < patterns);
    }
    for _ in 0..part.count()? {
        part.text()?;
        for _ in 0..part.count()? {
            let length = usize::from(part.u8()?);
            part.take(4 * length)?;
        }
    }
    Ok(())
}

fn rule(mut part: Bytes<'_>, entries: usize, patterns: usize) -> Result<(), PackError> {
    let action = usize::from(part.u8()?) & !FIRST;
    let mut about = part.part()?;
    while !about.rest().is_empty() {
        about.text()?;
    }
    let (named, rest) = part.part()?.rest().as_chunks::<2>();
    let there = |entry: &[u8; 2]| usize::from(u16::from_le_bytes(*entry)) < entries;
    right(rest.is_empty() && named.iter().all(there))?;
    let count = match action {
        1 => 1..=1,
        2 => 1..=SUGGESTIONS_MAX,
        0 | 3 | 4 => 0..=0,
        _ => return Err(MALFORMED),
    };
    right(count.contains(&named.len()))?;
    right(part.u8()? <= 2)?;
    for _ in ["language", "page"] {
        right(usize::from(part.u16()?) <= patterns)?;
    }
    for _ in ["exact", "any", "all", "none"] {
        for _ in 0..part.u16()? {
            condition(&mut part, patterns)?;
        }
    }
    part.end("rules")
}

fn condition(part: &mut Bytes<'_>, patterns: usize) -> Result<(), PackError> {
    match part.u8()? {
        PATTERN => right(usize::from(part.u16()?) < patterns),
        mark @ (ONE_OF | NEAR | NEAR_IN_ORDER) => {
            right(mark == ONE_OF || part.u8()? > 0)?;
            for _ in 0..part.u16()? {
                let length = part.u8()?;
                term(part, length)?;
            }
            Ok(())
        }
        length => term(part, length),
    }
}

fn term(part: &mut Bytes<'_>, length: u8) -> Result<(), PackError> {
    part.take(4 * usize::from(length)).map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::knowledge;
    use crate::pack::{Variants, rulebook};

    const KNOWLEDGE: &str = r#"{"id":"a","phrasings":["alpha"],"answer":"A"}
{"id":"b","phrasings":["beta"],"answer":"B"}
{"settings":{"zone":"Europe/Berlin","hours":{"mon-fri":"09:00-18:00"}}}
{"entity":"order_number","pattern":"FH-?\\d{6}"}
{"entity":"lamp","values":{"moon":["moon lamp","月灯"]}}
{"rule":"1","any":["gift card",{"pattern":"lost|stolen"},{"entity":"lamp"}],"none":[{"near":["not","me"],"within":3}],"suggest":["a","b"]}
{"rule":"2","all":[{"entity":"order_number"},{"entity":"phone"}],"lang":"en","page":"/cart/*","hours":"closed","answer":"b","label":["x","y"],"priority":3}
{"rule":"3","exact":["help"],"hand_off":"night"}"#;

    fn written() -> Vec<u8> {
        let knowledge = knowledge::parse("test.jsonl", KNOWLEDGE.as_bytes()).unwrap();
        let index = [("a", 0), ("b", 1)].into_iter().collect();
        rulebook::write(
            &knowledge,
            &knowledge.rules_in_order(),
            &index,
            Variants::default(),
        )
        .unwrap()
        .0
    }

    #[test]
    fn what_is_written_is_whole() {
        assert_eq!(check(&written(), 2), Ok(()));
    }

    #[test]
    fn what_is_cut_off_or_names_what_is_not_there_is_not() {
        let bytes = written();
        assert!(check(&bytes, 1).is_err(), "an entry that is not there");
        let mut ends = 0;
        for length in 0..bytes.len() {
            // Between two rules the end can't be told from the end.
            ends += usize::from(check(bytes.get(..length).unwrap(), 2).is_ok());
        }
        assert_eq!(
            ends, 4,
            "three rules and the one that every pack starts from"
        );
        let mut longer = bytes;
        longer.push(1);
        assert!(check(&longer, 2).is_err());
    }
}
