//! A server process: started, waited for, measured through /proc, ended when dropped.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::http;

/// How often it is looked whether something is there by now.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The kernel counts processor time in these, on every architecture that Rust supports.
const TICKS_PER_SECOND: u64 = 100;

pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) at: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl Server {
    pub(crate) fn start(
        name: &'static str,
        at: SocketAddr,
        mut command: Command,
        log: &Path,
    ) -> Result<Self> {
        // What a process before this one said stays.
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)?;
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

    /// What it, and processes before it with the same log, have said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) async fn is_ready(&mut self, path: &str, within: Duration) -> Result<()> {
        let began = Instant::now();
        while !http::get(self.at, path)
            .await
            .is_ok_and(|answer| answer.status == 200)
        {
            if self.has_ended()? {
                bail!("{} ended; it said:\n{}", self.name, self.said());
            }
            if began.elapsed() > within {
                bail!(
                    "{} is not ready after {within:?}; it said:\n{}",
                    self.name,
                    self.said()
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Kills it at once (SIGKILL): nothing that it still had to do is done.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it where it stands (SIGSTOP): its connections stay open, and nobody answers.
    pub(crate) fn pause(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }

    /// Lets it go on after [`Self::pause`].
    pub(crate) fn resume(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::CONT)?)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended, though nobody killed it.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
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
pub(crate) fn run(mut command: Command, input: &str) -> Result<String> {
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
