//! Short names: between a module and its bindings wasm-bindgen gives each import a long name that
//! ends in random digits, which is there twice and compresses badly.
//!
//! In: the bindings and the module. Out: the same, with a letter or two for each name. The
//! invariant: different names stay different.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::imports;

/// Renames the imports in both files.
pub(super) fn shorten(bindings: &Path, module: &Path) -> Result<()> {
    let text = std::fs::read_to_string(bindings)
        .with_context(|| format!("wasm-bindgen did not write {}", bindings.display()))?;
    let (text, bytes) = shortened(text, &std::fs::read(module)?)?;
    std::fs::write(bindings, text)?;
    std::fs::write(module, bytes)?;
    Ok(())
}

fn shortened(mut bindings: String, module: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut names = Vec::new();
    let mut from = BTreeSet::new();
    let module = imports::renamed(module, |from_module, name| {
        from.insert(from_module.to_owned());
        names.push(name.to_owned());
        ("a".to_owned(), short(names.len() - 1))
    })?;
    ensure!(from.len() <= 1, "the module imports from several: {from:?}");
    let members = names
        .iter()
        .enumerate()
        .map(|(count, name)| (format!(" {name}:"), format!(" {}:", short(count))));
    let object = from
        .iter()
        .map(|from| (format!("\"{from}\":"), "\"a\":".to_owned()));
    // Each is a member of what the bindings give the module, and stands nowhere else.
    for (old, new) in members.chain(object) {
        ensure!(
            bindings.matches(&old).count() == 1,
            "the bindings have another form than expected:{old} is not there once"
        );
        bindings = bindings.replace(&old, &new);
    }
    Ok((bindings, module))
}

/// The shortest names, one after another.
fn short(count: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letter = char::from(LETTERS[count % LETTERS.len()]);
    match count / LETTERS.len() {
        0 => letter.to_string(),
        round => format!("{letter}{}", round - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_the_same() {
        let names: BTreeSet<_> = (0..1000).map(short).collect();
        assert_eq!(names.len(), 1000);
    }

    #[test]
    fn both_sides_are_renamed_alike() {
        let mut module = b"\0asm\x01\0\0\0\x02".to_vec();
        let import = b"\x01\x10./firsthop_bg.js\x07__wbg_f\x00\x00";
        module.push(u8::try_from(import.len()).unwrap());
        module.extend(import);
        let text = "{ \"./firsthop_bg.js\": { __wbg_f: function() {} } }".to_owned();
        let (text, module) = shortened(text, &module).unwrap();
        assert_eq!(text, "{ \"a\": { a: function() {} } }");
        assert_eq!(module, b"\0asm\x01\0\0\0\x02\x07\x01\x01a\x01a\x00\x00");
        assert!(shortened("{}".to_owned(), &module).is_err());
    }
}
