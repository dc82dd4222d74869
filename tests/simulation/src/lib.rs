//! Browser, edge, origin and agents in one deterministic world of faults.
//!
//! Drives only `firsthop_core`'s machines; the shells, the network and the stores around them are
//! simulated here. [`run`] takes a seed and says what happened, or what should not have. The same
//! seed gives the same run. Start reading at `world`, then `browser`, `edge`, `origin`, `console`
//! (whose shells these are), `chaos` (what goes wrong) and `check` (what must be true anyway).
//!
//! Not here: sockets, HTTP, real stores; `tests/end_to_end` has those.

mod agenda;
mod browser;
mod chaos;
mod check;
mod console;
mod dice;
mod edge;
mod knowledge;
mod lease;
mod mutation;
mod network;
mod nodes;
mod origin;
mod push;
mod settings;
mod shrink;
mod skew;
mod store;
mod tally;
mod visitor;
mod world;

pub use knowledge::Library;
pub use mutation::Mutation;
pub use settings::{Choice, Settings};
pub use shrink::{Shrunk, shrink};
pub use tally::{Fault, Reached, Tally};

use world::World;

/// In simulated time, so long after the last fault everybody must agree. Nearly always a minute is
/// enough; the outbox of a visitor who flooded drains no faster than their rate allows, 100 s at best
/// and several times that with what is sent too early.
const HEALING_MS_MAX: u64 = 600_000;

/// Something happened that must not.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Replays it.
    pub seed: u64,
    /// After so many steps.
    pub step: u64,
    /// What.
    pub what: String,
    /// What happened before, if that was asked for.
    pub trace: String,
    /// What chance had happen.
    pub chosen: Vec<Choice>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.trace)?;
        write!(
            f,
            "after {} steps: {}; replay with SIM_SEED={}",
            self.step, self.what, self.seed
        )
    }
}

/// Steps until nothing is `missing`, for so long as that may take.
fn settle<'a>(world: &mut World<'a>, missing: impl Fn(&World<'a>) -> Option<String>) {
    let since = world.now;
    while world.violation.is_none()
        && let Some(what) = missing(world)
    {
        if world.now - since > HEALING_MS_MAX {
            world.violate(format!(
                "{} s after the last fault {what}",
                HEALING_MS_MAX / 1000
            ));
        }
        world.step();
    }
    world.tally.healing_ms_max = world.tally.healing_ms_max.max(world.now - since);
}

/// Runs one world: `settings.steps` with faults, then until all has healed.
///
/// # Errors
/// The first violation.
pub fn run<'a>(library: &'a Library, settings: Settings<'a>) -> Result<Tally, Box<Violation>> {
    let mut world = World::new(library, settings);
    while world.violation.is_none() && world.tally.steps < settings.steps {
        world.step();
    }
    if world.violation.is_none() {
        world.some_leave();
        world.heal();
        settle(&mut world, World::undrained);
        world.all_return();
        settle(&mut world, World::unsettled);
        world.say_last_words();
        world.reload_some();
        settle(&mut world, World::unsettled);
        world.stop_a_console();
        settle(&mut world, World::waits_in_vain);
        world.thaw_all();
        world.restart_quietly();
        settle(&mut world, World::unsettled);
        world.say_last_words();
        settle(&mut world, World::unsettled);
    }
    match world.violation.take() {
        None => {
            world.tally.trace = world.take_trace();
            Ok(world.tally)
        }
        Some(what) => Err(Box::new(Violation {
            seed: settings.seed,
            step: world.tally.steps,
            what,
            trace: world.take_trace(),
            chosen: std::mem::take(&mut world.chosen),
        })),
    }
}
