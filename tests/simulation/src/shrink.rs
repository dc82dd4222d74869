//! A failing run with everything left out that it does not need to fail.
//!
//! In: a run that fails. Out: a subset of what chance had happen in it, with which it still fails,
//! and what happens then, one line for each event. Delta debugging (Zeller, Hildebrandt 2002): larger
//! and smaller parts are left out until nothing more can be. Whoever acts and whatever breaks does so
//! with chance of its own, so that it stays the same when the rest is left out.

use std::collections::BTreeSet;

use crate::knowledge::Library;
use crate::settings::{Choice, Settings};
use crate::{Violation, run};

/// Runs that are tried at most.
const RUNS_MAX: usize = 3_000;

/// Lines of a script's end that are told, when its beginning is told up to the healing.
const LAST_LINES: usize = 10;

/// A small failing run.
#[derive(Debug)]
pub struct Shrunk {
    /// How much chance had happen at first.
    pub before: usize,
    /// Steps before everything heals that are still needed.
    pub steps: u64,
    /// What is still needed.
    pub needed: BTreeSet<Choice>,
    /// Runs that were tried.
    pub runs: usize,
    /// The violation, with its script.
    pub violation: Violation,
}

impl Shrunk {
    /// What happens, one line for each event. Where it takes long to see that something does not
    /// come right, what happens in between is left out.
    pub fn script(&self) -> String {
        let lines: Vec<_> = self.violation.trace.lines().collect();
        let healed = lines.iter().position(|line| line.ends_with("HEALED"));
        let first = healed.map_or(lines.len(), |at| at + 1);
        let last = first.max(lines.len().saturating_sub(LAST_LINES));
        let mut script = lines[..first].join("\n");
        if last > first {
            script += &format!("\n      … {} lines …", last - first);
        }
        for line in &lines[last..] {
            script += "\n";
            script += line;
        }
        script
    }
}

impl std::fmt::Display for Shrunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "seed {}: {} of {} acts and faults are needed ({} runs tried):",
            self.violation.seed,
            self.needed.len(),
            self.before,
            self.runs
        )?;
        writeln!(f, "{}", self.script())?;
        write!(
            f,
            "after {} steps: {}; SIM_SEED={} replays the whole run",
            self.violation.step, self.violation.what, self.violation.seed
        )
    }
}

/// Shrinks the failing run of these settings. None if it does not fail.
pub fn shrink(library: &Library, settings: Settings<'_>) -> Option<Shrunk> {
    let first = run(library, settings).err()?;
    let before = first.chosen.len();
    let mut shrinking = Shrinking {
        library,
        settings,
        needed: first.chosen,
        runs: 0,
    };
    shrinking.without_kinds();
    shrinking.without_parts();
    shrinking.without_waiting();
    let (needed, runs) = (shrinking.needed.into_iter().collect(), shrinking.runs);
    let steps = shrinking.settings.steps;
    let traced = Settings {
        trace: true,
        steps,
        only: Some(&needed),
        ..settings
    };
    let violation = *run(library, traced).err()?;
    Some(Shrunk {
        before,
        steps,
        needed,
        runs,
        violation,
    })
}

struct Shrinking<'a> {
    library: &'a Library,
    settings: Settings<'a>,
    needed: Vec<Choice>,
    runs: usize,
}

impl Shrinking<'_> {
    /// Tries with these only; keeps them, or what of them happened, if it still fails.
    fn try_with(&mut self, some: Vec<Choice>) -> bool {
        self.runs += 1;
        let some: BTreeSet<_> = some.into_iter().collect();
        let settings = Settings {
            only: Some(&some),
            ..self.settings
        };
        let Err(violation) = run(self.library, settings) else {
            return false;
        };
        self.needed = violation.chosen;
        true
    }

    /// Often whole kinds of trouble are not needed.
    fn without_kinds(&mut self) {
        let kinds: [fn(&Choice) -> bool; 3] = [
            |choice| matches!(choice, Choice::Mishap(_)),
            |choice| matches!(choice, Choice::Break(_)),
            |choice| matches!(choice, Choice::Act(_)),
        ];
        for is_kind in kinds {
            let rest = self.needed.iter().copied();
            let rest: Vec<_> = rest.filter(|choice| !is_kind(choice)).collect();
            self.try_with(rest);
        }
    }

    /// With less to do, everything may heal sooner.
    fn without_waiting(&mut self) {
        while self.settings.steps > 1 {
            let before = self.settings.steps;
            self.settings.steps = before / 2;
            if !self.try_with(self.needed.clone()) {
                self.settings.steps = before;
                return;
            }
        }
    }

    fn without_parts(&mut self) {
        let mut size = self.needed.len().div_ceil(2);
        while size > 0 && self.runs < RUNS_MAX {
            let mut smaller = false;
            let mut at = 0;
            while at < self.needed.len() && self.runs < RUNS_MAX {
                let mut rest = self.needed.clone();
                rest.drain(at..(at + size).min(rest.len()));
                if self.try_with(rest) {
                    smaller = true;
                } else {
                    at += size;
                }
            }
            // The same size again, as long as that helps; then half of it.
            if !smaller || size > 1 {
                size /= 2;
            }
        }
    }
}
