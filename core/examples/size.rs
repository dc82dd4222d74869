//! How large and how quickly built a pack of 1,000 entries with 7 phrasings each is:
//! `cargo run --release -p firsthop-core --features compile --example size -- PACK`
//! makes up such knowledge, the same on every machine, tells how far the build is, writes the
//! pack to PACK and prints a JSON line about it. Answers are one character long, so that the size
//! is that of what the bot needs to find them.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, build};

const ENTRIES: u32 = 1_000;
const PHRASINGS: u32 = 7;

/// Words of the made-up trade, of which each entry is about three.
const WORDS: u32 = 2_500;

const FRAMES: [&str; 10] = [
    "how do i {} my {} with a {}",
    "where can i {} the {} for {}",
    "is it possible to {} {} and {}",
    "what happens if the {} has no {} after {}",
    "i want to {} a {} before {}",
    "{} {} {} please",
    "my {} does not {} any {}",
    "do you {} {} on {}",
    "why was the {} {} instead of {}",
    "can someone {} this {} or {} today",
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: size PACK")?;
    let parsed = knowledge::parse("made-up", knowledge_text().as_bytes())
        .map_err(|errors| errors.first().map_or_else(String::new, ToString::to_string))?;
    let mut out = std::io::stdout().lock();
    let mut told = 0;
    let started = Instant::now();
    let (bytes, report) = build(&parsed, &BuildSettings::default(), &mut |progress| {
        let tenths = progress.done * 10 / progress.of.max(1);
        if tenths > told {
            told = tenths;
            // Who does not look at the progress does not need it.
            let _ = writeln!(std::io::stderr(), "{}0 %", tenths);
        }
    })?;
    let seconds = started.elapsed().as_secs_f64();
    std::fs::write(&path, &bytes)?;
    let about = serde_json::json!({
        "entries": report.entries,
        "phrasings": report.phrasings,
        "bytes": report.bytes,
        "weights": report.weights,
        "train_seconds": (seconds * 10.0).round() / 10.0,
    });
    writeln!(out, "{about}")?;
    Ok(())
}

/// Numbers in a fixed order that looks random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(below)) >> 32) as u32
    }
}

/// A pronounceable word for each number.
fn word(mut number: u32) -> String {
    const STARTS: [char; 16] = [
        'b', 'c', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w',
    ];
    const ENDS: [&str; 10] = ["a", "e", "i", "o", "u", "an", "er", "ing", "ol", "is"];
    let mut word = String::new();
    for _ in 0..3 {
        word.extend(STARTS.get((number % 16) as usize));
        word.extend(ENDS.get((number / 16 % 10) as usize).copied());
        number = number / 7 + number % 7 * 31;
    }
    word
}

fn knowledge_text() -> String {
    let mut dice = Dice(7);
    let mut text = String::new();
    for entry in 0..ENTRIES {
        // Common words are in many entries, rare ones in few.
        let about: Vec<String> = (0..5)
            .map(|_| {
                let most = dice.roll(WORDS) + 1;
                word(dice.roll(most))
            })
            .collect();
        let phrasings: Vec<String> = (0..PHRASINGS)
            .map(|_| {
                let frame = FRAMES.get(dice.roll(10) as usize).copied().unwrap_or("{}");
                let mut phrasing = String::new();
                for (place, part) in frame.split("{}").enumerate() {
                    if place > 0 {
                        phrasing.extend(about.get(dice.roll(5) as usize).map(String::as_str));
                    }
                    phrasing.push_str(part);
                }
                phrasing
            })
            .collect();
        let line =
            serde_json::json!({"id": format!("e{entry}"), "phrasings": phrasings, "answer": "."});
        let _ = writeln!(text, "{line}");
    }
    text
}
