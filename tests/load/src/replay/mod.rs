//! `replay`: every question of a file, asked by many visitors at once of a fresh system, with a
//! scripted agent behind it.
//!
//! Out: one JSON line. Invariant: a question counts as lost unless the visitor's own log shows
//! both it and what became of it; an agent's answer, unless every one that the origin
//! acknowledged is in the log of the visitor it was meant for. `session` is one visitor.

pub(crate) mod cases;
mod session;
mod tally;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::task::JoinSet;

use crate::agent::{Agent, SharedNotes};
use crate::progress;
use crate::servers::{Programs, Servers, Via};
use cases::Case;
use tally::{Progress, Tally};

/// How often progress is shown.
const SHOW_EVERY: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The knowledge that is published: JSON Lines, as docs/knowledge.md describes
    #[arg(long)]
    knowledge: PathBuf,
    /// The questions: JSON Lines of {"q", "expect": entry id or null, "also": [ids]}
    #[arg(long)]
    cases: PathBuf,
    /// Visitors at the same time; the questions are dealt out among them
    #[arg(long, default_value_t = 200)]
    visitors: usize,
    /// The hop that visitors connect to
    #[arg(long, value_enum, default_value_t = Via::Edge)]
    via: Via,
}

pub(crate) async fn replay(programs: &Programs, args: Args) -> Result<String> {
    let cases: &'static [Case] = cases::read(&args.cases)?.leak();
    let visitors = args.visitors.clamp(1, cases.len());
    progress(&format!(
        "starting an origin{}",
        if args.via == Via::Edge {
            " and an edge"
        } else {
            ""
        }
    ));
    let servers = Servers::start(programs, args.via).await?;
    progress(&format!("publishing {}", args.knowledge.display()));
    servers.publish(&args.knowledge)?;
    servers.has_pack().await?;

    let notes = SharedNotes::default();
    let cookie = servers.log_in().await?;
    let agent = Agent::connect(servers.origin().at, &cookie, notes.clone()).await?;
    let mut agent = tokio::spawn(agent.work());

    let began = Instant::now();
    let shown = Progress::default();
    let mut sessions = JoinSet::new();
    for visitor in 0..visitors {
        let dealt: Vec<&Case> = cases.iter().skip(visitor).step_by(visitors).collect();
        let (at, notes, shown) = (servers.visitors().at, notes.clone(), shown.clone());
        sessions.spawn(async move { session::run(at, &dealt, &notes, &shown).await });
    }
    let mut tally = Tally::default();
    let mut show = tokio::time::interval(SHOW_EVERY);
    loop {
        tokio::select! {
            session = sessions.join_next() => match session {
                Some(session) => tally.add(&session??),
                None => break,
            },
            _ = show.tick() => {
                let (asked, waiting) = (shown.count(), sessions.len());
                progress(&format!("{asked} of {} questions, {waiting} visitors", cases.len()));
            }
            ended = &mut agent => {
                ended??;
                bail!("the agent ended before the visitors did");
            }
        }
    }
    agent.abort();
    let notes = notes.lock();
    for refused in &notes.refused {
        progress(&format!("a command of the agent was refused: {refused}"));
    }
    tally.duplicated += notes.questions_seen_twice();
    let report = tally.report(args.via.as_str(), visitors, began.elapsed().as_secs_f64());
    Ok(report.to_string())
}
