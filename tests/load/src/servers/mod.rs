//! A fresh origin, and an edge before it: the real programs on free ports, in a directory that
//! is removed when this is dropped.

mod process;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tempfile::TempDir;

use crate::http;
pub(crate) use process::Server;

/// The inbox that visitors come to.
pub(crate) const INBOX: &str = "load";
const EMAIL: &str = "agent@load.example";
const PASSWORD: &str = "a password for one run only";
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

/// What `firsthop edge create` prints.
#[derive(Deserialize)]
struct EdgeKeys {
    edge_id: String,
    key: String,
    token_key: String,
}

pub(crate) struct Servers {
    // Dropped in this order: the processes end before their directory goes.
    edge: Option<Server>,
    origin: Server,
    firsthop: PathBuf,
    directory: TempDir,
}

impl Servers {
    /// Starts an origin with an inbox and an agent, and an edge if visitors go by it.
    pub(crate) async fn start(programs: &Programs, via: Via) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("firsthop-load-")
            .tempdir()?;
        let at = free_address()?;
        let mut command = Command::new(&programs.firsthop);
        command
            .args(["serve", "--data"])
            .arg(directory.path().join("origin"))
            .env("FIRSTHOP_SERVER_LISTEN", at.to_string())
            .env("FIRSTHOP_LOG_LEVEL", "warn");
        let origin = Server::start(
            "the origin",
            at,
            command,
            &directory.path().join("origin.log"),
        )?;
        origin.is_ready("/readyz", READY_WITHIN).await?;
        let mut servers = Self {
            edge: None,
            origin,
            firsthop: programs.firsthop.clone(),
            directory,
        };
        servers.command(
            &[
                "admin",
                "create",
                "--email",
                EMAIL,
                "--name",
                "Ada",
                "--password-stdin",
            ],
            &[],
            PASSWORD,
        )?;
        servers.command(
            &[
                "inbox",
                "create",
                "--key",
                INBOX,
                "--name",
                "Load",
                "--origin",
                "http://load.example",
            ],
            &[],
            "",
        )?;
        if via == Via::Edge {
            servers.start_edge(programs).await?;
        }
        servers.knows_inbox(|_| true).await?;
        Ok(servers)
    }

    async fn start_edge(&mut self, programs: &Programs) -> Result<()> {
        let at = free_address()?;
        let url = format!("http://{at}");
        let printed = self.command(
            &["edge", "create", "--name", "edge-1", "--url", &url],
            &[],
            "",
        )?;
        let keys: EdgeKeys = serde_json::from_str(printed.trim())
            .context("`firsthop edge create` printed something unexpected")?;
        let [state, pages] =
            ["edge-state", "edge-pages"].map(|name| self.directory.path().join(name));
        for directory in [&state, &pages] {
            std::fs::create_dir(directory)?;
        }
        let mut command = Command::new(&programs.workerd);
        command
            .arg("serve")
            .arg(format!("-shttp={at}"))
            .arg(format!("-eorigin={}", self.origin.at))
            .arg(format!("-dstate={}", state.display()))
            .arg(format!("-dpages={}", pages.display()))
            .arg(programs.edge_dist.join("firsthop.capnp"))
            .env("FIRSTHOP_EDGE_ID", keys.edge_id)
            .env("FIRSTHOP_EDGE_KEY", keys.key)
            .env("FIRSTHOP_TOKEN_KEY", keys.token_key)
            .env("FIRSTHOP_ORIGIN_URL", format!("http://{}", self.origin.at));
        let edge = Server::start(
            "the edge",
            at,
            command,
            &self.directory.path().join("edge.log"),
        )?;
        edge.is_ready("/healthz", READY_WITHIN).await?;
        self.edge = Some(edge);
        Ok(())
    }

    /// Publishes a knowledge file in the inbox.
    pub(crate) fn publish(&self, file: &Path) -> Result<()> {
        self.command(&["knowledge", "publish", "--inbox", INBOX], &[file], "")?;
        Ok(())
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
            tokio::time::sleep(process::LOOK_EVERY).await;
        }
    }

    /// The hop that visitors go to.
    pub(crate) fn visitors(&self) -> &Server {
        self.edge.as_ref().unwrap_or(&self.origin)
    }

    pub(crate) const fn origin(&self) -> &Server {
        &self.origin
    }

    /// Logs the agent in; returns the cookie.
    pub(crate) async fn log_in(&self) -> Result<String> {
        let at = self.origin.at;
        let origin = format!("http://{at}");
        let headers = [("x-firsthop-csrf", "1"), ("origin", origin.as_str())];
        let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
        let answer = http::post_json(at, "/v1/session", &headers, &body)
            .await?
            .success()?;
        let cookie = answer
            .headers
            .get("set-cookie")
            .context("the login set no cookie")?
            .to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    fn command(&self, words: &[&str], paths: &[&Path], input: &str) -> Result<String> {
        let mut command = Command::new(&self.firsthop);
        command
            .args(words)
            .args(paths)
            .arg("--data")
            .arg(self.directory.path().join("origin"));
        process::run(command, input)
            .with_context(|| format!("`firsthop {}` failed", words.join(" ")))
    }
}

/// An address on which nothing listens. Servers must know theirs before they start, as each is
/// told the other's.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
