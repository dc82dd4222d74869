//! One server as a child process: its log, whether it runs, how it stops.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::probe;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How much of a log is shown when a server ends before it was ready.
const LOG_LINES_SHOWN: usize = 20;

pub(super) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    ended: bool,
}

impl Server {
    pub(super) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let out =
            File::create(log).with_context(|| format!("could not write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            // Ctrl-C goes to xtask alone, which then stops the servers in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {name}"))?;
        Ok(Self {
            name,
            child,
            log: log.to_path_buf(),
            ended: false,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a GET of `path` is answered; an error with the end of the log if the server
    /// ends first or time runs out.
    pub(super) fn wait_until_ready(
        &mut self,
        port: u16,
        path: &str,
        within: Duration,
    ) -> Result<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status}):\n{}", self.name, self.tail());
            }
            if probe::answers(port, path) {
                return Ok(());
            }
            if began.elapsed() > within {
                bail!(
                    "{} does not answer http://127.0.0.1:{port}{path} after {} s:\n{}",
                    self.name,
                    within.as_secs(),
                    self.tail()
                );
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// How it ended, the first time that this is asked after it did.
    pub(super) fn has_just_ended(&mut self) -> Option<ExitStatus> {
        if self.ended {
            return None;
        }
        let status = self.child.try_wait().ok()??;
        self.ended = true;
        Some(status)
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended
    }

    /// Asks it to stop, and makes it stop when `within` has passed.
    pub(super) fn stop(&mut self, within: Duration) {
        let running = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        if running(&mut self.child) {
            // `kill` is built into every shell; std can only send SIGKILL.
            let _ = Command::new("sh")
                .args(["-c", "kill -TERM \"$0\""])
                .arg(self.child.id().to_string())
                .status();
        }
        let began = Instant::now();
        while running(&mut self.child) && began.elapsed() < within {
            thread::sleep(LOOK_EVERY);
        }
        // Fails only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.ended = true;
    }

    fn tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
        lines[from..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error on the way up must not leave a server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("firsthop-{name}-{}.log", std::process::id()))
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_log() {
        let log = log("ends");
        let mut server =
            Server::start("the origin", shell("echo the disk is full; exit 3"), &log).unwrap();
        let error = server
            .wait_until_ready(1, "/readyz", Duration::from_secs(10))
            .unwrap_err()
            .to_string();
        assert!(error.contains("the origin ended at once"), "{error}");
        assert!(error.contains("the disk is full"), "{error}");
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_server_that_ignores_the_request_to_stop_is_stopped() {
        let log = log("stubborn");
        let script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
        let mut server = Server::start("the edge", shell(script), &log).unwrap();
        while !server.tail().contains("ready") {
            thread::yield_now();
        }
        server.stop(Duration::from_millis(100));
        assert!(server.is_over());
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn the_end_of_a_server_is_told_once() {
        let log = log("once");
        let mut server = Server::start("the edge", shell("exit 4"), &log).unwrap();
        server.child.wait().unwrap();
        assert_eq!(server.has_just_ended().unwrap().code(), Some(4));
        assert!(server.has_just_ended().is_none());
        std::fs::remove_file(log).unwrap();
    }
}
