//! What must happen to a text before it is shown: nothing in it may act on what surrounds it.
//!
//! In: a text that anybody may have written. Out: plain pieces for text nodes, and links.
//! Invariant: the pieces put together are the text that [`inert`] gives. Not here: the DOM.

/// The text without the characters that reorder or hide what follows (bidirectional embeddings,
/// overrides and isolates) and without control characters other than line feed and tab.
pub(crate) fn inert(text: &str) -> String {
    text.chars().filter(|c| !acts(*c)).collect()
}

fn acts(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// As it stands.
    Plain(&'a str),
    /// An `http` or `https` address.
    Link(&'a str),
}

/// Splits a text into plain pieces and web addresses. Addresses end before white space, quotes,
/// angle brackets, anything that is not ASCII (Chinese text often follows without a space) and
/// punctuation that ends the sentence.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut search = 0;
    while let Some(start) = find_scheme(rest, search) {
        let after = rest.get(start..).unwrap_or_default();
        let scheme = if after.starts_with("https://") { 8 } else { 7 };
        let link = address(after);
        if link.len() == scheme {
            search = start + scheme;
            continue;
        }
        if start > 0 {
            pieces.extend(rest.get(..start).map(Piece::Plain));
        }
        pieces.push(Piece::Link(link));
        rest = after.get(link.len()..).unwrap_or_default();
        search = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

fn find_scheme(text: &str, from: usize) -> Option<usize> {
    let tail = text.as_bytes().get(from..)?;
    let begins = |at: &usize| tail.get(*at..).is_some_and(|rest| rest.starts_with(b"https://") || rest.starts_with(b"http://"));
    (0..tail.len()).find(begins).map(|at| from + at)
}

fn address(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '<' | '>' | '`')).unwrap_or(text.len());
    let mut link = text.get(..end).unwrap_or_default();
    while let Some(last) = link.chars().next_back() {
        let closes_nothing = last == ')' && !link.contains('(');
        if !(matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | ']' | '}') || closes_nothing) || link.ends_with("://") {
            break;
        }
        link = link.get(..link.len() - 1).unwrap_or_default();
    }
    link
}

#[cfg(test)]
mod tests {
    use super::Piece::{Link, Plain};
    use super::*;

    #[test]
    fn characters_that_reorder_or_hide_are_taken_out() {
        assert_eq!(inert("pay \u{202e}gpj.exe\u{2066}x\u{2069}\u{0007}\n\tend"), "pay gpj.exex\n\tend");
        assert_eq!(inert("שלום, 你好 👋🏽"), "שלום, 你好 👋🏽");
    }

    #[test]
    fn addresses_become_links_and_nothing_else_does() {
        assert_eq!(
            pieces("see https://shop.example/a(1)?b=c. Or 打开http://x.cn/y，谢谢"),
            [
                Plain("see "),
                Link("https://shop.example/a(1)?b=c"),
                Plain(". Or 打开"),
                Link("http://x.cn/y"),
                Plain("，谢谢")
            ]
        );
        assert_eq!(pieces("(https://a.example/)"), [Plain("("), Link("https://a.example/"), Plain(")")]);
        for plain in ["javascript:alert(1)", "https://", "http://，", "<script>alert(1)</script>", "shttp", "https://..."] {
            assert_eq!(pieces(plain), [Plain(plain)], "{plain}");
        }
        assert!(pieces("").is_empty());
    }

    #[test]
    fn pieces_put_together_are_the_text() {
        for text in ["a https:// b https://c.example d", "http://http://x", "https://a.example,https://b.example"] {
            let joined: String = pieces(text).iter().map(|piece| match piece { Plain(text) | Link(text) => *text }).collect();
            assert_eq!(joined, text);
        }
    }
}
