//! `cargo xtask sim`: the simulator of `tests/simulation`, at full speed.

use anyhow::Result;

use crate::run;

/// Runs the simulator with these arguments; its last line is JSON.
pub(crate) fn sim(args: &[String]) -> Result<()> {
    run::show(
        run::cargo()
            .args(["run", "--quiet", "--release", "--package"])
            .args(["firsthop-simulation", "--"])
            .args(args),
    )
}
