//! The widget: `browser-bot/` → `target/dist/widget/`.
//!
//! Out: `widget.js` (the launcher, which the script tag names), and `firsthop-<hash>.js` with
//! `firsthop-<hash>.wasm`, which it loads when the visitor shows interest.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::assets::{Assets, total};
use super::names;
use super::stamp::{self, Stamp};
use super::wasm::{Module, define, esbuild};
use crate::run;
use crate::tools::Build as Tools;
use crate::workspace::{dist, root, scratch};

/// The launcher is on every page of the site, for visitors who will never click it.
const LAUNCHER_GZIP_BYTES_MAX: u64 = 4 * 1024;
/// Launcher, module, styles and wasm together; the knowledge pack is extra.
const WIDGET_BROTLI_BYTES_MAX: u64 = 60 * 1024;

const MODULE: Module = Module {
    package: "firsthop-browser-bot",
    name: "firsthop",
    bindgen: &["--target", "web", "--omit-default-module-path"],
    level: "-Oz",
};

pub(super) fn build(tools: &Tools) -> Result<()> {
    let source = root().join("browser-bot");
    let wasm = MODULE.compile()?;

    let mut inputs = vec![wasm.clone(), root().join("xtask/js/compress.mjs")];
    inputs.extend(stamp::files_below(&source.join("js"))?);
    inputs.extend(stamp::files_below(&source.join("style"))?);
    let stamp = Stamp::of("widget", inputs)?;
    if stamp.is_current(&dist("widget").join("manifest.json")) {
        run::unchanged("widget");
        return Ok(());
    }

    let scratch = scratch("widget");
    let bindings = scratch.join("bindings");
    MODULE.bind(tools, &wasm, &bindings)?;
    names::shorten(
        &bindings.join("firsthop.js"),
        &bindings.join("firsthop_bg.wasm"),
    )?;

    let mut assets = Assets::begin(dist("widget"))?;
    let wasm_name = assets.add_hashed("firsthop", "wasm", &bindings.join("firsthop_bg.wasm"))?;

    let module = scratch.join("module.js");
    let mut options = vec![
        "--format=esm".to_owned(),
        "--target=es2022".to_owned(),
        "--loader:.css=text".to_owned(),
        define("__FIRSTHOP_WASM__", &wasm_name),
        format!(
            "--alias:firsthop-bindings={}",
            bindings.join("firsthop.js").display()
        ),
    ];
    let style = source.join("style/widget.css");
    if style.exists() {
        // Minified on its own first: inside the module it is only a string.
        let minified = scratch.join("widget.css");
        esbuild(tools, &style, &minified, &[])?;
        options.push(format!("--alias:firsthop-style={}", minified.display()));
    }
    esbuild(tools, &source.join("js/module.js"), &module, &options)?;
    let module_name = assets.add_hashed("firsthop", "js", &module)?;

    let launcher = scratch.join("widget.js");
    esbuild(
        tools,
        &source.join("js/launcher.js"),
        &launcher,
        &[
            "--format=iife".to_owned(),
            "--target=es2020".to_owned(),
            define("__FIRSTHOP_MODULE__", &module_name),
        ],
    )?;
    assets.add("widget.js", &std::fs::read(&launcher)?)?;

    let manifest = assets.finish(
        tools,
        &[
            ("launcher", "widget.js"),
            ("module", &module_name),
            ("wasm", &wasm_name),
        ],
    )?;
    stamp.keep()?;
    println!("  ✓ widget: {}", sizes(&manifest));
    Ok(())
}

fn launcher_gzip_bytes(manifest: &Value) -> Option<u64> {
    manifest["files"]
        .as_array()?
        .iter()
        .find(|file| file["name"] == manifest["launcher"])?["gzip_bytes"]
        .as_u64()
}

fn sizes(manifest: &Value) -> String {
    format!(
        "launcher {} of {LAUNCHER_GZIP_BYTES_MAX} bytes gzip, everything {} of \
         {WIDGET_BROTLI_BYTES_MAX} bytes brotli",
        launcher_gzip_bytes(manifest).unwrap_or_default(),
        total(manifest, "brotli_bytes"),
    )
}

/// An error if the widget that was built is larger than promised.
pub(super) fn check_budget() -> Result<()> {
    let file = dist("widget").join("manifest.json");
    let manifest = std::fs::read(&file)
        .with_context(|| format!("the widget is not built: no {}", file.display()))?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let launcher = launcher_gzip_bytes(&manifest).context("the manifest names no launcher")?;
    if launcher > LAUNCHER_GZIP_BYTES_MAX
        || total(&manifest, "brotli_bytes") > WIDGET_BROTLI_BYTES_MAX
    {
        bail!("the widget is over its budget: {}", sizes(&manifest));
    }
    Ok(())
}
