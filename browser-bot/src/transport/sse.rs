//! Server-sent events (HTML, section 9.2), as far as the protocol uses them: `data` lines.
//!
//! In: bytes as they come, cut anywhere. Out: each event's data. Comments, which keep the
//! connection alive, and other fields give nothing.

use firsthop_core::limits::WIRE_MESSAGE_BYTES_MAX;

/// What may be held of an event that is not complete: its base64, with room to spare.
const HELD_BYTES_MAX: usize = WIRE_MESSAGE_BYTES_MAX * 2;

/// See the module.
#[derive(Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: String,
}

/// More came than any event may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// Takes bytes in; gives the data of the events that they complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut complete = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' => complete.extend(self.end_line()),
                // Line ends are LF or CR LF here; a lone CR would be a third way.
                b'\r' => {}
                _ if self.line.len() + self.data.len() >= HELD_BYTES_MAX => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(complete)
    }

    fn end_line(&mut self) -> Option<String> {
        let line = core::mem::take(&mut self.line);
        if line.is_empty() {
            return Some(core::mem::take(&mut self.data)).filter(|data| !data.is_empty());
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            self.data.push_str(&String::from_utf8_lossy(value));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b": keep-alive\n\ndata: Zm9v\n\nevent: x\r\ndata:Zg\r\ndata: ==\r\n\r\n\n\ndata: half";

    #[test]
    fn events_come_out_whole_wherever_the_bytes_are_cut() {
        for cut in 0..STREAM.len() {
            let mut events = Events::default();
            let (a, b) = STREAM.split_at(cut);
            let mut got = events.take(a).unwrap();
            got.extend(events.take(b).unwrap());
            assert_eq!(got, ["Zm9v", "Zg=="], "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_event_is_an_error() {
        let mut events = Events::default();
        assert_eq!(events.take(&vec![b'x'; HELD_BYTES_MAX + 1]), Err(TooLong));
    }
}
