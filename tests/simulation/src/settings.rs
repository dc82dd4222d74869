//! What makes a run: its seed above all.

use std::collections::BTreeSet;

use crate::mutation::Mutation;

/// The settings of a run.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Replays the run.
    pub seed: u64,
    /// Things that happen before everything heals.
    pub steps: u64,
    /// A deliberate bug.
    pub mutation: Option<Mutation>,
    /// Whether what happens is written down.
    pub trace: bool,
    /// Of what chance would have happen, only this ([`crate::shrink`]).
    pub only: Option<&'a BTreeSet<Choice>>,
}

impl Settings<'_> {
    /// A run of a seed, without a bug.
    pub const fn new(seed: u64, steps: u64) -> Self {
        Self {
            seed,
            steps,
            mutation: None,
            trace: false,
            only: None,
        }
    }
}

/// Something that chance has happen, by its number in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// Somebody does something.
    Act(u64),
    /// Something breaks.
    Break(u64),
    /// Something is lost, doubled, or dies on the way.
    Mishap(u64),
}
