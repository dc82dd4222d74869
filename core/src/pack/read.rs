//! Reading a pack's bytes from front to back without a panic: every read may end the pack early.
//!
//! Numbers are little-endian, or variable-length: seven bits a byte, least significant first,
//! the top bit set on all but the last byte, at most five bytes.

use super::PackError;

/// A stretch of a pack that was checked when it was loaded.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// The stretch itself, of the bytes that it was found in.
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes
            .get(start..start + self.length as usize)
            .unwrap_or(&[])
    }
}

/// What is left to read, and where in the pack it starts.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
    at: u32,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest, at: 0 }
    }

    /// Where in the pack the next byte is.
    pub(crate) fn at(&self) -> u32 {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], PackError> {
        let (head, tail) = self
            .rest
            .split_at_checked(count)
            .ok_or(PackError::Truncated)?;
        self.rest = tail;
        self.at += count as u32;
        Ok(head)
    }

    /// The next `count` bytes, to be opened later.
    pub(crate) fn span(&mut self, count: usize) -> Result<Span, PackError> {
        let start = self.at;
        self.take(count).map(|taken| Span {
            start,
            length: taken.len() as u32,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (head, tail) = self.rest.split_first_chunk().ok_or(PackError::Truncated)?;
        self.rest = tail;
        self.at += N as u32;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, PackError> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, PackError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, PackError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, PackError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, PackError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u32, PackError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(PackError::Malformed { part: "number" })
    }

    /// A variable-length number that counts things of at least one byte each, so that a wrong
    /// count can't make anyone reserve more memory than the pack is long.
    pub(crate) fn count(&mut self) -> Result<usize, PackError> {
        let count = self.varint()? as usize;
        if count > self.rest.len() {
            Err(PackError::Truncated)
        } else {
            Ok(count)
        }
    }

    /// Bytes that bear their length in front.
    pub(crate) fn raw(&mut self) -> Result<&'a [u8], PackError> {
        let length = self.varint()? as usize;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, PackError> {
        core::str::from_utf8(self.raw()?).map_err(|_| PackError::Malformed { part: "text" })
    }

    /// A text that is checked now and opened later.
    pub(crate) fn text_span(&mut self) -> Result<Span, PackError> {
        let (before, start) = (self.rest.len(), self.at);
        let length = self.text()?.len();
        let prefix = before - self.rest.len() - length;
        Ok(Span {
            start: start + prefix as u32,
            length: length as u32,
        })
    }

    /// A part that bears its length in four bytes in front.
    pub(crate) fn part(&mut self) -> Result<Bytes<'a>, PackError> {
        let length = self.u32()? as usize;
        let at = self.at;
        self.take(length).map(|rest| Bytes { rest, at })
    }

    pub(crate) fn end(self, part: &'static str) -> Result<(), PackError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(PackError::Malformed { part })
        }
    }
}
