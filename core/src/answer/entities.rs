//! Entities of a question: what a pack can find in it besides words, such as an order number, a
//! phone number or a product by one of its names.
//!
//! In go a pack and a question; out come the entities from left to right, for each kind apart.
//! Deterministic and linear in the question; a pack carries the kinds that its rules name and
//! those that the knowledge declares. Whether a rule's entity is there is answered by the same
//! tables (`matching`) without this module, which a visitor's browser does not carry.

use super::numerals::number;
use super::tokens::{Shape, Token, Tokens};
use super::{Answerer, Question, fold};
use crate::limits::QUESTION_ENTITIES_MAX;
use crate::pack::{Bytes, Pack, PackError, Variants};

/// An entity that stands in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'p> {
    /// Its name, such as `phone` or `order_number`.
    pub name: &'p str,
    /// As it was typed; of a value that is known by names, the words as they were read.
    pub text: String,
    /// What it means, where that can be told without knowing what day it is: the number in
    /// digits, the amount with its currency (`350 CNY`), the day (`2026-02-01`, `--02-01` without
    /// a year), days from today (`+1`), the value that a name stands for.
    pub value: Option<String>,
}

impl Answerer {
    /// The entities of a question, at most [`QUESTION_ENTITIES_MAX`].
    pub fn entities<'p>(&mut self, pack: &'p Pack, question: &Question<'_>) -> Vec<Found<'p>> {
        let variants = pack.variants();
        self.tokens.read(question.read(), variants);
        let folded = Folded::new(question.read(), variants);
        let mut found = Vec::new();
        // What a pack's builder wrote is right; where it is not, nothing is found.
        let _ = read(pack, &folded, &self.tokens, &mut found);
        found.truncate(QUESTION_ENTITIES_MAX);
        found
    }
}

fn read<'p>(
    pack: &'p Pack,
    folded: &Folded<'_>,
    tokens: &Tokens,
    found: &mut Vec<Found<'p>>,
) -> Result<(), PackError> {
    let rules = pack.rules();
    let mut bytes = rules.entities();
    while !bytes.rest().is_empty() {
        let name = bytes.text()?;
        if bytes.u8()? == 1 {
            values(&mut bytes, name, tokens, found)?;
            continue;
        }
        let pattern = rules.pattern(bytes.varint()? as usize);
        let text = folded.text.as_bytes();
        let mut at = 0;
        while at < text.len() && found.len() < QUESTION_ENTITIES_MAX {
            match pattern.match_at(text, at) {
                Some(end) if end > at => {
                    let meant = folded.text.get(at..end).unwrap_or("");
                    found.push(Found {
                        name,
                        text: folded.typed(at, end).to_owned(),
                        value: meaning(name, meant),
                    });
                    at = end;
                }
                _ => at += 1,
            }
        }
    }
    Ok(())
}

/// The text as patterns see it, and where each of its bytes came from.
struct Folded<'q> {
    typed: &'q str,
    text: String,
    /// For each byte of `text`, where its character starts in `typed`.
    from: Vec<u32>,
}

impl<'q> Folded<'q> {
    fn new(typed: &'q str, variants: Variants<'_>) -> Self {
        let (mut text, mut from) = (String::new(), Vec::new());
        let mut letters = fold::letters(typed, variants);
        while let Some((folded, _)) = letters.next() {
            text.push(folded);
            from.resize(text.len(), (typed.len() - letters.left()) as u32);
        }
        Self { typed, text, from }
    }

    /// What was typed for the bytes from `start` to before `end`.
    fn typed(&self, start: usize, end: usize) -> &'q str {
        let place = |at: usize| {
            self.from
                .get(at)
                .map_or(self.typed.len(), |from| *from as usize)
        };
        self.typed.get(place(start)..place(end)).unwrap_or("")
    }
}

