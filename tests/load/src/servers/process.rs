//! A server process: started, waited for, measured through /proc, ended when dropped.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http;

/// How often it is looked whether something is there by now.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The kernel counts processor time in these, on every architecture that Rust supports.
const TICKS_PER_SECOND: u64 = 100;

pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) at: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl Server {
    pub(super) fn start(
        name: &'static str,
        at: SocketAddr,
        mut command: Command,
        log: &Path,
    ) -> Result<Self> {
        let file = std::fs::File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("could not start {}", command.get_program().display()))?;
        Ok(Self {
            name,
            at,
            child,
            log: log.to_owned(),
        })
    }

    pub(super) async fn is_ready(&self, path: &str, within: Duration) -> Result<()> {
        let began = Instant::now();
        while !http::get(self.at, path)
            .await
            .is_ok_and(|answer| answer.status == 200)
        {
            if began.elapsed() > within {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!(
                    "{} is not ready after {within:?}; it said:\n{log}",
                    self.name
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Bytes of memory that it occupies.
    pub(crate) fn memory_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix("kB"))
            .with_context(|| format!("{} has ended", self.name))?;
        Ok(kilobytes.trim().parse::<u64>()? * 1024)
    }

    /// Processor time that it has used, user's and system's.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is the name in brackets, which may hold anything.
        let (_, rest) = stat
            .rsplit_once(')')
            .context("an unreadable /proc/PID/stat")?;
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap_or(0))
            .sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, with `input` on its stdin; returns its stdout.
pub(super) fn run(mut command: Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", command.get_program().display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing may have ended already.
        let _ = writeln!(stdin, "{input}");
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
