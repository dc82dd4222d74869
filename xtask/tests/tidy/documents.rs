//! The documents name only what exists.

use super::tree::{expect_none, files, read, root};

/// Words in backticks that begin with a directory of the project, such as `core/src/hop/mod.rs`.
fn paths_named(text: &str) -> Vec<String> {
    let tops: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !["target", "data", ".git"].contains(&name.as_str()))
        .collect();
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| !word.contains(char::is_whitespace))
        // Patterns and placeholders name no single file.
        .filter(|word| !word.contains(['*', '{', '<', '…', '$']))
        .filter(|word| {
            word.split_once('/')
                .is_some_and(|(top, _)| tops.iter().any(|name| name == top))
        })
        .map(|word| word.split(':').next().unwrap_or(word).to_owned())
        .collect()
}

#[test]
fn documents_name_only_existing_paths() {
    let mut breaches = Vec::new();
    for file in files() {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for path in paths_named(&read(&file)) {
            if !root().join(&path).exists() {
                breaches.push(format!("{} names {path}", file.display()));
            }
        }
    }
    expect_none("paths that do not exist", &breaches);
}

#[test]
fn the_map_of_the_project_exists() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
    ] {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
    let map = read("ARCHITECTURE.md");
    assert!(
        paths_named(&map).len() > 10,
        "ARCHITECTURE.md names almost no path"
    );
}

#[test]
fn paths_are_found_in_backticks() {
    let found = paths_named("see `core/src/lib.rs:12` and `xtask`, not `a/b` or `core/{a,b}`");
    assert_eq!(found, ["core/src/lib.rs"]);
}
