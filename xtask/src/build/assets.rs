//! A directory of files to be served: hashed names, compressed variants, and a manifest.
//!
//! In: contents and the names they should have. Out: the files, each with `.br` and `.gz`
//! beside it, and `manifest.json`, which is all that the servers need to know about them.
//! Invariant: the manifest is written last and the directory is swapped in as a whole.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::stamp;
use crate::run;
use crate::tools::Build as Tools;

/// One file of the directory.
struct Asset {
    name: String,
    /// Its name changes with its content, so that it may be cached for ever.
    immutable: bool,
}

/// Collects the files of one `target/dist/…` directory.
pub(super) struct Assets {
    staging: PathBuf,
    destination: PathBuf,
    files: Vec<Asset>,
}

impl Assets {
    pub(super) fn begin(destination: PathBuf) -> Result<Self> {
        let staging = destination.with_extension("new");
        if staging.exists() {
            std::fs::remove_dir_all(&staging)?;
        }
        std::fs::create_dir_all(&staging)?;
        Ok(Self {
            staging,
            destination,
            files: Vec::new(),
        })
    }

    /// Adds `STEM-<hash>.EXTENSION` and returns that name.
    pub(super) fn add_hashed(
        &mut self,
        stem: &str,
        extension: &str,
        file: &Path,
    ) -> Result<String> {
        let bytes =
            std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
        let name = format!("{stem}-{}.{extension}", stamp::of_content(&bytes));
        std::fs::write(self.staging.join(&name), bytes)?;
        self.files.push(Asset {
            name: name.clone(),
            immutable: true,
        });
        Ok(name)
    }

    /// Adds a file under a name that stays the same when the content changes.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        std::fs::write(self.staging.join(name), content)?;
        self.files.push(Asset {
            name: name.to_owned(),
            immutable: false,
        });
        Ok(())
    }

    /// Compresses, writes the manifest (`roles` are its further fields) and swaps the directory
    /// in. Returns the manifest.
    pub(super) fn finish(self, tools: &Tools, roles: &[(&str, &str)]) -> Result<Value> {
        let sizes = run::capture(
            run::node(&tools.node)
                .current_dir(&self.staging)
                .arg(crate::workspace::root().join("xtask/js/compress.mjs"))
                .args(self.files.iter().map(|file| &file.name)),
        )?;
        let sizes: Value = serde_json::from_str(&sizes)?;
        let mut files = Vec::new();
        for file in &self.files {
            files.push(json!({
                "name": file.name,
                "type": content_type(&file.name),
                "immutable": file.immutable,
                "bytes": std::fs::metadata(self.staging.join(&file.name))?.len(),
                "gzip_bytes": sizes[&file.name]["gzip"],
                "brotli_bytes": sizes[&file.name]["brotli"],
            }));
        }
        let mut manifest = json!({ "files": files });
        for (role, name) in roles {
            manifest[*role] = json!(name);
        }
        std::fs::write(
            self.staging.join("manifest.json"),
            format!("{manifest:#}\n"),
        )?;
        if self.destination.exists() {
            std::fs::remove_dir_all(&self.destination)?;
        }
        std::fs::rename(&self.staging, &self.destination)?;
        Ok(manifest)
    }
}

/// The sum of one size over all files of a manifest, in bytes.
pub(super) fn total(manifest: &Value, size: &str) -> u64 {
    manifest["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|file| file[size].as_u64())
        .sum()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_that_browsers_insist_on() {
        assert_eq!(content_type("a-1.wasm"), "application/wasm");
        assert_eq!(content_type("widget.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("strange"), "application/octet-stream");
    }

    #[test]
    fn totals_add_up() {
        let manifest = json!({ "files": [{ "bytes": 3 }, { "bytes": 4 }, {}] });
        assert_eq!(total(&manifest, "bytes"), 7);
    }
}
