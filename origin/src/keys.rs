//! What the origin signs with: visitors' tokens (`keys.json`) and packs (`pack_key.json`), both in
//! the data directory.
//!
//! Made on the first start, readable by their owner only. Every edge is given the tokens' key, so
//! that it can admit visitors while the origin is away; of the packs' key it is given the public
//! half, as nobody but the origin may sign.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use firsthop_core::pack::signature::PackSigner;
use firsthop_core::token::Key;

use crate::host;

/// The file with the tokens' key in the data directory.
pub const FILE: &str = "keys.json";

/// The file with the packs' key in the data directory.
pub const PACK_FILE: &str = "pack_key.json";

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
    /// The file is not one of ours. Restoring it from a backup helps; removing it makes a new key,
    /// which edges must then be given; with the tokens' one, visitors begin anew.
    #[error("{path} holds no keys: restore it from a backup", path = .0.display())]
    Malformed(PathBuf),
}

/// What the origin signs with.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Visitors' tokens.
    pub token: Key,
    /// Packs.
    pub packs: PackSigner,
}

/// The keys in `directory`; makes those that are missing.
///
/// # Errors
/// [`KeysError`].
pub fn load_or_make(directory: &Path) -> Result<Keys, KeysError> {
    let token = one(directory, FILE, "token_key")?;
    let packs = one(directory, PACK_FILE, "pack_secret_key")?;
    Ok(Keys {
        token,
        packs: PackSigner::new(packs.0),
    })
}

/// The key that a file has under a name.
fn one(directory: &Path, file: &str, name: &str) -> Result<Key, KeysError> {
    let path = directory.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str::<BTreeMap<String, String>>(&text)
            .ok()
            .and_then(|contents| Key::from_hex(contents.get(name)?))
            .ok_or(KeysError::Malformed(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => make(directory, file, name),
        Err(source) => Err(KeysError::File { path, source }),
    }
}

fn make(directory: &Path, file: &str, name: &str) -> Result<Key, KeysError> {
    let key = Key(host::random());
    let contents = BTreeMap::from([(name, key.to_hex())]);
    let contents = format!("{:#}\n", serde_json::json!(contents));
    let written = write_private(directory, file, contents.as_bytes());
    match written {
        Ok(()) => Ok(key),
        // Another process was first: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => one(directory, file, name),
        Err(source) => Err(KeysError::File {
            path: directory.join(file),
            source,
        }),
    }
}

/// Writes a new file wholly or not at all, for its owner only.
fn write_private(directory: &Path, file: &str, contents: &[u8]) -> std::io::Result<()> {
    let name = u64::from_ne_bytes(host::random());
    let temporary = directory.join(format!(".{file}.{name:x}"));
    let path = directory.join(file);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&temporary)?;
    let done = written
        .write_all(contents)
        .and_then(|()| written.sync_all())
        // A link, unlike a rename, does not replace what another process made meanwhile.
        .and_then(|()| std::fs::hard_link(&temporary, &path));
    std::fs::remove_file(&temporary)?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let known = |keys: &Keys| (keys.token.clone(), keys.packs.key());
        let keys = load_or_make(directory.path()).unwrap();
        let again = load_or_make(directory.path()).unwrap();
        assert_eq!(known(&again), known(&keys));
        let mut names: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [FILE, PACK_FILE]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for file in [FILE, PACK_FILE] {
                let file = std::fs::metadata(directory.path().join(file)).unwrap();
                assert_eq!(file.permissions().mode() & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn foreign_contents_are_not_replaced() {
        for file in [FILE, PACK_FILE] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(file), "{}").unwrap();
            let loaded = load_or_make(directory.path());
            assert!(matches!(loaded, Err(KeysError::Malformed(path)) if path.ends_with(file)));
        }
    }
}
