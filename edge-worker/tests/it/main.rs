//! What every edge does, on a fake host with a fake origin (`support`): each other file tells what
//! happens to one part of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod admission;
mod directory;
mod exchange;
mod push;
mod support;
mod visitor;
