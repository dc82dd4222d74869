//! Every decoder under any bytes.
//!
//! In: bytes. Out: nothing, or a panic that says what is wrong. Each target reads the bytes as one
//! kind of input that comes from outside; what can be read must be read the same after it was
//! written again, and must not upset the machine that it is for. The fuzzers in `fuzz/` and the
//! test beside this crate run the same functions; `fuzz/corpus` holds where both begin.

mod frames;
mod pack;
pub mod settings;
mod trust;

use std::path::PathBuf;

/// A decoder: its name, which is also its corpus's, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("visitor_to_server", frames::visitor_to_server),
    ("server_to_visitor", frames::server_to_visitor),
    ("agent_to_server", frames::agent_to_server),
    ("server_to_agent", frames::server_to_agent),
    ("edge", frames::edge),
    ("device", frames::device),
    ("token", trust::token),
    ("signature", trust::signature),
    ("pack", pack::pack),
    ("knowledge", pack::knowledge),
    ("settings", settings::settings),
];

/// Runs a target.
///
/// # Panics
/// If there is none of that name, or if it finds a fault.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.expect("a target of that name");
    target(bytes);
}

/// Where the seeds of a target are.
pub fn corpus(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name)
}
