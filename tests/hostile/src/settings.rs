//! The operator's settings file. The origin's module is compiled here a second time: the origin
//! itself would bring SQLite and an HTTP server into each fuzzer.

use std::path::Path;

/// The origin's settings.
#[path = "../../../origin/src/config/mod.rs"]
pub mod config;

pub(crate) fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match config::Config::from_text(Path::new("hostile.toml"), text) {
        Ok(config) => {
            let again = config::Config::from_text(Path::new("hostile.toml"), text);
            assert_eq!(again.ok().as_ref(), Some(&config));
            for risk in config.risks() {
                assert!(!risk.is_empty());
            }
        }
        // It names the file, and what to do.
        Err(error) => assert!(error.to_string().contains("hostile.toml:"), "{error}"),
    }
}
