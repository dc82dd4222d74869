//! A disk of a run's own that can really be filled: a tmpfs in a mount namespace, which nothing else
//! sees, and which is gone with the last process in it, however the run ends.
//!
//! In: a directory. Out: a [`Disk`] mounted on it, if this system permits that. Invariant: nothing is
//! mounted where other programs see it.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Set in the namespace: this program lives there.
const APART: &str = "CHAOS_APART";
/// More than any run writes; a tmpfs takes memory only for what is in it.
const MEGABYTES: u32 = 256;
const MEGABYTE: usize = 1 << 20;
/// File systems give out no less.
const PAGE: usize = 4096;

/// Begins this program anew in a mount namespace of its own, where one is permitted; returns where it
/// is not, and in that namespace.
pub(crate) fn live_apart() -> Result<()> {
    if is_apart() || !may_mount() {
        return Ok(());
    }
    let error = apart()
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(APART, "1")
        .exec();
    Err(error).context("could not begin anew in a mount namespace")
}

fn is_apart() -> bool {
    std::env::var_os(APART).is_some()
}

fn apart() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    unshare
}

fn may_mount() -> bool {
    let mut unshare = apart();
    unshare.arg("mount");
    quietly(mounting(unshare, &std::env::temp_dir()))
}

fn mounting(mut mount: Command, at: &Path) -> Command {
    let options = format!("size={MEGABYTES}m,mode=700");
    mount
        .args(["-t", "tmpfs", "-o", &options, "firsthop"])
        .arg(at);
    mount
}

/// Whether it succeeds.
fn quietly(mut command: Command) -> bool {
    let [none, also_none] = [Stdio::null(), Stdio::null()];
    let run = command.stdin(Stdio::null()).stdout(none).stderr(also_none);
    run.status().is_ok_and(|status| status.success())
}

/// See the module. Unmounted when dropped.
pub(crate) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Mounts one on an empty directory; none where that is not permitted.
    pub(crate) fn mount(at: &Path) -> Result<Option<Self>> {
        if !is_apart() {
            return Ok(None);
        }
        if !quietly(mounting(Command::new("mount"), at)) {
            bail!("could not mount a tmpfs on {}", at.display());
        }
        Ok(Some(Self { at: at.to_owned() }))
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }

    /// Takes all the room that there is, to the last page.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())?;
        for size in [MEGABYTE, PAGE] {
            let zeros = vec![0; size];
            loop {
                match ballast.write(&zeros) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("could not fill the disk"),
                }
            }
        }
        Ok(())
    }

    /// Gives it back.
    pub(crate) fn clear(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    /// Copies a directory of files to where it is found once the disk has gone.
    pub(crate) fn rescue(&self, directory: &str, to: &Path) -> Result<()> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(self.at.join(directory))? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        unmount.arg(&self.at);
        // Else it goes with the namespace, and the empty directory stays.
        quietly(unmount);
    }
}
