//! System calls of a running process that fail or take long: what a broken or overloaded disk does.
//!
//! In: threads, and what is to become of their calls. Out: an [`Interference`], which lasts until it is
//! ended. Invariant: a process that is interfered with goes on as if nothing had been, once it ends.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::servers::LOOK_EVERY;

/// What SQLite ends a commit with.
const SYNCS: &str = "fsync,fdatasync";
const ATTACHED_WITHIN: Duration = Duration::from_secs(30);

/// Whether this program may interfere with those that it starts.
pub(crate) async fn works() -> bool {
    let somebody = Command::new("sleep").arg("600").spawn();
    let Ok(mut somebody) = somebody else {
        return false;
    };
    let begun = Interference::begin(somebody.id(), Whose::All, "error=EIO").await;
    let works = matches!(begun, Ok(Some(_)));
    drop(begun);
    // Both fail only if it has ended.
    let _ = somebody.kill();
    let _ = somebody.wait();
    works
}

/// Whose system calls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    /// Those of every thread, also of later ones. All the process's calls become slower by it.
    All,
    /// Those of the threads that the store has now, and nobody else's.
    Stores,
}

/// See the module. Ended when dropped.
pub(crate) struct Interference {
    strace: Child,
}

impl Interference {
    /// Has every sync of process `pid` end as `how` says, in the words of strace's `--inject`. None
    /// if the process has ended.
    pub(crate) async fn begin(pid: u32, whose: Whose, how: &str) -> Result<Option<Self>> {
        let Some(threads) = threads(pid, whose) else {
            return Ok(None);
        };
        let mut command = Command::new("strace");
        match whose {
            Whose::All => command.args(["--follow-forks", &format!("--attach={pid}")]),
            Whose::Stores => {
                command.args(threads.iter().map(|thread| format!("--attach={thread}")))
            }
        };
        let strace = command
            .args(["--quiet=attach,exit,thread-execve", "--output=/dev/null"])
            .arg(format!("--trace={SYNCS}"))
            .arg(format!("--inject={SYNCS}:{how}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start strace")?;
        let mut begun = Self { strace };
        let began = Instant::now();
        while !threads.iter().all(|thread| is_traced(pid, *thread)) {
            if begun.strace.try_wait()?.is_some() {
                // The process has ended meanwhile, or threads of it.
                return Ok(None);
            }
            if began.elapsed() > ATTACHED_WITHIN {
                bail!("strace has not attached to process {pid} after {ATTACHED_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(Some(begun))
    }

    /// From now on all calls end as they would. Tells whether the process has lived so long.
    pub(crate) fn end(mut self) -> Result<bool> {
        let lives = self.strace.try_wait()?.is_none();
        if lives {
            kill_process(Pid::from_child(&self.strace), Signal::TERM)?;
            self.strace.wait()?;
        }
        Ok(lives)
    }
}

impl Drop for Interference {
    fn drop(&mut self) {
        // Both fail only if it has ended; the kernel lets go of whatever it traced.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn threads(pid: u32, whose: Whose) -> Option<Vec<u32>> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let threads = tasks
        .filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok())
        .filter(|thread| match whose {
            Whose::All => true,
            // sqlx gives each connection a thread of its own, and the kernel cuts its name off.
            Whose::Stores => std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/comm"))
                .is_ok_and(|name| name.starts_with("sqlx-sqlite")),
        });
    Some(threads.collect())
}

/// One that has ended meanwhile does no harm.
fn is_traced(pid: u32, thread: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/status"))
        .map_or(true, |status| !status.contains("TracerPid:\t0\n"))
}
