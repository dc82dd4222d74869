//! How an origin and an edge are started, and what they must be told first.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{INBOX, Programs, process};
use crate::http;

const PASSWORD: &str = "a password for one run only";

/// Somebody who answers visitors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// `admin` or `agent`.
    role: &'static str,
    name: &'static str,
    email: &'static str,
}

impl Account {
    pub(crate) const ADA: Self = Self {
        role: "admin",
        name: "Ada",
        email: "ada@load.example",
    };
    pub(crate) const BO: Self = Self {
        role: "agent",
        name: "Bo",
        email: "bo@load.example",
    };
    const CHI: Self = Self {
        role: "agent",
        name: "Chi",
        email: "chi@load.example",
    };
    const DAN: Self = Self {
        role: "agent",
        name: "Dan",
        email: "dan@load.example",
    };
    /// Everybody.
    pub(crate) const ALL: [Self; 4] = [Self::ADA, Self::BO, Self::CHI, Self::DAN];
}

/// What `firsthop edge create` prints.
#[derive(Clone, Deserialize)]
pub(crate) struct EdgeKeys {
    pub(crate) edge_id: String,
    pub(crate) key: String,
    token_key: String,
    pack_key: String,
}

/// The origin's program and its data: commands work beside the server.
pub(crate) struct Firsthop {
    pub(crate) program: PathBuf,
    pub(crate) data: PathBuf,
}

impl Firsthop {
    /// Where the store's file is.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("firsthop.db")
    }

    pub(crate) fn create_account(&self, account: Account) -> Result<()> {
        let words = [
            account.role,
            "create",
            "--email",
            account.email,
            "--name",
            account.name,
            "--password-stdin",
        ];
        self.command(&words, &[], PASSWORD)?;
        Ok(())
    }

    pub(crate) fn create_inbox(&self) -> Result<()> {
        let words = [
            "inbox",
            "create",
            "--key",
            INBOX,
            "--name",
            "Load",
            "--origin",
            "http://load.example",
        ];
        self.command(&words, &[], "")?;
        Ok(())
    }

    /// Registers an edge that the origin reaches at `url`.
    pub(crate) fn create_edge(&self, url: &str) -> Result<EdgeKeys> {
        let words = ["edge", "create", "--name", "edge-1", "--url", url];
        let printed = self.command(&words, &[], "")?;
        serde_json::from_str(printed.trim())
            .context("`firsthop edge create` printed something unexpected")
    }

    /// Publishes a knowledge file in the inbox.
    pub(crate) fn publish(&self, file: &Path) -> Result<()> {
        self.command(&["knowledge", "publish", "--inbox", INBOX], &[file], "")?;
        Ok(())
    }

    fn command(&self, words: &[&str], paths: &[&Path], input: &str) -> Result<String> {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .args(paths)
            .arg("--data")
            .arg(&self.data);
        process::run(command, input)
            .with_context(|| format!("`firsthop {}` failed", words.join(" ")))
    }
}

/// Starts the origin.
pub(crate) fn origin_command(firsthop: &Firsthop, at: SocketAddr) -> Command {
    let mut command = Command::new(&firsthop.program);
    command
        .args(["serve", "--data"])
        .arg(&firsthop.data)
        .env("FIRSTHOP_SERVER_LISTEN", at.to_string())
        .env("FIRSTHOP_LOG_LEVEL", "warn");
    command
}

/// Starts an edge, whose state is kept in `directory`.
pub(crate) fn edge_command(
    programs: &Programs,
    keys: &EdgeKeys,
    at: SocketAddr,
    origin: SocketAddr,
    directory: &Path,
) -> Result<Command> {
    let [state, pages] = [EDGE_STATE, "edge-pages"].map(|name| directory.join(name));
    for directory in [&state, &pages] {
        std::fs::create_dir_all(directory)?;
    }
    let mut command = Command::new(&programs.workerd);
    command
        .arg("serve")
        .arg(format!("-shttp={at}"))
        .arg(format!("-eorigin={origin}"))
        .arg(format!("-dstate={}", state.display()))
        .arg(format!("-dpages={}", pages.display()))
        .arg(programs.edge_dist.join("firsthop.capnp"))
        .env("FIRSTHOP_EDGE_ID", &keys.edge_id)
        .env("FIRSTHOP_EDGE_KEY", &keys.key)
        .env("FIRSTHOP_TOKEN_KEY", &keys.token_key)
        .env("FIRSTHOP_PACK_KEY", &keys.pack_key)
        .env("FIRSTHOP_ORIGIN_URL", format!("http://{origin}"));
    Ok(command)
}

/// Where an edge keeps its state, below the directory that [`edge_command`] is given.
pub(crate) const EDGE_STATE: &str = "edge-state";

/// Logs somebody in; returns the cookie.
pub(crate) async fn log_in(at: SocketAddr, account: Account) -> Result<String> {
    let origin = format!("http://{at}");
    let headers = [("x-firsthop-csrf", "1"), ("origin", origin.as_str())];
    let body = serde_json::json!({ "email": account.email, "password": PASSWORD });
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

/// An address on which nothing listens. Servers must know theirs before they start, as each is
/// told the other's.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
