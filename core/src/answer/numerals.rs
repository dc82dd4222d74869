//! Numbers as people write them: 3,500, 3.5万, 三百五, 二零二六, 负一点五. In goes a text that is
//! nothing but a number; out comes it in digits, exactly, without floating point.

/// The number in digits, such as `-1.5`; `None` if the text is no number, or one of more than
/// eighteen digits.
pub(super) fn number(text: &str) -> Option<String> {
    let (negative, text) = match text.strip_prefix(['-', '负']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match text.strip_prefix(|c: char| c.is_ascii_digit()) {
        Some(_) => arabic(text)?,
        None => chinese(text)?,
    };
    let sign = if negative && (whole > 0 || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Whole part, and the digits after the point without zeros at the end.
type Parts = (u64, String);

fn arabic(text: &str) -> Option<Parts> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.')));
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let zeros = match unit.trim() {
        "" => 0,
        "k" | "千" => 3,
        "万" => 4,
        "千万" => 7,
        "亿" => 8,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut all: String = whole.chars().filter(|c| *c != ',').collect();
    let moved = fraction.len().min(zeros);
    let (before, after) = fraction.split_at(moved);
    all.push_str(before);
    all.extend(core::iter::repeat_n('0', zeros - moved));
    let whole = (all.len() <= 18).then(|| all.parse().ok()).flatten()?;
    Some((whole, after.trim_end_matches('0').to_owned()))
}

fn digit(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn unit(c: char) -> Option<u64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

fn chinese(text: &str) -> Option<Parts> {
    if text == "半" {
        return Some((0, "5".to_owned()));
    }
    let (whole, fraction) = text.split_once('点').unwrap_or((text, ""));
    let fraction: Option<String> = fraction
        .chars()
        .map(|c| char::from_digit(digit(c)? as u32, 10))
        .collect();
    let fraction = fraction?.trim_end_matches('0').to_owned();
    // Read digit by digit, as a year or a code is.
    if whole.chars().count() > 1 && whole.chars().all(|c| digit(c).is_some()) {
        let mut value = 0u64;
        for c in whole.chars() {
            value = value.checked_mul(10)?.checked_add(digit(c)?)?;
        }
        return Some((value, fraction));
    }
    // Of 亿, of 万, below; and the digit that waits for its unit.
    let (mut total, mut section, mut waiting) = (0u64, 0u64, None);
    let (mut last_unit, mut last) = (1u64, None);
    for c in whole.chars() {
        if let Some(value) = digit(c) {
            if waiting.is_some_and(|waiting| waiting > 0) {
                return None;
            }
            waiting = Some(value);
        } else {
            let unit = unit(c)?;
            if unit >= 10_000 {
                let below = section.checked_add(waiting.take().unwrap_or(0))?;
                if unit > 10_000 {
                    total = total.checked_add(below)?.max(1).checked_mul(unit)?;
                } else {
                    total = total.checked_add(below.max(1).checked_mul(unit)?)?;
                }
                section = 0;
            } else {
                let count = match waiting.take() {
                    Some(0) | None => 1,
                    Some(count) => count,
                };
                section = section.checked_add(count * unit)?;
            }
            last_unit = unit;
        }
        last = Some(c);
    }
    let rest = match (waiting, last) {
        // 三百五 is 350: the last digit is of the unit below, unless a zero says otherwise.
        (Some(value), Some(c)) if last_unit >= 100 && !after_zero(whole, c) => {
            value * (last_unit / 10)
        }
        (Some(value), _) => value,
        (None, Some(_)) => 0,
        (None, None) => return None,
    };
    let value = total.checked_add(section)?.checked_add(rest)?;
    Some((value, fraction))
}

fn after_zero(text: &str, last: char) -> bool {
    let before = text.strip_suffix(last).unwrap_or("");
    before.ends_with(['零', '〇'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_said() {
        for (said, meant) in [
            ("0", "0"),
            ("3,500", "3500"),
            ("3.50", "3.5"),
            ("3.5万", "35000"),
            ("1.23456万", "12345.6"),
            ("2k", "2000"),
            ("-0.5", "-0.5"),
            ("十", "10"),
            ("十五", "15"),
            ("二十", "20"),
            ("三百五", "350"),
            ("三百零五", "305"),
            ("三百五十六", "356"),
            ("两千", "2000"),
            ("一万二", "12000"),
            ("一万零二", "10002"),
            ("一亿两千万", "120000000"),
            ("二零二六", "2026"),
            ("一点五", "1.5"),
            ("负三", "-3"),
            ("半", "0.5"),
            ("叁佰", "300"),
            ("零", "0"),
        ] {
            assert_eq!(number(said).as_deref(), Some(meant), "{said}");
        }
        for wrong in [
            "",
            "-",
            "点",
            "abc",
            "1.2.3",
            "99999999999999999999",
            "一点x",
        ] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    /// As it is said in full.
    fn said(value: u64) -> String {
        const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
        fn section(value: u64) -> String {
            let mut text = String::new();
            let mut zero = false;
            for (size, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
                let digit = value / size % 10;
                if digit == 0 {
                    zero |= !text.is_empty();
                    continue;
                }
                if core::mem::take(&mut zero) {
                    text.push('零');
                }
                text.push_str(DIGITS.get(digit as usize).unwrap_or(&""));
                text.push_str(unit);
            }
            text
        }
        if value == 0 {
            return "零".into();
        }
        let mut text = String::new();
        let parts = [
            (value / 100_000_000, "亿"),
            (value / 10_000 % 10_000, "万"),
            (value % 10_000, ""),
        ];
        for (part, unit) in parts {
            if part == 0 {
                continue;
            }
            if !text.is_empty() && part < 1000 {
                text.push('零');
            }
            text.push_str(&section(part));
            text.push_str(unit);
        }
        text
    }

    proptest! {
        #[test]
        fn what_is_said_in_full_is_read_back(value in prop_oneof![0u64..100_000, 0u64..1_000_000_000_000]) {
            // 一千万零五 and such: a zero where a whole part is left out.
            prop_assert_eq!(number(&said(value)), Some(value.to_string()), "{}", said(value));
        }

        #[test]
        fn nothing_that_is_typed_makes_it_panic(text in "[0-9,.一二三十百千万亿零点负半k-]{0,12}|\\PC{0,8}") {
            let _ = number(&text);
        }
    }
}
