//! What a wasm binary imports, and other names for it: enough of the format for that one section.
//! The reader of the format is for `panics` too.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

const SECTION_IMPORT: u8 = 2;
pub(super) const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The names of the modules that this binary imports from.
pub(super) fn modules(wasm: &[u8]) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    renamed(wasm, |module, name| {
        found.insert(module.to_owned());
        (module.to_owned(), name.to_owned())
    })?;
    Ok(found)
}

/// The same binary with other names on its imports: those that `name` gives for a module and a
/// name, asked in their order.
pub(super) fn renamed(
    wasm: &[u8],
    mut name: impl FnMut(&str, &str) -> (String, String),
) -> Result<Vec<u8>> {
    let mut rest = Reader::of(wasm)?;
    let mut written = HEADER.to_vec();
    while !rest.is_empty() {
        let id = rest.byte()?;
        let length = rest.number()?;
        let section = rest.take(length)?;
        written.push(id);
        if id == SECTION_IMPORT {
            write_bytes(&mut written, &renamed_section(section, &mut name)?);
        } else {
            write_bytes(&mut written, section);
        }
    }
    Ok(written)
}

fn renamed_section(
    section: &[u8],
    name: &mut impl FnMut(&str, &str) -> (String, String),
) -> Result<Vec<u8>> {
    let mut section = Reader { bytes: section };
    let mut written = Vec::new();
    let count = section.number()?;
    write_number(&mut written, count);
    for _ in 0..count {
        let (old_module, old_name) = (section.name()?, section.name()?);
        let (module, name) = name(old_module, old_name);
        write_bytes(&mut written, module.as_bytes());
        write_bytes(&mut written, name.as_bytes());
        written.extend(section.what_is_imported()?);
    }
    Ok(written)
}

/// A length, and so many bytes.
pub(super) fn write_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    write_number(to, bytes.len());
    to.extend(bytes);
}

/// An unsigned LEB128.
pub(super) fn write_number(to: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// What is left to read.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The sections of a module.
    pub(super) fn of(wasm: &'a [u8]) -> Result<Self> {
        let bytes = wasm
            .strip_prefix(HEADER)
            .context("the header is not that of a wasm module")?;
        Ok(Self { bytes })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What stands after the names of an import: its kind first.
    pub(super) fn what_is_imported(&mut self) -> Result<&'a [u8]> {
        let all = self.bytes;
        match self.byte()? {
            // A function: its type's index.
            0 => {
                self.number()?;
            }
            // A table: its element type and limits.
            1 => {
                self.byte()?;
                self.limits()?;
            }
            2 => self.limits()?,
            // A global or a tag: two small numbers.
            3 | 4 => {
                self.number()?;
                self.number()?;
            }
            kind => bail!("an import of the unknown kind {kind}"),
        }
        Ok(&all[..all.len() - self.bytes.len()])
    }

    fn limits(&mut self) -> Result<()> {
        let has_maximum = self.byte()? & 1 == 1;
        self.number()?;
        if has_maximum {
            self.number()?;
        }
        Ok(())
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .context("it ends in the middle")?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn name(&mut self) -> Result<&'a str> {
        let length = self.number()?;
        Ok(std::str::from_utf8(self.take(length)?)?)
    }

    /// An unsigned LEB128 of at most 32 bits.
    pub(super) fn number(&mut self) -> Result<usize> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        bail!("a number is too long")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with a type section, then imports: function `env.f`, memory `m.mem`.
    fn module() -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 4, 1, 0x60, 0, 0]);
        let imports = b"\x02\x03env\x01f\x00\x00\x01m\x03mem\x02\x01\x01\x02";
        wasm.push(SECTION_IMPORT);
        wasm.push(u8::try_from(imports.len()).unwrap());
        wasm.extend(imports);
        wasm
    }

    #[test]
    fn the_modules_are_named() {
        let found = modules(&module()).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["env", "m"]);
    }

    #[test]
    fn names_change_and_nothing_else_does() {
        let same = |module: &str, name: &str| (module.to_owned(), name.to_owned());
        assert_eq!(renamed(&module(), same).unwrap(), module());
        let long = "x".repeat(200);
        let longer = renamed(&module(), |module, name| {
            (format!("{module}{long}"), name.to_owned())
        });
        let longer = longer.unwrap();
        assert!(modules(&longer).unwrap().contains(&format!("env{long}")));
        let back = renamed(&longer, |module, name| {
            (module.replace(&long, ""), name.to_owned())
        });
        assert_eq!(back.unwrap(), module());
    }

    #[test]
    fn no_imports_is_fine_and_half_a_file_is_not() {
        assert!(modules(b"\0asm\x01\0\0\0").unwrap().is_empty());
        assert!(modules(b"<!doctype html>").is_err());
        let wasm = module();
        for length in 9..wasm.len() {
            // The end of the type section is the only place where it may be cut.
            assert_eq!(modules(&wasm[..length]).is_ok(), length == 14, "{length}");
        }
    }
}
