//! From which character on they are what: the source of `KINDS` and `LENGTHS` in `table.rs`. Those
//! beyond U+FFFF stand, a block of 1,024 each, where the halves of UTF-16 are.

use super::*;

#[rustfmt::skip]
pub(super) const RANGES: &[(u32, u8)] = &[
    (0x0000, GAP), (0x00aa, SEVERAL_EACH), (0x00ab, GAP), (0x00ad, MARK), (0x00ae, GAP),
    (0x00b2, NUMBER | 2), (0x00b4, GAP), (0x00b5, SEVERAL_EACH), (0x00b6, GAP), (0x00b9, NUMBER | 1),
    (0x00ba, SEVERAL_EACH), (0x00bb, GAP), (0x00c0, LATIN_ONE), (0x00d7, GAP), (0x00d8, LATIN_ONE), (0x00f7, GAP), (0x00f8, LATIN_ONE),
    (0x02b0, MARK), (0x02bc, APOSTROPHE), (0x02bd, MARK),
    (0x0370, GREEK_ONE), (0x0374, MARK), (0x0375, GAP), (0x0376, GREEK_ONE), (0x037a, MARK),
    (0x037b, GREEK_ONE), (0x037e, GAP), (0x037f, GREEK_ONE), (0x0384, GAP), (0x0386, GREEK_ONE),
    (0x0387, GAP), (0x0388, GREEK_ONE), (0x03f6, GAP), (0x03f7, GREEK_ONE),
    (0x0400, CYRILLIC_ONE), (0x0482, GAP), (0x0483, MARK), (0x048a, CYRILLIC_ONE),
    (0x0530, LETTER), (0x0531, CAPITAL), (0x0557, LETTER),
    // Hebrew, Arabic, Devanagari.
    (0x0591, MARK), (0x05be, LETTER), (0x060c, GAP), (0x060d, LETTER), (0x061b, GAP),
    (0x061c, LETTER), (0x061f, GAP), (0x0620, LETTER), (0x0640, MARK), (0x0641, LETTER),
    (0x064b, MARK), (0x0660, NUMBER), (0x066a, LETTER), (0x0670, MARK), (0x0671, LETTER),
    (0x06d4, GAP), (0x06d5, LETTER), (0x06d6, MARK), (0x06dd, LETTER), (0x06f0, NUMBER),
    (0x06fa, LETTER), (0x0964, GAP), (0x0966, NUMBER), (0x0970, LETTER),
    (0x1100, IDEOGRAPH), (0x1200, LETTER), (0x1ab0, MARK), (0x1b00, LETTER), (0x1dc0, MARK),
    (0x1e00, LATIN_MORE), (0x1f00, LETTER),
    // Punctuation and symbols.
    (0x2000, GAP), (0x200b, MARK), (0x2010, GAP), (0x2018, APOSTROPHE), (0x201a, GAP),
    (0x202a, MARK), (0x202f, GAP), (0x2032, APOSTROPHE), (0x2033, GAP), (0x2060, MARK),
    (0x2070, NUMBER), (0x2071, GAP), (0x2074, NUMBER | 4), (0x207a, GAP),
    (0x2080, NUMBER), (0x208a, GAP), (0x20d0, MARK), (0x2100, GAP), (0x2126, SEVERAL_EACH), (0x212c, GAP),
    (0x2160, ROMAN), (0x2180, GAP),
    // In circles and brackets.
    (0x2460, NUMBER | 1), (0x2474, NUMBER | 1), (0x2488, NUMBER | 1), (0x249c, ALPHABET),
    (0x24ea, NUMBER), (0x24eb, NUMBER | 11), (0x24f5, NUMBER | 1), (0x24ff, NUMBER),
    (0x2500, GAP), (0x2776, NUMBER | 1), (0x2780, NUMBER | 1), (0x278a, NUMBER | 1),
    (0x2794, GAP),
    // Chinese, Japanese, Korean.
    (0x3005, IDEOGRAPH), (0x3008, GAP), (0x3021, IDEOGRAPH), (0x302a, GAP),
    (0x3041, IDEOGRAPH), (0x3099, MARK), (0x309b, GAP), (0x309d, IDEOGRAPH), (0x30a0, GAP),
    (0x30a1, KATAKANA), (0x30f7, IDEOGRAPH), (0x30fb, GAP), (0x30fc, MARK),
    (0x30fd, KATAKANA), (0x30ff, IDEOGRAPH), (0x3100, GAP), (0x3105, IDEOGRAPH),
    (0x3130, GAP), (0x3131, IDEOGRAPH), (0x318f, GAP), (0x31a0, IDEOGRAPH), (0x31c0, GAP),
    (0x31f0, IDEOGRAPH), (0x3200, GAP),
    (0x3380, SEVERAL_EACH), (0x33e0, GAP), (0x3400, IDEOGRAPH), (0x4dc0, GAP),
    (0x4e00, IDEOGRAPH), (0xa000, LETTER), (0xa960, IDEOGRAPH), (0xa980, LETTER),
    (0xac00, IDEOGRAPH),
    // Beyond U+FFFF.
    (0xd800, LETTER), (0xd87c, GAP),
    (0xd880, IDEOGRAPH), (0xd900, LETTER), (0xdb80, MARK), (0xdb84, LETTER),
    (0xe000, GAP), (0xf900, IDEOGRAPH), (0xfb00, SEVERAL_EACH), (0xfb05, LETTER),
    (0xfe00, MARK), (0xfe10, GAP), (0xfe20, MARK), (0xfe30, GAP), (0xfe70, LETTER),
    (0xfeff, MARK), (0xff00, GAP), (0xff01, FULL_WIDTH), (0xff5f, GAP), (0xff66, HALF_WIDTH),
    (0xff70, MARK), (0xff71, HALF_WIDTH), (0xff9e, MARK), (0xffa0, GAP),
];
