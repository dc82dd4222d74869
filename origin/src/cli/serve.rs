//! `firsthop serve`.

use std::io::IsTerminal;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::CliError;
use crate::config::{Config, LogFormat};
use crate::server::Origin;

pub(super) async fn run(config: Config) -> Result<(), CliError> {
    log_to_standard_error(&config);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let origin = Origin::start(config).await?;
    let url = origin.app().public_url.clone();
    println!("Firsthop listens on http://{}", origin.address());
    println!("Console: {url}/console/");
    if let Some(link) = origin.setup_link() {
        println!(
            "There is no administrator yet. Whoever opens this link first becomes one:\n{link}"
        );
    }
    tracing::info!(address = %origin.address(), "the server runs");
    let stopping = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(
        signal = stopping,
        "the server stops; clients are told to connect elsewhere"
    );
    tokio::select! {
        () = origin.stop() => tracing::info!("the server has stopped; everything is committed"),
        // Asked twice: now. What was acknowledged is committed in any case.
        _ = terminate.recv() => tracing::warn!("stopped at once, as asked"),
        _ = interrupt.recv() => tracing::warn!("stopped at once, as asked"),
    }
    Ok(())
}

fn log_to_standard_error(config: &Config) {
    // Libraries tell their own story only when something is wrong.
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("firsthop", config.log_level)
        .with_target("firsthop_core", config.log_level);
    let registry = tracing_subscriber::registry().with(filter);
    let colours = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    match config.log_format {
        LogFormat::Text => registry.with(layer).init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).init(),
    }
}
