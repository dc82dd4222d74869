//! Panics without words. In a browser nobody reads what a panic says: there is nowhere to print
//! it, and the module stops all the same. What words and reports panics is 2 KB of the widget.
//!
//! In: a module with the names of its functions. Out: the same, in which each function of Rust's
//! own libraries that does nothing but panic is `unreachable`, which is how every panic ends, and so
//! is `format!`'s machinery where nobody else calls it, and
//! in which the source files are blank that such functions would have named (some of them with the
//! path of the machine that it was built on).

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::imports::{HEADER, Reader, write_bytes, write_number};

const SECTION_CUSTOM: u8 = 0;
const SECTION_IMPORT: u8 = 2;
const SECTION_CODE: u8 = 10;
const SECTION_DATA: u8 = 11;
/// Of the section `name`: those of functions.
const NAMES_FUNCTIONS: u8 = 1;

/// No locals; `unreachable`; `end`.
const UNREACHABLE: &[u8] = &[0, 0x00, 0x0b];
const CALL: u8 = 0x10;

/// What the names of such functions have in them.
const PANICS: [&str; 6] = [
    "::panicking::",
    "::panic_already_",
    "::assert_failed",
    "::expect_failed",
    "::slice_index_fail",
    "::unwrap_failed",
];

/// Whether a function, by its demangled name, only panics.
fn only_panics(name: &str) -> bool {
    let from = name.trim_start_matches('<');
    ["core[", "alloc[", "std["]
        .iter()
        .any(|it| from.starts_with(it))
        && PANICS.iter().any(|part| name.contains(part))
}

/// Whether a function, by its demangled name, is the library's machinery behind `format!`.
fn formats(name: &str) -> bool {
    let library = name.contains("core[") || name.contains("alloc[");
    let formatter = name.contains("fmt::Formatter>::pad")
        || name.ends_with("::fmt::write")
        || name.ends_with("::fmt::format::format_inner")
        || name.ends_with("::fmt::Display>::fmt")
        || name.ends_with("::fmt::Debug>::fmt");
    library && formatter || name.starts_with("core::fmt::Write::write_fmt::")
}

/// The module with panics that say nothing.
pub(super) fn silenced(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut sections = Vec::new();
    let mut rest = Reader::of(wasm)?;
    while !rest.is_empty() {
        let id = rest.byte()?;
        let length = rest.number()?;
        sections.push((id, rest.take(length)?));
    }
    // Functions are numbered from the imported ones on.
    let mut imported = 0;
    let (mut silent, mut formatting) = (BTreeSet::new(), BTreeSet::new());
    for (id, section) in &sections {
        let mut section = Reader { bytes: section };
        if *id == SECTION_IMPORT {
            for _ in 0..section.number()? {
                section.name()?;
                section.name()?;
                imported += usize::from(section.what_is_imported()?.first() == Some(&0));
            }
        } else if *id == SECTION_CUSTOM && section.name()? == "name" {
            (silent, formatting) = panicking(section)?;
        }
    }
    ensure!(
        !silent.is_empty(),
        "no function that only panics: the names are missing, or other ones than expected"
    );
    let mut written = HEADER.to_vec();
    for (id, section) in sections {
        written.push(id);
        if id == SECTION_CODE {
            let mut code = Reader { bytes: section };
            let count = code.number()?;
            let mut all = Vec::new();
            for function in imported..imported + count {
                let length = code.number()?;
                all.push((function, code.take(length)?));
            }
            // Where only panics put numbers and names into texts, nobody does any more.
            let others = |function| !silent.contains(function) && !formatting.contains(function);
            let spoken = all.iter().filter(|(function, _)| others(function));
            if !spoken.clone().any(|(_, body)| may_call(body, &formatting)) {
                silent.append(&mut formatting);
            }
            let mut bodies = Vec::new();
            write_number(&mut bodies, count);
            for (function, body) in all {
                let is_silent = silent.contains(&function);
                write_bytes(&mut bodies, if is_silent { UNREACHABLE } else { body });
            }
            write_bytes(&mut written, &bodies);
        } else if id == SECTION_DATA {
            write_bytes(&mut written, &without_places(section));
        } else {
            write_bytes(&mut written, section);
        }
    }
    Ok(written)
}

/// Where a source file's path starts: of a library, or in one of our crates that browsers run.
const PLACES: [&[u8]; 3] = [b"/", b"core/src/", b"browser-bot/src/"];

