//! A fresh origin, and an edge before it: the real programs on free ports, in a directory that
//! is removed when this is dropped. `process` is one of them; `setup` is how both are started and
//! told of each other.

mod process;
mod setup;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use tempfile::TempDir;

use crate::http;
pub(crate) use process::{LOOK_EVERY, Server};
pub(crate) use setup::{
    Account, EDGE_STATE, EdgeKeys, Firsthop, edge_command, free_address, log_in, origin_command,
};

/// The inbox that visitors come to.
pub(crate) const INBOX: &str = "load";
/// What the demo shop knows.
pub(crate) const DEMO_KNOWLEDGE: &str = include_str!("../../../../deploy/demo/knowledge.jsonl");
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where the built programs are.
#[derive(clap::Args)]
pub(crate) struct Programs {
    /// The origin's binary
    #[arg(long, global = true, default_value = "target/release/firsthop")]
    pub(crate) firsthop: PathBuf,
    /// workerd
    #[arg(
        long,
        global = true,
        default_value = "tests/node_modules/@cloudflare/workerd-linux-64/bin/workerd"
    )]
    pub(crate) workerd: PathBuf,
    /// The edge's directory, with `firsthop.capnp` in it
    #[arg(long, global = true, default_value = "target/dist/edge")]
    pub(crate) edge_dist: PathBuf,
}

/// Which hop visitors connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    Edge,
    Origin,
}

impl Via {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Origin => "origin",
        }
    }
}

pub(crate) struct Servers {
    // Dropped in this order: the processes end before their directory goes.
    edge: Option<Server>,
    origin: Server,
    keys: Option<EdgeKeys>,
    firsthop: Firsthop,
    directory: TempDir,
}

impl Servers {
    /// Starts an origin with an inbox and an agent, and an edge if visitors go by it.
    pub(crate) async fn start(programs: &Programs, via: Via) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("firsthop-load-")
            .tempdir()?;
        let at = free_address()?;
        let firsthop = Firsthop {
            program: programs.firsthop.clone(),
            data: directory.path().join("origin"),
        };
        let mut origin = Server::start(
            "the origin",
            at,
            origin_command(&firsthop, at),
            &directory.path().join("origin.log"),
        )?;
        origin.is_ready("/readyz", READY_WITHIN).await?;
        let mut servers = Self {
            edge: None,
            origin,
            keys: None,
            firsthop,
            directory,
        };
        servers.firsthop.create_account(Account::ADA)?;
        servers.firsthop.create_inbox()?;
        if via == Via::Edge {
            servers.start_edge(programs).await?;
        }
        servers.knows_inbox(|_| true).await?;
        Ok(servers)
    }

    async fn start_edge(&mut self, programs: &Programs) -> Result<()> {
        let at = free_address()?;
        let keys = self.firsthop.create_edge(&format!("http://{at}"))?;
        let command = edge_command(programs, &keys, at, self.origin.at, self.directory.path())?;
        let mut edge = Server::start(
            "the edge",
            at,
            command,
            &self.directory.path().join("edge.log"),
        )?;
        edge.is_ready("/healthz", READY_WITHIN).await?;
        self.edge = Some(edge);
        self.keys = Some(keys);
        Ok(())
    }

    /// Publishes a knowledge file in the inbox.
    pub(crate) fn publish(&self, file: &Path) -> Result<()> {
        self.firsthop.publish(file)
    }

    /// Publishes the demo shop's knowledge in the inbox.
    pub(crate) fn publish_demo(&self) -> Result<()> {
        let file = self.directory.path().join("knowledge.jsonl");
        std::fs::write(&file, DEMO_KNOWLEDGE)?;
        self.publish(&file)
    }

    /// Waits until the hop that visitors go to announces a pack.
    pub(crate) async fn has_pack(&self) -> Result<()> {
        self.knows_inbox(|inbox| inbox["pack"].is_string()).await
    }

    /// What commands change, a running server notices within a second.
    async fn knows_inbox(&self, enough: impl Fn(&serde_json::Value) -> bool) -> Result<()> {
        let path = format!("/v1/inboxes/{INBOX}/pack");
        let began = std::time::Instant::now();
        loop {
            let answer = http::get(self.visitors().at, &path).await?;
            if answer.status == 200 && enough(&serde_json::from_slice(&answer.body)?) {
                return Ok(());
            }
            if began.elapsed() > READY_WITHIN {
                bail!(
                    "{path} still says {} after {READY_WITHIN:?}",
                    String::from_utf8_lossy(&answer.body)
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The hop that visitors go to.
    pub(crate) fn visitors(&self) -> &Server {
        self.edge.as_ref().unwrap_or(&self.origin)
    }

    pub(crate) const fn origin(&self) -> &Server {
        &self.origin
    }

    /// What an edge proves itself with, if there is one.
    pub(crate) const fn edge_keys(&self) -> Option<&EdgeKeys> {
        self.keys.as_ref()
    }

    /// One more who answers visitors.
    pub(crate) fn create_account(&self, account: Account) -> Result<()> {
        self.firsthop.create_account(account)
    }

    /// Logs the agent in; returns the cookie.
    pub(crate) async fn log_in(&self) -> Result<String> {
        self.log_in_as(Account::ADA).await
    }

    /// Logs somebody in; returns the cookie.
    pub(crate) async fn log_in_as(&self, account: Account) -> Result<String> {
        log_in(self.origin.at, account).await
    }
}
