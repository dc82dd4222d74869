//! The native server, with widget and console inside: `target/release/firsthop`.

use anyhow::Result;

use crate::run::{self, Step};

pub(super) fn build() -> Result<()> {
    let step = Step::begin("cargo build --release firsthop");
    run::show(run::cargo_build().args(["--release", "--package", "firsthop"]))?;
    step.done();
    Ok(())
}