/// Values that are known by names: from left to right, the longest name first.
fn values<'p>(
    bytes: &mut Bytes<'p>,
    name: &'p str,
    tokens: &Tokens,
    found: &mut Vec<Found<'p>>,
) -> Result<(), PackError> {
    let start = *bytes;
    let mut at = 0;
    loop {
        let rest = tokens.all().get(at..).unwrap_or(&[]);
        *bytes = start;
        let mut best: Option<(usize, &'p str)> = None;
        for _ in 0..bytes.count()? {
            let value = bytes.text()?;
            for _ in 0..bytes.count()? {
                let length = usize::from(bytes.u8()?);
                let (term, _) = bytes.take(length * 4)?.as_chunks::<4>();
                let same = |(token, hash): (&Token, &[u8; 4])| token.hash.to_le_bytes() == *hash;
                let stands = length <= rest.len() && rest.iter().zip(term).all(same);
                if stands && best.is_none_or(|(longest, _)| longest < length) {
                    best = Some((length, value));
                }
            }
        }
        if rest.is_empty() || found.len() >= QUESTION_ENTITIES_MAX {
            return Ok(());
        }
        if let Some((length, value)) = best {
            found.push(Found {
                name,
                text: words(tokens, rest.get(..length).unwrap_or(&[])),
                value: Some(value.to_owned()),
            });
        }
        at += best.map_or(1, |(length, _)| length);
    }
}

/// Tokens as text: a space between words, none between Chinese characters.
pub(super) fn words(tokens: &Tokens, some: &[Token]) -> String {
    let mut text = String::new();
    let mut before = Shape::Ideograph;
    for token in some {
        if before != Shape::Ideograph && token.shape != Shape::Ideograph {
            text.push(' ');
        }
        before = token.shape;
        text.extend(tokens.letters(token));
    }
    text
}

/// What a built-in entity means, given its folded text.
fn meaning(name: &str, text: &str) -> Option<String> {
    match name {
        "number" => number(text),
        "quantity" => number(amount(text)),
        "money" => Some(format!("{} {}", number(amount(text))?, currency(text)?)),
        "phone" => Some(
            text.chars()
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .collect(),
        ),
        "date" => date(text),
        "relative_date" => days(text).map(|days| format!("{days:+}")),
        _ => None,
    }
}

const NUMERALS: &str = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟半点";

fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, ',' | '.' | 'k') || NUMERALS.contains(c)
}

/// The number in an amount or a quantity.
fn amount(text: &str) -> &str {
    let start = text.find(|c: char| is_numeral(c) && !matches!(c, 'k' | '.' | ','));
    let text = start.and_then(|start| text.get(start..)).unwrap_or("");
    let end = text.find(|c: char| !is_numeral(c)).unwrap_or(text.len());
    let number = text.get(..end).unwrap_or("");
    // The k of 3kg belongs to the unit.
    match text.get(end..) {
        Some(unit) if !unit.is_empty() => number.trim_end_matches('k'),
        _ => number,
    }
}

/// The currency of an amount, by its ISO 4217 code; `None` for parts of a unit.
fn currency(text: &str) -> Option<&'static str> {
    const SIGNS: [(&str, &[&str]); 6] = [
        ("HKD", &["hk$", "hkd", "港币"]),
        ("USD", &["$", "usd", "dollar", "buck", "美元"]),
        ("EUR", &["€", "eur", "欧元"]),
        ("GBP", &["£", "gbp", "pound", "英镑"]),
        ("JPY", &["jpy", "日元"]),
        (
            "CNY",
            &["¥", "￥", "元", "块", "圆", "人民币", "rmb", "cny", "yuan"],
        ),
    ];
    let found = SIGNS
        .iter()
        .find(|(_, signs)| signs.iter().any(|sign| text.contains(sign)));
    found.map(|(code, _)| *code)
}

/// A day as ISO 8601 writes it; `None` where day and month can't be told apart.
fn date(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let named = MONTHS.iter().position(|month| text.contains(month));
    let numbers: Vec<u32> = text
        .split(|c: char| !(c.is_ascii_digit() || NUMERALS.contains(c)))
        .filter_map(|part| number(part)?.parse().ok())
        .collect();
    let (year, month, day) = match (named, numbers.as_slice()) {
        (Some(month), [day]) => (None, month as u32 + 1, *day),
        (Some(month), [day, year]) => (Some(*year), month as u32 + 1, *day),
        (None, [year, month, day]) if *year > 31 => (Some(*year), *month, *day),
        (None, [month, day]) if text.contains('月') && !text.contains('年') => {
            (None, *month, *day)
        }
        _ => return None,
    };
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=days).contains(&day) {
        return None;
    }
    let year = year.map_or_else(|| "-".to_owned(), |year| format!("{year:04}"));
    Some(format!("{year}-{month:02}-{day:02}"))
}

/// Days from today, where it is a matter of days.
fn days(text: &str) -> Option<i64> {
    const WORDS: [(&str, i64); 19] = [
        ("今天", 0),
        ("今早", 0),
        ("今晚", 0),
        ("today", 0),
        ("tonight", 0),
        ("明天", 1),
        ("明早", 1),
        ("明晚", 1),
        ("tomorrow", 1),
        ("后天", 2),
        ("the day after tomorrow", 2),
        ("大后天", 3),
        ("昨天", -1),
        ("昨早", -1),
        ("昨晚", -1),
        ("yesterday", -1),
        ("前天", -2),
        ("the day before yesterday", -2),
        ("大前天", -3),
    ];
    if let Some((_, days)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Some(*days);
    }
    let count: i64 = number(amount(text))?.parse().ok()?;
    let each = if text.contains('天') || text.contains('日') || text.contains("day") {
        1
    } else if text.contains('周') || text.contains("week") || text.contains("星期") {
        7
    } else {
        return None;
    };
    let past = text.ends_with('前') || text.ends_with("ago");
    let future = text.ends_with('后') || text.starts_with("in ") || text.ends_with("from now");
    match (past, future) {
        (true, false) => Some(-count * each),
        (false, true) => Some(count * each),
        _ => None,
    }
}
