//! `cargo xtask package`: the widget as an npm package with types, by wasm-pack.

use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::run::{self, Step};
use crate::tools;
use crate::workspace::{root, target};

/// Writes `target/package`: what `npm publish` would take.
pub(crate) fn package() -> Result<()> {
    let wasm_pack = tools::wasm_pack()?;
    let tools = tools::Build::ensure()?;
    let out = target().join("package");
    let step = Step::begin("wasm-pack build browser-bot");
    // wasm-pack looks its wasm-bindgen up on the PATH; with `no-install` it downloads nothing.
    let mut path = vec![
        tools
            .wasm_bindgen
            .parent()
            .context("wasm-bindgen is not in a directory")?
            .to_path_buf(),
    ];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    run::show(
        Command::new(wasm_pack)
            .args(["build", "--mode", "no-install", "--no-opt"])
            .args(["--target", "web", "--out-name", "firsthop", "--out-dir"])
            .arg(&out)
            .arg(root().join("browser-bot"))
            .args(["--profile", "wasm"])
            .env("PATH", std::env::join_paths(path)?),
    )?;
    std::fs::copy(root().join("docs/widget.md"), out.join("README.md"))?;
    step.done();
    build::optimise(&tools, &out.join("firsthop_bg.wasm"), "-Oz")?;
    println!("  the package is {}", out.display());
    Ok(())
}
