//! Makes the table of the widget's files, from the directory that `FIRSTHOP_WIDGET_DIR` names.
//!
//! `cargo xtask build widget` puts them there with a `manifest.json`. Without them the table is
//! empty, so that checking and testing need no widget.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

#[derive(serde::Deserialize)]
struct Manifest {
    files: Vec<File>,
}

#[derive(serde::Deserialize)]
struct File {
    name: String,
    r#type: String,
    immutable: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=FIRSTHOP_WIDGET_DIR");
    let mut table = String::from("&[\n");
    if let Some(directory) = env::var_os("FIRSTHOP_WIDGET_DIR") {
        let directory = Path::new(&directory);
        let manifest = directory.join("manifest.json");
        println!("cargo:rerun-if-changed={}", manifest.display());
        if manifest.exists() {
            let manifest: Manifest = serde_json::from_slice(&fs::read(&manifest)?)?;
            for file in manifest.files {
                write_entry(&mut table, directory, &file)?;
            }
        }
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("assets.rs"), table)?;
    Ok(())
}

fn write_entry(table: &mut String, directory: &Path, file: &File) -> Result<(), Box<dyn Error>> {
    let plain = directory.join(&file.name).canonicalize()?;
    let mut hasher = DefaultHasher::new();
    fs::read(&plain)?.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    let compressed = |extension: &str| {
        let path = plain.with_file_name(format!("{}.{extension}", file.name));
        if path.exists() {
            format!("Some(include_bytes!({path:?}))")
        } else {
            "None".to_owned()
        }
    };
    writeln!(
        table,
        "Asset {{ name: {:?}, content_type: {:?}, immutable: {}, etag: {etag:?}, \
         plain: include_bytes!({plain:?}), br: {}, gzip: {} }},",
        file.name,
        file.r#type,
        file.immutable,
        compressed("br"),
        compressed("gz"),
    )?;
    Ok(())
}
