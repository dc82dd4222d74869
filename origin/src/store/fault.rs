//! What is wrong with the store, in words that tell an operator what to do.
//!
//! In: an error of SQLite's or of the system's, and where the data is. Out: one of a few faults. SQLite
//! reports a lack of room in several ways (a shared-memory file that can't grow is an "I/O error"), so
//! the file system is asked, too. Invariant: this only names a fault; nothing is decided by it.

use std::io::ErrorKind;
use std::path::Path;

use sqlx::migrate::MigrateError;

use super::StoreError;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no room left on the disk, or the database may not grow.
    Full,
    /// The file or its disk can only be read.
    ReadOnly,
    /// Another process holds the database.
    Locked,
    /// Nothing was committed in time, or too much waits to be.
    Slow,
    /// Something else: the disk reports errors, or the database is damaged.
    Failing,
}

/// A file system with less room than this has none for SQLite, which writes pages of 4 KiB, and
/// shared memory by 32 KiB.
const ROOM_BYTES_MIN: u64 = 32 * 1024;

// SQLite's primary result codes.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const IOERR: u32 = 10;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;

impl Fault {
    /// What was wrong when something on the data in `directory` failed.
    #[must_use]
    pub fn of(error: &StoreError, directory: &Path) -> Self {
        match error {
            StoreError::Directory { source, .. } => Self::of_io(source.kind()),
            StoreError::Open { source, .. } | StoreError::Database(source) => {
                Self::of_sqlite(source, directory)
            }
            StoreError::Migrate { source, .. } => Self::of_migration(source, directory),
            StoreError::Malformed(_) => Self::Failing,
        }
    }

    pub(super) fn of_migration(error: &MigrateError, directory: &Path) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                Self::of_sqlite(source, directory)
            }
            _ => Self::Failing,
        }
    }

    pub(super) fn of_sqlite(error: &sqlx::Error, directory: &Path) -> Self {
        let code = match error {
            sqlx::Error::Io(source) => return Self::of_io(source.kind()),
            other => other.as_database_error().and_then(|error| error.code()),
        };
        // The lower byte is the primary code; the rest says more about it.
        match code.and_then(|code| code.parse::<u32>().ok()) {
            Some(code) => match code & 0xff {
                FULL => Self::Full,
                READONLY => Self::ReadOnly,
                BUSY | LOCKED => Self::Locked,
                IOERR | CANTOPEN if has_no_room(directory) => Self::Full,
                _ => Self::Failing,
            },
            None => Self::Failing,
        }
    }

    const fn of_io(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Failing,
        }
    }

    /// The word that `/readyz` has for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Locked => "locked",
            Self::Slow => "slow",
            Self::Failing => "failing",
        }
    }

    /// What follows an error's own text, so that it says what to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Full => ": there is no room left on its disk; make some, then start again",
            Self::ReadOnly => ": this user can only read it",
            Self::Locked => ": another process holds it",
            Self::Slow | Self::Failing => "",
        }
    }
}

#[cfg(target_os = "linux")]
fn has_no_room(directory: &Path) -> bool {
    rustix::fs::statvfs(directory)
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_BYTES_MIN)
}

#[cfg(not(target_os = "linux"))]
fn has_no_room(_directory: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_named() {
        let of = |kind: ErrorKind| {
            let directory = StoreError::Directory {
                path: "data".into(),
                source: kind.into(),
            };
            Fault::of(&directory, Path::new("data"))
        };
        assert_eq!(of(ErrorKind::StorageFull), Fault::Full);
        assert_eq!(of(ErrorKind::ReadOnlyFilesystem), Fault::ReadOnly);
        assert_eq!(of(ErrorKind::NotFound), Fault::Failing);
        let io = StoreError::from(sqlx::Error::Io(ErrorKind::StorageFull.into()));
        assert_eq!(Fault::of(&io, Path::new("data")), Fault::Full);
    }
}
