//! What building and testing need besides Rust itself: found, else installed, else named.
//!
//! In: nothing but the machine. Out: the paths of programs that work, of exactly the versions
//! this project is built with.
//! Invariant: sources are crates.io, npm, rustup and the system's packages, nothing else; what
//! is there already is left alone; a failure says what to install by hand.
//! Start reading at [`Build::ensure`]; each tool has its own small function.

mod cargo_tools;
mod host;
mod npm;

use std::path::PathBuf;

use anyhow::{Result, bail};

pub(crate) use cargo_tools::{cargo_fuzz, ensure_components, ensure_targets, wasm_pack};
use host::Host;

/// Everything that `cargo xtask build` calls.
pub(crate) struct Build {
    /// Node.js, to run `wasm-opt` and the compressor.
    pub(crate) node: PathBuf,
    /// wasm-bindgen's command line, of the version of the crate.
    pub(crate) wasm_bindgen: PathBuf,
    /// Binaryen's optimiser; a JavaScript file, run it with `node`.
    pub(crate) wasm_opt: PathBuf,
    /// The bundler; a native program.
    pub(crate) esbuild: PathBuf,
    /// The runtime of the edge; a native program.
    pub(crate) workerd: PathBuf,
}

impl Build {
    /// Installs what is missing.
    pub(crate) fn ensure() -> Result<Self> {
        let host = Host::of_this_machine();
        ensure_targets(&["wasm32-unknown-unknown"])?;
        let node = npm::ensure_node(&host)?;
        let packages = npm::ensure_packages(&host, &node)?;
        Ok(Self {
            wasm_bindgen: cargo_tools::ensure_wasm_bindgen(&host)?,
            wasm_opt: packages.wasm_opt()?,
            esbuild: packages.esbuild()?,
            workerd: packages.workerd()?,
            node,
        })
    }
}

/// The `node_modules` with MiniSearch, which `bench answer` compares with, installed if missing.
pub(crate) fn ensure_minisearch() -> Result<PathBuf> {
    let host = Host::of_this_machine();
    npm::ensure_node(&host)?;
    npm::ensure_minisearch(&host)
}

/// A Chromium that the end-to-end stories can drive, installed if missing.
pub(crate) fn ensure_browser() -> Result<PathBuf> {
    let host = Host::of_this_machine();
    if let Some(found) = browser(&host) {
        return Ok(found);
    }
    host.apt_install(
        "Chromium, for the end-to-end tests",
        // The widget speaks Chinese and shows emoji; without fonts its screenshots show boxes.
        &["chromium", "fonts-noto-cjk", "fonts-noto-color-emoji"],
        "install Chromium or Chrome, or name one in the environment variable CHROMIUM",
    )?;
    match browser(&host) {
        Some(found) => Ok(found),
        None => bail!("apt-get installed chromium, but there is no `chromium` on the PATH"),
    }
}

fn browser(host: &Host) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    ["chromium", "chromium-browser", "google-chrome", "chrome"]
        .iter()
        .find_map(|name| host.find(name))
}

const STRACE: &str = "strace";

/// strace, by which stories and `chaos` have a disk be slow or broken: installed if missing. Where that
/// is not possible they leave it out, and say so; here it is said how to have it.
pub(crate) fn offer_strace() {
    let host = Host::of_this_machine();
    if host.find(STRACE).is_some() {
        return;
    }
    let what = "strace, for disks that are slow or broken,";
    if let Err(error) = host.apt_install(what, &[STRACE], "install strace") {
        println!("{error:#}: what needs it is left out");
    }
}

/// `cargo xtask tools [--check]`.
pub(crate) fn command(args: &[String]) -> Result<()> {
    match args {
        [] => {
            Build::ensure()?;
            ensure_components(&["rustfmt", "clippy"])?;
            ensure_targets(&["wasm32-wasip1", "wasm32-wasip2"])?;
            ensure_browser()?;
            offer_strace();
            println!("everything that building and testing need is here");
            Ok(())
        }
        [flag] if flag == "--check" => check(&Host::of_this_machine()),
        _ => bail!("`cargo xtask tools` takes only --check"),
    }
}

/// Installs nothing; an error that lists everything missing and how to get it.
fn check(host: &Host) -> Result<()> {
    let mut missing = Vec::new();
    match npm::find_node(host) {
        Ok(node) => println!("node          {}", node.display()),
        Err(error) => missing.push(format!("{error:#}")),
    }
    let packages = npm::Packages::of_this_checkout();
    for (name, found) in [
        ("workerd", packages.workerd()),
        ("esbuild", packages.esbuild()),
        ("wasm-opt", packages.wasm_opt()),
    ] {
        match found {
            Ok(path) => println!("{name:13} {}", path.display()),
            Err(error) => missing.push(format!("{error:#}")),
        }
    }
    match cargo_tools::find_wasm_bindgen(host) {
        Some(path) => println!("wasm-bindgen  {}", path.display()),
        None => missing.push(cargo_tools::WASM_BINDGEN_HINT.to_owned()),
    }
    match browser(host) {
        Some(path) => println!("chromium      {}", path.display()),
        None => missing.push(
            "Chromium is missing (only the end-to-end tests need it): apt-get install chromium \
             fonts-noto-cjk fonts-noto-color-emoji"
                .to_owned(),
        ),
    }
    match host.find(STRACE) {
        Some(path) => println!("strace        {}", path.display()),
        None => missing.push(
            "strace is missing (only tests with disks that are slow or broken need it): apt-get \
             install strace"
                .to_owned(),
        ),
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n`cargo xtask tools` installs all of it where it can",
        missing.join("\n")
    )
}
