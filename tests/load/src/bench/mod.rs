//! `bench`: one measurement each, one JSON line each. First forms: what they leave out, their
//! module says.

mod answer;
mod backpressure;
mod idle;
mod ingest;
mod rival;
mod widget;

use anyhow::Result;

use crate::servers::Programs;

#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// Memory of the server for each connection on which nothing happens
    Idle(idle::Args),
    /// Acknowledged messages a second, with latencies and the server's processor time
    Ingest(ingest::Args),
    /// Time to answer one question, natively and as wasm
    Answer(answer::Args),
    /// What slow readers, a flood and a slow disk do to memory and to the others
    Backpressure(backpressure::Args),
    /// What a visitor downloads
    Widget(widget::Args),
}

pub(crate) async fn bench(programs: &Programs, bench: Bench) -> Result<String> {
    let report = match bench {
        Bench::Idle(args) => idle::measure(programs, &args).await?,
        Bench::Ingest(args) => ingest::measure(programs, &args).await?,
        Bench::Answer(args) => answer::measure(&args)?,
        Bench::Backpressure(args) => backpressure::measure(programs, &args).await?,
        Bench::Widget(args) => widget::measure(programs, &args)?,
    };
    Ok(report.to_string())
}
