//! The edge for workerd and Cloudflare: `edge-worker/cloudflare/` → `target/dist/edge/`.
//!
//! Out: `index.js`, `index_bg.wasm` and `firsthop.capnp`: a directory that `workerd serve`
//! runs as it is, and whose first two files are what Cloudflare wants.

use anyhow::{Result, bail};

use super::stamp::{self, Stamp};
use super::wasm::{Module, esbuild};
use crate::run;
use crate::tools::Build as Tools;
use crate::workspace::{dist, root, scratch};

const MODULE: Module = Module {
    package: "firsthop-edge-cloudflare",
    name: "index",
    // The two flags let `entry.js` start a fresh instance after a panic.
    bindgen: &[
        "--target",
        "module",
        "--experimental-reset-state-function",
        "--force-enable-abort-handler",
    ],
    // It is loaded once and then computes: speed before size.
    level: "-O2",
};

pub(super) fn build(tools: &Tools) -> Result<()> {
    let source = root().join("edge-worker/cloudflare/js");
    let config = root().join("deploy/workerd/firsthop.capnp");
    let wasm = MODULE.compile()?;

    let mut inputs = vec![wasm.clone(), config.clone()];
    inputs.extend(stamp::files_below(&source)?);
    let stamp = Stamp::of("edge", inputs)?;
    let destination = dist("edge");
    if stamp.is_current(&destination.join("index.js")) {
        run::unchanged("edge");
        return Ok(());
    }

    let bindings = scratch("edge").join("bindings");
    MODULE.bind(tools, &wasm, &bindings)?;
    // wasm-bindgen writes a source phase import; workerd gives the module for a plain one.
    let script = bindings.join("index.js");
    let generated = std::fs::read_to_string(&script)?;
    let plain = generated.replacen("import source ", "import ", 1);
    if plain == generated {
        bail!("wasm-bindgen no longer imports its module in the way that this step expects");
    }
    std::fs::write(&script, plain)?;
    // It imports the bindings as its neighbour.
    std::fs::copy(source.join("entry.js"), bindings.join("entry.js"))?;
    let bundle = scratch("edge").join("index.js");
    esbuild(
        tools,
        &bindings.join("entry.js"),
        &bundle,
        &[
            "--format=esm".to_owned(),
            "--target=es2022".to_owned(),
            "--external:./index_bg.wasm".to_owned(),
            "--external:cloudflare:*".to_owned(),
        ],
    )?;

    // Complete before it gets its name: a server may be started from here at any moment.
    let staging = destination.with_extension("new");
    if staging.exists() {
        std::fs::remove_dir_all(&staging)?;
    }
    std::fs::create_dir_all(&staging)?;
    std::fs::copy(
        bindings.join("index_bg.wasm"),
        staging.join("index_bg.wasm"),
    )?;
    std::fs::copy(&config, staging.join("firsthop.capnp"))?;
    std::fs::copy(bundle, staging.join("index.js"))?;
    if destination.exists() {
        std::fs::remove_dir_all(&destination)?;
    }
    std::fs::rename(&staging, &destination)?;
    stamp.keep()?;
    Ok(())
}