/// The data with zeros for the paths of source files. They end with a zero, and so does what
/// stands before them, or it is no text.
fn without_places(data: &[u8]) -> Vec<u8> {
    let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    let mut blank = data.to_vec();
    for run in blank.chunk_by_mut(|a, b| is_path(a) == is_path(b)) {
        if run.ends_with(b".rs") && PLACES.iter().any(|start| run.starts_with(start)) {
            run.fill(0);
        }
    }
    blank
}

/// Whether a function's body may call one of these. What is no call may look like one, and what is
/// called by way of a table is not seen: the library's formatters are called so by `fmt::write`
/// alone, as long as nobody keeps one of its types as a `dyn Display`.
fn may_call(body: &[u8], functions: &BTreeSet<usize>) -> bool {
    functions.iter().any(|function| {
        let mut call = vec![CALL];
        write_number(&mut call, *function);
        body.windows(call.len()).any(|window| window == call)
    })
}

/// The numbers of the functions that only panic, and of those that format.
fn panicking(mut names: Reader<'_>) -> Result<(BTreeSet<usize>, BTreeSet<usize>)> {
    let mut found = BTreeSet::new();
    let mut formatting = BTreeSet::new();
    while !names.is_empty() {
        let kind = names.byte()?;
        let length = names.number()?;
        let mut part = Reader {
            bytes: names.take(length)?,
        };
        if kind == NAMES_FUNCTIONS {
            for _ in 0..part.number()? {
                let (function, name) = (part.number()?, part.name()?);
                if only_panics(name) {
                    found.insert(function);
                } else if formats(name) {
                    formatting.insert(function);
                }
            }
        }
    }
    Ok((found, formatting))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANIC: &str = "core[c5930c85a12de822]::panicking::panic_fmt";

    /// A module that imports one function and has two, of which the first has this name.
    fn module(name: &str, first: &[u8]) -> Vec<u8> {
        let mut wasm = HEADER.to_vec();
        let mut section = |id: u8, bytes: &[u8]| {
            wasm.push(id);
            write_bytes(&mut wasm, bytes);
        };
        section(SECTION_IMPORT, b"\x01\x01a\x01f\x00\x00");
        let mut code = vec![2];
        write_bytes(&mut code, first);
        write_bytes(&mut code, b"\x00\x01\x0b");
        section(SECTION_CODE, &code);
        let mut functions = vec![2, 1];
        write_bytes(&mut functions, name.as_bytes());
        functions.push(2);
        write_bytes(
            &mut functions,
            b"firsthop_core::panicking::not_ours_to_touch",
        );
        let mut names = b"\x04name\x01".to_vec();
        write_bytes(&mut names, &functions);
        section(SECTION_CUSTOM, &names);
        wasm
    }

    #[test]
    fn only_what_only_panics_becomes_unreachable() {
        let wasm = module(PANIC, b"\x00\x01\x01\x01\x0b");
        assert_eq!(silenced(&wasm).unwrap(), module(PANIC, UNREACHABLE));
    }

    #[test]
    fn formatting_stays_where_it_is_called() {
        let functions = BTreeSet::from([3, 200]);
        assert!(may_call(b"\x00\x41\x01\x10\x03\x0b", &functions));
        assert!(may_call(b"\x00\x10\xc8\x01\x0b", &functions));
        assert!(!may_call(b"\x00\x10\x04\x0b", &functions));
        assert!(formats(
            "<core[c5930c85a12de822]::fmt::Formatter>::pad_integral"
        ));
        assert!(!formats(
            "<firsthop_core::id::Uuid as core::fmt::Display>::fmt::ha7b8"
        ));
    }

    #[test]
    fn source_files_are_not_named() {
        let data =
            b"\x01as told/core.rs\0\0/home/me/.cargo/x/src/lib.rs\0core/src/bot.rs\0.rs is text";
        let blank = without_places(data);
        assert_eq!(blank.len(), data.len());
        let left: String = blank.iter().map(|byte| char::from(*byte)).collect();
        let left: Vec<&str> = left.split('\0').filter(|text| !text.is_empty()).collect();
        assert_eq!(left, ["\u{1}as told/core.rs", ".rs is text"]);
    }

    #[test]
    fn a_module_without_such_names_is_an_error() {
        let other = module("core[c5930c85a12de822]::fmt::write", b"\x00\x01\x0b");
        assert!(silenced(&other).is_err());
    }
}
