//! Where things are. Every path that more than one command uses is named here once.

use std::path::{Path, PathBuf};

/// The repository's root. Compiled in: xtask is always run from the checkout that built it.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Cargo's target directory, `CARGO_TARGET_DIR` respected.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What is served and deployed (`widget`, `console`, `edge`), and what is measured (`answerer`).
///
/// Always below the checkout, because `.cargo/config.toml` tells the crates that embed it so.
pub(crate) fn dist(part: &str) -> PathBuf {
    root().join("target/dist").join(part)
}

/// Where xtask keeps its own intermediate files.
pub(crate) fn scratch(part: &str) -> PathBuf {
    target().join("xtask").join(part)
}

/// Command-line tools that cargo installed for this checkout only.
pub(crate) fn cargo_tools() -> PathBuf {
    target().join("tools")
}

/// Where `package.json` is. Below `tests`, so that the end-to-end stories resolve their imports.
pub(crate) fn npm() -> PathBuf {
    root().join("tests")
}

/// The native server.
pub(crate) fn firsthop() -> PathBuf {
    target()
        .join("release/firsthop")
        .with_extension(std::env::consts::EXE_EXTENSION)
}
