//! The agents' console: `origin/console/` → `target/dist/console/`.
//!
//! Out: `index.html`, and the hashed `console-<hash>.{js,wasm,css}` that it names. The script
//! starts itself, so that the page needs no inline script and the server can forbid them.

use anyhow::{Context, Result, bail};

use super::assets::{Assets, total};
use super::stamp::{self, Stamp};
use super::wasm::{Module, define, esbuild};
use crate::run;
use crate::tools::Build as Tools;
use crate::workspace::{dist, root, scratch};

const MODULE: Module = Module {
    package: "firsthop-console",
    name: "console",
    bindgen: &["--target", "web", "--omit-default-module-path"],
    level: "-Os",
};

/// What starts the console. A module script runs when the page has been parsed.
const START: &str = "\
import init from \"./bindings/console.js\";
await init({ module_or_path: new URL(__CONSOLE_WASM__, import.meta.url) });
";

pub(super) fn build(tools: &Tools) -> Result<()> {
    let source = root().join("origin/console");
    let wasm = MODULE.compile()?;

    let styles = stamp::files_below(&source.join("style"))?;
    let statics = stamp::files_below(&source.join("assets"))?;
    let page = source.join("index.html");
    let mut inputs = vec![
        wasm.clone(),
        page.clone(),
        root().join("xtask/js/compress.mjs"),
    ];
    inputs.extend_from_slice(&styles);
    inputs.extend_from_slice(&statics);
    let stamp = Stamp::of("console", inputs)?;
    if stamp.is_current(&dist("console").join("manifest.json")) {
        run::unchanged("console");
        return Ok(());
    }

    let scratch = scratch("console");
    MODULE.bind(tools, &wasm, &scratch.join("bindings"))?;

    let mut assets = Assets::begin(dist("console"))?;
    let wasm_name =
        assets.add_hashed("console", "wasm", &scratch.join("bindings/console_bg.wasm"))?;

    let start = scratch.join("start.js");
    std::fs::write(&start, START)?;
    let script = scratch.join("console.js");
    esbuild(
        tools,
        &start,
        &script,
        &[
            "--format=esm".to_owned(),
            "--target=es2022".to_owned(),
            define("__CONSOLE_WASM__", &wasm_name),
        ],
    )?;
    let script_name = assets.add_hashed("console", "js", &script)?;

    let mut css = String::new();
    for file in styles
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "css"))
    {
        css.push_str(&std::fs::read_to_string(file)?);
        css.push('\n');
    }
    let joined = scratch.join("joined.css");
    std::fs::write(&joined, css)?;
    let style = scratch.join("console.css");
    // Images stand beside the style sheet under their own names.
    esbuild(
        tools,
        &joined,
        &style,
        &["--external:*.svg".to_owned(), "--external:*.png".to_owned()],
    )?;
    let style_name = assets.add_hashed("console", "css", &style)?;

    let mut html = std::fs::read_to_string(&page)
        .with_context(|| format!("could not read {}", page.display()))?;
    for (mark, name) in [
        ("__CONSOLE_JS__", &script_name),
        ("__CONSOLE_WASM__", &wasm_name),
        ("__CONSOLE_CSS__", &style_name),
    ] {
        html = html.replace(mark, name);
    }
    if !html.contains(&script_name) {
        bail!("{} does not name __CONSOLE_JS__", page.display());
    }
    assets.add("index.html", html.as_bytes())?;
    for file in &statics {
        if let Some(name) = file.file_name() {
            assets.add(&name.to_string_lossy(), &std::fs::read(file)?)?;
        }
    }
    let manifest = assets.finish(
        tools,
        &[
            ("page", "index.html"),
            ("module", &script_name),
            ("wasm", &wasm_name),
            ("style", &style_name),
        ],
    )?;
    stamp.keep()?;
    println!(
        "  ✓ console: {} bytes brotli",
        total(&manifest, "brotli_bytes")
    );
    Ok(())
}
