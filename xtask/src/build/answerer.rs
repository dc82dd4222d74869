//! The answerer by itself: `tests/answerer/` → `target/dist/answerer/`.
//!
//! Out: `answerer.wasm`, made as the widget's module is, and its bindings `answerer.js`. Nobody is
//! served it: it says what reading packs and answering cost, and is asked in Node and in Chromium.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::assets::Assets;
use super::names;
use super::stamp::Stamp;
use super::wasm::Module;
use crate::run;
use crate::tools::Build as Tools;
use crate::workspace::{dist, root, scratch};

/// The module alone, without its bindings.
const WASM_BROTLI_BYTES_MAX: u64 = 30 * 1024;

const MODULE: Module = Module {
    package: "firsthop-answerer",
    name: "answerer",
    bindgen: &["--target", "web", "--omit-default-module-path"],
    level: "-Oz",
};

pub(super) fn build(tools: &Tools) -> Result<()> {
    let wasm = MODULE.compile()?;
    let inputs = vec![wasm.clone(), root().join("xtask/js/compress.mjs")];
    let stamp = Stamp::of("answerer", inputs)?;
    if stamp.is_current(&dist("answerer").join("manifest.json")) {
        run::unchanged("answerer");
        return Ok(());
    }
    let bindings = scratch("answerer").join("bindings");
    MODULE.bind(tools, &wasm, &bindings)?;
    let (script, module) = (
        bindings.join("answerer.js"),
        bindings.join("answerer_bg.wasm"),
    );
    names::shorten(&script, &module)?;
    let mut assets = Assets::begin(dist("answerer"))?;
    assets.add("answerer.js", &std::fs::read(&script)?)?;
    assets.add("answerer.wasm", &std::fs::read(&module)?)?;
    let roles = [("module", "answerer.js"), ("wasm", "answerer.wasm")];
    let manifest = assets.finish(tools, &roles)?;
    stamp.keep()?;
    println!("  ✓ answerer: {}", size(&manifest));
    Ok(())
}

fn wasm_brotli_bytes(manifest: &Value) -> Option<u64> {
    manifest["files"]
        .as_array()?
        .iter()
        .find(|file| file["name"] == manifest["wasm"])?["brotli_bytes"]
        .as_u64()
}

fn size(manifest: &Value) -> String {
    let bytes = wasm_brotli_bytes(manifest).unwrap_or_default();
    format!("wasm {bytes} of {WASM_BROTLI_BYTES_MAX} bytes brotli")
}

/// An error if the answerer that was built is larger than promised.
pub(super) fn check_budget() -> Result<()> {
    let file = dist("answerer").join("manifest.json");
    let manifest = std::fs::read(&file)
        .with_context(|| format!("the answerer is not built: no {}", file.display()))?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let bytes = wasm_brotli_bytes(&manifest).context("the manifest names no module")?;
    if bytes > WASM_BROTLI_BYTES_MAX {
        bail!("the answerer is over its budget: {}", size(&manifest));
    }
    Ok(())
}
