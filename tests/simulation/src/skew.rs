//! Versions of the protocol that differ within a run: a later writer adds frames and members, and
//! earlier readers live with it.
//!
//! Browsers, edges and the origin are upgraded one after another, in any order. What each message
//! gains on its way from a later to an earlier version is added to its bytes here.

use firsthop_core::protocol::Encoding;

use crate::dice::Dice;
use crate::tally::Fault;
use crate::world::World;

/// Who reads and writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Host {
    Tab(usize),
    Edge(usize),
    Origin,
}

/// Who speaks a later version.
#[derive(Debug)]
pub(crate) struct Tomorrow {
    pub(crate) origin: bool,
    /// By visitor.
    pub(crate) edges: [bool; 3],
    /// By tab, over and over.
    pub(crate) tabs: [bool; 3],
}

impl Tomorrow {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut some = |per_mille| [(); 3].map(|()| dice.chance(per_mille));
        let [origin, ..] = some(250);
        Self {
            origin,
            edges: some(250),
            tabs: some(200),
        }
    }
}

impl World<'_> {
    fn speaks_tomorrow(&self, host: Host) -> bool {
        match host {
            Host::Tab(tab) => self.tomorrow.tabs[tab % 3],
            Host::Edge(visitor) => self.tomorrow.edges[visitor % 3],
            Host::Origin => self.tomorrow.origin,
        }
    }

    /// Whether `from` says more than `to` knows.
    pub(crate) fn is_later(&self, from: Host, to: Host) -> bool {
        self.speaks_tomorrow(from) && !self.speaks_tomorrow(to)
    }

    /// Whom a visitor's tabs are connected to.
    pub(crate) fn server_of(&self, visitor: usize) -> Host {
        if self.visitors[visitor].direct {
            Host::Origin
        } else {
            Host::Edge(visitor)
        }
    }

    /// It comes back as another version, up or down.
    pub(crate) fn may_upgrade(&mut self, host: Host) {
        if self.healed || !self.dice.chance(300) {
            return;
        }
        self.fault(Fault::Upgraded);
        let version = match host {
            Host::Tab(tab) => &mut self.tomorrow.tabs[tab % 3],
            Host::Edge(visitor) => &mut self.tomorrow.edges[visitor % 3],
            Host::Origin => &mut self.tomorrow.origin,
        };
        *version = !*version;
    }
}

/// The same wire message as a later version would write it: every frame has a member more, and
/// after them comes a frame of a kind that is not known today.
pub(crate) fn from_tomorrow(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Postcard => postcard_from_tomorrow(bytes),
        Encoding::Json => json_from_tomorrow(bytes),
    }
}

const LATER: &[u8] = b"a member of tomorrow";
/// Its tag, its length, and what it holds.
const FRAME: &[u8] = &[0x63, 3, 1, 2, 3];

fn postcard_from_tomorrow(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        write_number(&mut out, number(&mut bytes));
        let length = number(&mut bytes);
        let (payload, rest) = bytes.split_at(length);
        write_number(&mut out, length + LATER.len());
        out.extend_from_slice(payload);
        out.extend_from_slice(LATER);
        bytes = rest;
    }
    out.extend_from_slice(FRAME);
    out
}

fn number(bytes: &mut &[u8]) -> usize {
    let (mut number, mut shift) = (0, 0);
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Every object gains a member, wherever it stands.
fn json_from_tomorrow(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'['];
    let inner = bytes
        .strip_prefix(b"[")
        .and_then(|bytes| bytes.strip_suffix(b"]"))
        .unwrap_or(bytes);
    let (mut in_text, mut escaped) = (false, false);
    for (at, &byte) in inner.iter().enumerate() {
        out.push(byte);
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_text = true;
        } else if byte == b'{' {
            let empty = inner.get(at + 1) == Some(&b'}');
            out.extend_from_slice(br#""later":{"x":[1,null]}"#);
            out.extend_from_slice(if empty { b"" } else { b"," });
        }
    }
    out.extend_from_slice(br#",{"type":"hologram","beams":2}]"#);
    out
}
