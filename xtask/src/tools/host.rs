//! The machine as far as installing goes: what is on the PATH, and whether apt-get may be used.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{self, Step};

/// What this machine offers. A value, so that tests can make a bare one.
pub(super) struct Host {
    path: Vec<PathBuf>,
    may_apt: bool,
}

impl Host {
    pub(super) fn of_this_machine() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut host = Self {
            path: std::env::split_paths(&path).collect(),
            may_apt: false,
        };
        host.may_apt = Path::new("/etc/debian_version").exists()
            && host.find("apt-get").is_some()
            && is_root();
        host
    }

    #[cfg(test)]
    pub(super) fn with_path(path: &[&Path]) -> Self {
        Self {
            path: path.iter().map(|dir| dir.to_path_buf()).collect(),
            may_apt: false,
        }
    }

    /// The first program of that name on the PATH.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        self.path
            .iter()
            .map(|dir| {
                dir.join(name)
                    .with_extension(std::env::consts::EXE_EXTENSION)
            })
            .find(|file| file.is_file())
    }

    /// Installs Debian packages, or says what to do where that is not possible.
    pub(super) fn apt_install(&self, what: &str, packages: &[&str], by_hand: &str) -> Result<()> {
        let list = packages.join(" ");
        if !self.may_apt {
            bail!("{what} is missing: {by_hand} (Debian, Ubuntu: sudo apt-get install {list})");
        }
        let step = Step::begin(format!("apt-get install {list}"));
        // The lists may be too old to find the packages that the mirror still has.
        run::capture(Command::new("apt-get").arg("update"))?;
        run::capture(
            Command::new("apt-get")
                .args(["install", "--yes", "--no-install-recommends"])
                .args(packages)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )?;
        step.done();
        Ok(())
    }
}

fn is_root() -> bool {
    run::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
