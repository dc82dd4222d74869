//! Names that compress: between a module and its bindings wasm-bindgen gives each import a name
//! that ends in sixteen random digits, which no compression makes smaller, twice.
//!
//! In: the bindings and the module. Out: the same, with a count in the digits' place, as long as
//! they were, so that nothing in the module moves. The invariant: different names stay different.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

const PREFIX: &str = "__wbg";
const DIGITS: usize = 16;

/// Renames the imports in both files.
pub(super) fn shorten(bindings: &Path, module: &Path) -> Result<()> {
    let text = std::fs::read_to_string(bindings)
        .with_context(|| format!("wasm-bindgen did not write {}", bindings.display()))?;
    let (text, bytes) = shortened(&text, std::fs::read(module)?);
    std::fs::write(bindings, text)?;
    std::fs::write(module, bytes)?;
    Ok(())
}

fn shortened(bindings: &str, mut module: Vec<u8>) -> (String, Vec<u8>) {
    let mut text = bindings.to_owned();
    for (old, new) in renamed(bindings) {
        text = text.replace(old, &new);
        for at in places(&module, old.as_bytes()) {
            module[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    (text, module)
}

/// Each name with random digits in a text, and what it is to be called.
fn renamed(text: &str) -> BTreeMap<&str, String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let random = words.filter(|word| {
        word.rsplit_once('_').is_some_and(|(stem, digits)| {
            stem.starts_with(PREFIX)
                && digits.len() == DIGITS
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    });
    let names: BTreeSet<_> = random.collect();
    let counted = names.into_iter().enumerate().map(|(count, name)| {
        let width = name.len() - PREFIX.len();
        (name, format!("{PREFIX}{count:0width$}"))
    });
    counted.collect()
}

fn places(bytes: &[u8], name: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(name.len()).enumerate();
    windows
        .filter(|(_, window)| *window == name)
        .map(|(at, _)| at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_length_and_stay_different() {
        let text = "{__wbg_get_0123456789abcdef: a, __wbg_get_fedcba9876543210: b, \
                    __wbg_ptr: c, __wbg_get_0123456789abcdef: a, __wbg_now_1111111111111111: d}";
        let names = renamed(text);
        assert_eq!(names.len(), 3);
        let new: BTreeSet<_> = names.values().collect();
        assert_eq!(new.len(), 3);
        assert!(names.iter().all(|(old, new)| old.len() == new.len()));
    }

    #[test]
    fn both_sides_are_renamed_alike_and_nothing_moves() {
        let module = b"\0\x1a__wbg_now_1111111111111111\x07".to_vec();
        let (text, module) = shortened("__wbg_now_1111111111111111()", module);
        assert_eq!(text, "__wbg000000000000000000000()");
        assert_eq!(module, b"\0\x1a__wbg000000000000000000000\x07");
    }
}
