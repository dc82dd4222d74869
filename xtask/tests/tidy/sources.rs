//! Files stay readable, and every crate keeps to the workspace's lints.

use std::path::Path;

use super::tree::{expect_none, files, metadata, read, root};

/// A module that is longer cannot be read in one sitting.
const LINES_MAX: usize = 600;

fn is_source(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    ["rs", "js", "mjs", "css", "sh", "sql", "toml", "capnp"].contains(&extension.as_ref())
}

#[test]
fn no_source_file_is_too_long() {
    let breaches: Vec<String> = files()
        .iter()
        .filter(|file| is_source(file))
        .filter_map(|file| {
            let lines = read(file).lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    expect_none(&format!("files of more than {LINES_MAX} lines"), &breaches);
}

#[test]
fn nothing_is_left_for_later() {
    // Spelled in two halves, so that this file does not name itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[ign", "ore"),
        concat!("unimpl", "emented!("),
    ];
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| is_source(file)) {
        for (at, line) in read(file).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                breaches.push(format!("{}:{}: {}", file.display(), at + 1, line.trim()));
            }
        }
    }
    expect_none("work that is announced instead of done", &breaches);
}

#[test]
fn every_module_says_what_it_is_for() {
    let breaches: Vec<String> = files()
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        // A file of tests belongs to the module that it tests.
        .filter(|file| !file.ends_with("tests.rs"))
        .filter(|file| !read(file).trim_start().starts_with("//!"))
        .map(|file| file.display().to_string())
        .collect();
    expect_none("modules without a `//!` header", &breaches);
}

#[test]
fn every_crate_keeps_the_lints() {
    let metadata = metadata();
    let mut breaches = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        if !package["source"].is_null() {
            continue;
        }
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let text = read(manifest.strip_prefix(root()).unwrap());
        let inherits = text.contains("[lints]\nworkspace = true");
        let own = text.contains("unsafe_code = \"forbid\"");
        if !inherits && !own {
            breaches.push(manifest.display().to_string());
        }
    }
    expect_none(
        "crates with neither `[lints] workspace = true` nor `unsafe_code = \"forbid\"`",
        &breaches,
    );
}
