//! Embeds the widget and the console, as `cargo xtask build` made them, into the binary.
//!
//! In: the directories that FIRSTHOP_WIDGET_DIR and FIRSTHOP_CONSOLE_DIR name, each with a
//! `manifest.json`. Out: `$OUT_DIR/embedded.rs`. A directory that is not there embeds nothing, so
//! that the server can be built and tested on its own.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    // `sqlx::migrate!` reads them, unknown to cargo.
    println!("cargo:rerun-if-changed=migrations");
    let mut code = String::new();
    for (name, variable) in [
        ("WIDGET", "FIRSTHOP_WIDGET_DIR"),
        ("CONSOLE", "FIRSTHOP_CONSOLE_DIR"),
    ] {
        println!("cargo:rerun-if-env-changed={variable}");
        let files = match std::env::var_os(variable) {
            Some(directory) => embed(&PathBuf::from(directory)),
            None => String::new(),
        };
        let _ = writeln!(
            code,
            "/// What `{variable}` held.\npub(super) static {name}: &[Asset] = &[{files}];"
        );
    }
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("embedded.rs"), code).expect("OUT_DIR can be written to");
}

/// The files that a directory's manifest names, as Rust expressions.
fn embed(directory: &Path) -> String {
    let manifest = directory.join("manifest.json");
    println!("cargo:rerun-if-changed={}", manifest.display());
    let Ok(text) = std::fs::read(&manifest) else {
        return String::new();
    };
    let manifest: serde_json::Value = serde_json::from_slice(&text).expect("the manifest is JSON");
    let mut files = String::new();
    for file in manifest["files"]
        .as_array()
        .expect("the manifest lists files")
    {
        let name = file["name"].as_str().expect("every file has a name");
        let content_type = file["type"].as_str().expect("every file has a type");
        let immutable = file["immutable"].as_bool().unwrap_or(false);
        let path = |suffix: &str| {
            format!(
                "{:?}",
                directory
                    .join(format!("{name}{suffix}"))
                    .display()
                    .to_string()
            )
        };
        let _ = write!(
            files,
            "Asset {{ name: {name:?}, content_type: {content_type:?}, immutable: {immutable}, \
             plain: include_bytes!({}), brotli: include_bytes!({}), gzip: include_bytes!({}) }},",
            path(""),
            path(".br"),
            path(".gz"),
        );
    }
    files
}
