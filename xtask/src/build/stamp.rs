//! Whether a part must be built again.
//!
//! In: the files a part is made from. Out: a digest of their names and contents, kept beside
//! what was made. Contents, not times: a fresh clone or a touched file rebuilds nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A digest over the names and contents of these files, in the order given.
pub(crate) fn of_files(files: &[PathBuf]) -> Result<String> {
    let mut digest = Sha256::new();
    for file in files {
        let bytes =
            std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
        digest.update(file.to_string_lossy().as_bytes());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(&bytes);
    }
    Ok(hex(&digest.finalize()))
}

/// The first 16 hexadecimal digits of the content's SHA-256: what names an immutable file.
pub(crate) fn of_content(bytes: &[u8]) -> String {
    let mut name = hex(&Sha256::digest(bytes));
    name.truncate(16);
    name
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a directory, sorted; none if there is no such directory.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !dir.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What a part was last made from.
pub(crate) struct Stamp {
    note: PathBuf,
    inputs: String,
}

impl Stamp {
    /// Looks at the inputs of `part`. xtask itself is one of them: it holds the recipe.
    pub(crate) fn of(part: &str, mut inputs: Vec<PathBuf>) -> Result<Self> {
        inputs.push(std::env::current_exe()?);
        Ok(Self {
            note: crate::workspace::scratch(part).join("made-from"),
            inputs: of_files(&inputs)?,
        })
    }

    /// True if `made` exists and was made from exactly these inputs.
    pub(crate) fn is_current(&self, made: &Path) -> bool {
        made.exists()
            && std::fs::read_to_string(&self.note).is_ok_and(|inputs| inputs == self.inputs)
    }

    /// Call it when everything is in place.
    pub(crate) fn keep(&self) -> Result<()> {
        if let Some(dir) = self.note.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(&self.note, &self.inputs)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_or_name_changes_the_digest() {
        let dir = std::env::temp_dir().join(format!("firsthop-stamp-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (a, b) = (dir.join("a"), dir.join("b"));
        std::fs::write(&a, "one").unwrap();
        std::fs::write(&b, "one").unwrap();
        let first = of_files(std::slice::from_ref(&a)).unwrap();
        assert_eq!(first, of_files(std::slice::from_ref(&a)).unwrap());
        assert_ne!(first, of_files(std::slice::from_ref(&b)).unwrap());
        std::fs::write(&a, "two").unwrap();
        assert_ne!(first, of_files(std::slice::from_ref(&a)).unwrap());
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn content_names_are_short_and_stable() {
        assert_eq!(of_content(b""), "e3b0c44298fc1c14");
    }
}
