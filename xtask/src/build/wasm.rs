//! From a crate to bindings and an optimised module: cargo → wasm-bindgen → wasm-opt.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{imports, panics};
use crate::run::{self, Step};
use crate::tools::Build as Tools;

/// What rustc emits for wasm32-unknown-unknown, and the exceptions of wasm-bindgen's wrappers.
/// Named one by one, so that a new wasm-opt does not start to emit what browsers lack.
const FEATURES: [&str; 7] = [
    "bulk-memory",
    "exception-handling",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// What a second and a third look at a module are worth 1,200 bytes for in the widget: all
/// expressions taken apart and put together anew, and functions of a few instructions put where
/// they are called, which makes the module larger, but compresses better. Nobody uses the first
/// kilobyte of memory, which is the end of the stack.
const AGAIN: [&str; 12] = [
    "--flatten",
    "--rereloop",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "-Oz",
    "--always-inline-max-function-size=5",
    "--low-memory-unused",
    "--zero-filled-memory",
    "--strip-target-features",
];

/// How one crate is turned into a module.
pub(super) struct Module {
    pub(super) package: &'static str,
    /// The base name of what wasm-bindgen writes.
    pub(super) name: &'static str,
    /// wasm-bindgen's `--target` and further flags.
    pub(super) bindgen: &'static [&'static str],
    /// wasm-opt's level.
    pub(super) level: &'static str,
}

impl Module {
    /// Compiles the crate; the path of the raw wasm. Cargo knows whether there is work to do.
    pub(super) fn compile(&self) -> Result<PathBuf> {
        let step = Step::begin(format!("cargo build {} for wasm32", self.package));
        let messages = run::capture_stdout(run::cargo_build().args([
            "--package",
            self.package,
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            "wasm",
            "--message-format",
            "json-render-diagnostics",
        ]))?;
        let wasm = messages.lines().find_map(|line| self.artifact(line));
        step.done();
        match wasm {
            Some(wasm) => Ok(wasm),
            None => bail!(
                "{} makes no .wasm: its Cargo.toml needs `[lib] crate-type = [\"cdylib\", \"rlib\"]` \
                 or a src/main.rs",
                self.package
            ),
        }
    }

    /// The module's path, if this line of cargo's messages tells of our package's artifact.
    fn artifact(&self, message: &str) -> Option<PathBuf> {
        let message: serde_json::Value = serde_json::from_str(message).ok()?;
        if message["reason"] != "compiler-artifact" {
            return None;
        }
        // "path+file:///…/origin/console#firsthop-console@0.1.0"
        let id = message["package_id"].as_str()?;
        let ours = [format!("#{}@", self.package), format!("/{}#", self.package)];
        if !ours.iter().any(|part| id.contains(part)) {
            return None;
        }
        message["filenames"]
            .as_array()?
            .iter()
            .filter_map(|name| name.as_str())
            .find(|name| name.ends_with(".wasm"))
            .map(PathBuf::from)
    }

    /// Writes `NAME.js` and the optimised `NAME_bg.wasm` into `dir`, which is emptied first.
    pub(super) fn bind(&self, tools: &Tools, wasm: &Path, dir: &Path) -> Result<()> {
        if dir.exists() {
            std::fs::remove_dir_all(dir)?;
        }
        std::fs::create_dir_all(dir)?;
        run::capture(
            Command::new(&tools.wasm_bindgen)
                .arg(wasm)
                .arg("--out-dir")
                .arg(dir)
                .args(["--out-name", self.name, "--no-typescript"])
                .args(self.bindgen),
        )?;
        let module = dir.join(format!("{}_bg.wasm", self.name));
        // A C library that crept in would ask for functions that no browser has, and fail only
        // when it is loaded there.
        let modules = imports::modules(&std::fs::read(&module)?)
            .with_context(|| format!("{} is not valid wasm", module.display()))?;
        if modules.contains("env") || modules.iter().any(|name| name.starts_with("wasi")) {
            bail!(
                "{} imports from {modules:?}: only wasm-bindgen's may be",
                self.package
            );
        }
        optimise(tools, &module, self.level)
    }
}

/// Lets wasm-opt work on a module in its place, at `level` (`-Oz`, `-O2`, …).
pub(crate) fn optimise(tools: &Tools, wasm: &Path, level: &str) -> Result<()> {
    let name = wasm.file_name().unwrap_or_default().to_string_lossy();
    let step = Step::begin(format!("wasm-opt {level} {name}"));
    let before = size(wasm)?;
    if level == "-Oz" {
        std::fs::write(wasm, panics::silenced(&std::fs::read(wasm)?)?)?;
    }
    run::capture(
        run::node(&tools.node)
            .arg(&tools.wasm_opt)
            .arg(level)
            .args(if level == "-Oz" {
                AGAIN.as_slice()
            } else {
                &[]
            })
            .args(FEATURES.map(|feature| format!("--enable-{feature}")))
            .args(["--strip-debug", "--strip-producers"])
            .arg(wasm)
            .arg("-o")
            .arg(wasm),
    )?;
    step.done_with(&format!("{before} → {} bytes", size(wasm)?));
    Ok(())
}

fn size(file: &Path) -> Result<u64> {
    let meta = std::fs::metadata(file)
        .with_context(|| format!("wasm-bindgen did not write {}", file.display()))?;
    Ok(meta.len())
}

/// Bundles `entry` into `outfile`, minified.
pub(super) fn esbuild(
    tools: &Tools,
    entry: &Path,
    outfile: &Path,
    options: &[String],
) -> Result<()> {
    run::capture(
        Command::new(&tools.esbuild)
            .current_dir(crate::workspace::root())
            .arg(entry)
            .arg(format!("--outfile={}", outfile.display()))
            .args(["--bundle", "--minify", "--log-level=warning"])
            .args(options),
    )?;
    Ok(())
}

/// `--define:NAME="value"`: a string constant of the bundle.
pub(super) fn define(name: &str, value: &str) -> String {
    format!("--define:{name}={}", serde_json::json!(value))
}
