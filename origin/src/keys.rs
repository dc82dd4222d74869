//! `keys.json` in the data directory: the key that visitors' tokens are signed with.
//!
//! Made on the first start, readable by its owner only. Every edge is given the same key, so that
//! it can admit visitors while the origin is away.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use firsthop_core::token::Key;
use serde::{Deserialize, Serialize};

use crate::host;

/// The file's name in the data directory.
pub const FILE: &str = "keys.json";

/// Why there are no keys. The operator must act.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file can't be read or made.
    #[error("could not read or make the keys in {path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not one of ours. Restoring it from a backup helps; removing it makes new keys,
    /// after which edges must be given the new token key and visitors begin anew.
    #[error("{path} holds no keys: restore it from a backup", path = .0.display())]
    Malformed(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct Contents {
    token_key: String,
}

/// The keys in `directory`; makes them if there are none.
///
/// # Errors
/// [`KeysError`].
pub fn load_or_make(directory: &Path) -> Result<Key, KeysError> {
    let path = directory.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str::<Contents>(&text)
            .ok()
            .and_then(|contents| Key::from_hex(&contents.token_key))
            .ok_or(KeysError::Malformed(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => make(directory, path),
        Err(source) => Err(KeysError::File { path, source }),
    }
}

fn make(directory: &Path, path: PathBuf) -> Result<Key, KeysError> {
    let key = Key(host::random());
    let contents = serde_json::json!({ "token_key": key.to_hex() });
    let written = write_private(directory, &path, format!("{contents:#}\n").as_bytes());
    match written {
        Ok(()) => Ok(key),
        // Another process was first: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => load_or_make(directory),
        Err(source) => Err(KeysError::File { path, source }),
    }
}

/// Writes a new file wholly or not at all, for its owner only.
fn write_private(directory: &Path, path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let name = u64::from_ne_bytes(host::random());
    let temporary = directory.join(format!(".{FILE}.{name:x}"));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    let done = file
        .write_all(contents)
        .and_then(|()| file.sync_all())
        // A link, unlike a rename, does not replace what another process made meanwhile.
        .and_then(|()| std::fs::hard_link(&temporary, path));
    std::fs::remove_file(&temporary)?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let key = load_or_make(directory.path()).unwrap();
        assert_eq!(load_or_make(directory.path()).unwrap(), key);
        let names: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, [FILE]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(directory.path().join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn foreign_contents_are_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), "{}").unwrap();
        assert!(matches!(
            load_or_make(directory.path()),
            Err(KeysError::Malformed(_))
        ));
    }
}
