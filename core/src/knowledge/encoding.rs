//! What a file's bytes are, where they are not UTF-8: so that its author knows what to do.

/// What the bytes seem to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    Utf16,
    Gbk,
    Unknown,
}

/// A sentence that says what the bytes seem to be and what would be right, and the place of the
/// first wrong byte; `None` if they are UTF-8 text.
pub(super) fn wrong(bytes: &[u8]) -> Option<(String, usize)> {
    let (guess, at) = guess(bytes)?;
    let message = match guess {
        Guess::Utf16 => advice("UTF-16"),
        Guess::Gbk => advice("GBK (GB 18030)"),
        Guess::Unknown => format!(
            "not UTF-8 text from byte {} on: save the file as UTF-8",
            at + 1
        ),
    };
    Some((message, at))
}

/// The same where the whole file has another encoding; `None` where only some bytes are wrong.
pub(super) fn whole(bytes: &[u8]) -> Option<(String, usize)> {
    match guess(bytes)? {
        (Guess::Unknown, _) => None,
        _ => wrong(bytes),
    }
}

fn guess(bytes: &[u8]) -> Option<(Guess, usize)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || is_wide(bytes) {
        return Some((Guess::Utf16, 0));
    }
    let at = core::str::from_utf8(bytes).err()?.valid_up_to();
    let guess = if is_gbk(bytes) {
        Guess::Gbk
    } else {
        Guess::Unknown
    };
    Some((guess, at))
}

fn advice(encoding: &str) -> String {
    format!(
        "the text seems to be {encoding}; UTF-8 is expected: save the file as UTF-8 (in Excel: “CSV UTF-8”)"
    )
}

/// Whether every other byte of the beginning is zero, as it is in UTF-16 without a mark.
fn is_wide(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes.get(..64).unwrap_or(bytes).as_chunks::<2>();
    let zeros = |place: usize| pairs.iter().all(|pair| pair.get(place) == Some(&0));
    pairs.len() >= 4 && (zeros(0) || zeros(1))
}

/// Whether all bytes are a GBK text's, with mostly common Chinese characters.
fn is_gbk(bytes: &[u8]) -> bool {
    let (mut all, mut common) = (0usize, 0usize);
    let mut rest = bytes.iter();
    while let Some(first) = rest.next() {
        if *first < 0x80 {
            continue;
        }
        let Some(second) = rest.next() else {
            return false;
        };
        if !matches!(first, 0x81..=0xfe) || !matches!(second, 0x40..=0x7e | 0x80..=0xfe) {
            return false;
        }
        all += 1;
        // The 3,755 characters of level 1, and the punctuation of Chinese texts.
        common += usize::from(matches!(first, 0xb0..=0xd7 | 0xa1 | 0xa3) && *second >= 0xa1);
    }
    all > 0 && common * 10 >= all * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        // 怎么退货,"运费多少" in GBK; é and ü in Latin-1; "id," in UTF-16 either way.
        let gbk = b"\xd4\xf5\xc3\xb4\xcd\xcb\xbb\xf5,\xd4\xcb\xb7\xd1\xb6\xe0\xc9\xd9";
        let says = |bytes: &[u8], what: &str| {
            let (told, _) = wrong(bytes).unwrap_or_default();
            assert!(told.contains(what), "{told}");
        };
        says(gbk, "GBK");
        says(b"caf\xe9 fran\xe7ais", "from byte 4 on");
        says(b"\xff\xfei\0d\0,\0", "UTF-16");
        says(b"i\0d\0,\0t\0i\0t\0", "UTF-16");
        assert_eq!(wrong("怎么退货".as_bytes()), None);
        assert_eq!(wrong(b""), None);
    }
}
