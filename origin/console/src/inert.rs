//! Text of strangers, made harmless to look at.
//!
//! In: any text. Out: the same text without characters that act on what surrounds them. Markup
//! is no concern here: the console only ever makes text nodes. Invariant: what comes out holds
//! no control characters but line feeds and tabs, and no bidirectional overrides, embeddings or
//! isolates; letters of every script, joiners, and the implicit direction marks stay. They are
//! left out, as in the widget, so that visitor and agent read the same.

/// `text` as several lines.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            // Embeddings, overrides and isolates reorder what a reader sees.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            // Byte order marks, annotation anchors and invisible tag characters carry what nobody sees.
            '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// `text` as one line, for lists and headings.
pub fn inert_line(text: &str) -> String {
    inert(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `address` if it can be offered as a link: one that a click can't turn into a program.
pub fn link_target(address: &str) -> Option<&str> {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    let plain = !address.chars().any(|c| c.is_control() || c.is_whitespace());
    ((lower.starts_with("https://") || lower.starts_with("http://")) && plain).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_their_surroundings_are_left_out() {
        assert_eq!(inert("pay\u{202e}gpj.exe"), "paygpj.exe");
        assert_eq!(inert("a\u{2067}b\u{2069}c"), "abc");
        assert_eq!(inert("\u{0}\u{1b}[31mred\u{7f}\u{9b}"), "[31mred");
        assert_eq!(inert("\u{feff}hidden\u{e0041}"), "hidden");
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "你好，发货了吗？",
            "שלום\u{200f} (שלום)",
            "👩‍👩‍👧",
            "می\u{200c}خواهم",
            "a\tb\nc",
            "<b>&amp;",
        ] {
            assert_eq!(inert(text), text);
        }
        assert_eq!(
            inert("one\r\ntwo\rthree\u{2028}four"),
            "one\ntwo\nthree\nfour"
        );
        assert_eq!(inert_line("  one\r\n two\t three "), "one two three");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(
            link_target("https://shop.example/a?b#c"),
            Some("https://shop.example/a?b#c")
        );
        assert_eq!(
            link_target("HTTP://shop.example"),
            Some("HTTP://shop.example")
        );
        for wrong in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//shop.example",
            "",
            "https:// x",
            "java\u{0}script:x",
            "ht",
        ] {
            assert_eq!(link_target(wrong), None, "{wrong}");
        }
    }
}
