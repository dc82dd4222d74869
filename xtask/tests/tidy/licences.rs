//! Every dependency has a licence that `deny.toml` allows and comes from crates.io.

use super::tree::{expect_none, metadata, read};

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed = allowed();
    assert!(allowed.contains(&"Apache-2.0".to_owned()), "{allowed:?}");
    let metadata = metadata();
    let mut breaches = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        match package["license"].as_str() {
            Some(licence) if permits(licence, &allowed) => {}
            Some(licence) => breaches.push(format!("{name}: {licence}")),
            None => breaches.push(format!("{name} names no licence")),
        }
    }
    expect_none("licences that deny.toml does not allow", &breaches);
}

#[test]
fn every_dependency_comes_from_crates_io() {
    let metadata = metadata();
    let breaches: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| {
            let source = package["source"].as_str()?;
            let known = source == "registry+https://github.com/rust-lang/crates.io-index";
            (!known).then(|| format!("{} from {source}", package["name"]))
        })
        .collect();
    expect_none("dependencies from elsewhere than crates.io", &breaches);
}

/// The strings of `allow = [ … ]` in the section `[licenses]`.
fn allowed() -> Vec<String> {
    let text = read("deny.toml");
    let section = text.split("[licenses]").nth(1).unwrap();
    let list = section.split("allow = [").nth(1).unwrap();
    let list = list.split(']').next().unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Evaluates an SPDX expression: `A OR B`, `A AND B`, brackets, and the old `A/B`.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut permitted = both(rest, allowed);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        permitted |= both(rest, allowed);
    }
    permitted
}

fn both(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut permitted = one(rest, allowed);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        permitted &= one(rest, allowed);
    }
    permitted
}

fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let permitted = either(rest, allowed);
            let closed = rest.first() == Some(&")");
            *rest = rest.get(1..).unwrap_or_default();
            permitted && closed
        }
        [name, "WITH", exception, tail @ ..] => {
            *rest = tail;
            allowed.contains(&format!("{name} WITH {exception}"))
        }
        [name, tail @ ..] => {
            *rest = tail;
            allowed.iter().any(|licence| licence == name)
        }
        [] => false,
    }
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"]
        .map(str::to_owned)
        .to_vec();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT/GPL-3.0-only", true),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    }
}
