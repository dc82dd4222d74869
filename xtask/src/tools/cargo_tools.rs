//! What rustup and crates.io provide: compilation targets, wasm-bindgen's command line, wasm-pack,
//! cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::host::Host;
use crate::run::{self, Step};
use crate::workspace;

/// Must be the version of the crate `wasm-bindgen` in the root `Cargo.toml`; a test compares.
const WASM_BINDGEN_VERSION: &str = "0.2.129";

const WASM_PACK_VERSION: &str = "0.15.1";

const CARGO_FUZZ_VERSION: &str = "0.13.2";

pub(super) const WASM_BINDGEN_HINT: &str = "wasm-bindgen is missing: cargo install \
    wasm-bindgen-cli --version 0.2.129 --locked";

/// Adds the compilation targets that the toolchain lacks.
pub(crate) fn ensure_targets(targets: &[&str]) -> Result<()> {
    for target in targets {
        let libraries = run::capture(Command::new("rustc").current_dir(workspace::root()).args([
            "--print",
            "target-libdir",
            "--target",
            target,
        ]))?;
        if Path::new(libraries.trim()).exists() {
            continue;
        }
        rustup(&["target", "add", target])?;
    }
    Ok(())
}

/// Adds `rustfmt` or `clippy` where the toolchain came without.
pub(crate) fn ensure_components(components: &[&str]) -> Result<()> {
    for component in components {
        let subcommand = match *component {
            "rustfmt" => "fmt",
            other => other,
        };
        if run::capture(run::cargo().args([subcommand, "--version"])).is_err() {
            rustup(&["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(args: &[&str]) -> Result<()> {
    let line = format!("rustup {}", args.join(" "));
    let step = Step::begin(&line);
    run::capture(
        Command::new("rustup")
            .current_dir(workspace::root())
            .args(args),
    )
    .with_context(|| format!("Rust is not complete: run `{line}` in this directory"))?;
    step.done();
    Ok(())
}

/// wasm-bindgen's command line, built once if it is not here: about two minutes on two cores.
pub(super) fn ensure_wasm_bindgen(host: &Host) -> Result<PathBuf> {
    if let Some(found) = find_wasm_bindgen(host) {
        return Ok(found);
    }
    cargo_install("wasm-bindgen-cli", WASM_BINDGEN_VERSION).context(WASM_BINDGEN_HINT)?;
    Ok(installed("wasm-bindgen"))
}

/// The one in `target/tools`, else one on the PATH, of exactly our version.
pub(super) fn find_wasm_bindgen(host: &Host) -> Option<PathBuf> {
    let wanted = format!("wasm-bindgen {WASM_BINDGEN_VERSION}");
    [Some(installed("wasm-bindgen")), host.find("wasm-bindgen")]
        .into_iter()
        .flatten()
        .find(|file| {
            run::capture(Command::new(file).arg("--version"))
                .is_ok_and(|version| version.trim() == wanted)
        })
}

/// wasm-pack, which only `cargo xtask package` needs: about two minutes on two cores.
pub(crate) fn wasm_pack() -> Result<PathBuf> {
    ensure("wasm-pack", WASM_PACK_VERSION)
}

/// cargo-fuzz, which only `cargo xtask fuzz` needs: about a minute on two cores.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    ensure("cargo-fuzz", CARGO_FUZZ_VERSION)
}

/// The program of that name and exactly that version in `target/tools`.
fn ensure(name: &str, version: &str) -> Result<PathBuf> {
    let file = installed(name);
    let wanted = format!("{name} {version}");
    let found = run::capture(Command::new(&file).arg("--version"));
    if !found.is_ok_and(|found| found.trim() == wanted) {
        cargo_install(name, version)?;
    }
    Ok(file)
}

fn installed(name: &str) -> PathBuf {
    workspace::cargo_tools()
        .join("bin")
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION)
}

fn cargo_install(package: &str, version: &str) -> Result<()> {
    let step = Step::begin(format!(
        "cargo install {package} {version} (once, a few minutes)"
    ));
    run::show(
        run::cargo()
            .args(["install", package, "--version", version])
            .args(["--locked", "--quiet", "--root"])
            .arg(workspace::cargo_tools()),
    )?;
    step.done();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_has_the_version_of_the_crate() {
        let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
        let pinned = format!("wasm-bindgen = \"={WASM_BINDGEN_VERSION}\"");
        assert!(manifest.contains(&pinned), "Cargo.toml has no `{pinned}`");
        assert!(WASM_BINDGEN_HINT.contains(WASM_BINDGEN_VERSION));
    }
}
