//! Bytes that a visitor downloads for the widget, as the build compressed them: the launcher by
//! gzip (any page pays for it), all of it by brotli (who opens it pays for that). The pack is not
//! counted: it is the shop's.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::servers::Programs;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The widget's directory; by default `widget` beside the edge's
    #[arg(long)]
    widget: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Manifest {
    launcher: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    bytes: u64,
    gzip_bytes: u64,
    brotli_bytes: u64,
}

pub(super) fn measure(programs: &Programs, args: &Args) -> Result<Value> {
    let directory = match &args.widget {
        Some(directory) => directory.clone(),
        None => programs.edge_dist.with_file_name("widget"),
    };
    let file = directory.join("manifest.json");
    let bytes = std::fs::read(&file).with_context(|| {
        format!(
            "could not read {}: build it with `cargo xtask build widget`",
            file.display()
        )
    })?;
    report(&bytes).with_context(|| file.display().to_string())
}

fn report(manifest: &[u8]) -> Result<Value> {
    let manifest: Manifest = serde_json::from_slice(manifest)?;
    let launcher = manifest
        .files
        .iter()
        .find(|file| file.name == manifest.launcher)
        .context("the launcher is not among the files")?;
    let total = |size: fn(&File) -> u64| manifest.files.iter().map(size).sum::<u64>();
    Ok(json!({
        "bench": "widget",
        "launcher_gzip_bytes": launcher.gzip_bytes,
        "launcher_brotli_bytes": launcher.brotli_bytes,
        "widget_brotli_bytes": total(|file| file.brotli_bytes),
        "widget_gzip_bytes": total(|file| file.gzip_bytes),
        "widget_bytes": total(|file| file.bytes),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_launcher_is_counted_alone_and_in_the_whole() {
        let manifest = br#"{"launcher":"l.js","files":[
            {"name":"l.js","bytes":30,"gzip_bytes":20,"brotli_bytes":10},
            {"name":"m.wasm","bytes":300,"gzip_bytes":200,"brotli_bytes":100}]}"#;
        let report = report(manifest).unwrap();
        assert_eq!(report["launcher_gzip_bytes"], 20);
        assert_eq!(report["widget_brotli_bytes"], 110);
    }
}
