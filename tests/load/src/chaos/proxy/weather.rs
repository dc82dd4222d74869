//! What a proxy does to the bytes that pass through it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chaos) enum Way {
    /// From the client to the server.
    Up,
    /// Back.
    Down,
}

/// Which ways something concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::chaos) struct Ways {
    pub(in crate::chaos) up: bool,
    pub(in crate::chaos) down: bool,
}

impl Ways {
    pub(in crate::chaos) const BOTH: Self = Self {
        up: true,
        down: true,
    };

    pub(in crate::chaos) const fn only(way: Way) -> Self {
        Self {
            up: matches!(way, Way::Up),
            down: matches!(way, Way::Down),
        }
    }

    pub(in crate::chaos) const fn has(self, way: Way) -> bool {
        match way {
            Way::Up => self.up,
            Way::Down => self.down,
        }
    }

    pub(in crate::chaos) const fn any(self) -> bool {
        self.up || self.down
    }
}

/// The state of a link. The default is good weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::chaos) struct Weather {
    /// What every piece of data takes longer…
    pub(in crate::chaos) latency: Duration,
    /// …and up to so much more.
    pub(in crate::chaos) jitter: Duration,
    /// None: no limit.
    pub(in crate::chaos) bytes_per_second: Option<u32>,
    /// So many of a thousand pieces stand still…
    pub(in crate::chaos) stalls_per_mille: u32,
    /// …for so long: a packet was lost, and TCP sends it again.
    pub(in crate::chaos) stall: Duration,
    /// After so many of a thousand pieces the connection is reset.
    pub(in crate::chaos) resets_per_mille: u32,
    /// So many of a thousand new connections are reset before anything passes.
    pub(in crate::chaos) refusals_per_mille: u32,
    /// So many of a thousand new connections are open, and one way or both swallow everything.
    pub(in crate::chaos) half_open_per_mille: u32,
    /// These ways pass nothing until that ends; a new connection waits for both.
    pub(in crate::chaos) partitioned: Ways,
}

macro_rules! faults {
    ($($variant:ident $name:literal,)+) => {
        /// What can happen to a connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::chaos) enum Fault { $($variant,)+ }

        impl Fault {
            pub(in crate::chaos) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

faults! {
    Latency "latency",
    Bandwidth "bandwidth",
    Stall "stall",
    Reset "reset",
    Refusal "refusal",
    HalfOpen "half_open",
    OneWay "one_way",
    Partition "partition",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each fault struck: pieces of data that were delayed, held or stood still,
/// connections that were reset, refused or half open.
#[derive(Debug, Default)]
pub(in crate::chaos) struct Struck([AtomicU64; Fault::ALL.len()]);

impl Struck {
    pub(super) fn count(&self, fault: Fault) {
        if let Some(count) = self.0.get(fault as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(in crate::chaos) fn of(&self, fault: Fault) -> u64 {
        self.0
            .get(fault as usize)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// `{"latency": …, …}`.
    pub(in crate::chaos) fn report(&self) -> Value {
        let counts = Fault::ALL
            .iter()
            .map(|fault| (fault.name().to_owned(), self.of(*fault).into()));
        Value::Object(counts.collect::<Map<_, _>>())
    }
}
