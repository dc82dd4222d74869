//! `core` is sans-IO: no clock, no randomness, no files, no sockets, no threads; neither in its
//! own code nor by way of what it depends on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tree::{expect_none, files, metadata, read};

#[test]
fn core_reads_no_clock_and_rolls_no_dice() {
    let forbidden = [
        "Instant::now",
        "SystemTime",
        "std::time::",
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "std::process",
        "rand::",
        "getrandom",
        "RandomState",
        "async fn",
    ];
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| file.starts_with("core/src")) {
        let text = read(file);
        // Unit tests stand at the end of a module and may read files.
        let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (at, line) in product.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = forbidden.iter().find(|word| code.contains(**word)) {
                breaches.push(format!("{}:{}: {word}", file.display(), at + 1));
            }
        }
    }
    expect_none("core touches the world", &breaches);
}

#[test]
fn core_depends_on_nothing_that_touches_the_world() {
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect();
    let core = names
        .iter()
        .find(|(_, name)| **name == "firsthop-core")
        .unwrap()
        .0;

    let mut seen = BTreeSet::new();
    let mut waiting = vec![*core];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            // Ordinary dependencies for every target; not those of tests and build scripts.
            if kinds
                .iter()
                .any(|kind| kind["kind"].is_null() && kind["target"].is_null())
            {
                waiting.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    let forbidden = [
        "getrandom",
        "rand",
        "rand_core",
        "tokio",
        "mio",
        "socket2",
        "time",
        "chrono",
        "js-sys",
        "web-sys",
        "wasm-bindgen",
        "worker",
    ];
    let breaches: Vec<String> = seen
        .iter()
        .map(|id| names[id].to_owned())
        .filter(|name| forbidden.contains(&name.as_str()))
        .collect();
    expect_none("core depends on", &breaches);
}
