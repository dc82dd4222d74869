//! `cargo xtask build`: everything that is served, deployed or run.
//!
//! In: the workspace. Out: `target/dist/{answerer,widget,console,edge}` and `target/release/firsthop`.
//! Invariant: what is embedded is built before what embeds it (widget → console → edge →
//! origin), and a part whose inputs have not changed is left alone.
//! Start reading at [`Part`]; each part has a module.

mod answerer;
mod assets;
mod console;
mod edge;
mod imports;
mod names;
mod origin;
mod panics;
pub(crate) mod stamp;
mod wasm;
mod widget;

use std::fs::File;

use anyhow::{Result, bail};

use crate::{tools, workspace};

pub(crate) use wasm::optimise;

/// What can be built, in the order in which it must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Answerer,
    Widget,
    Console,
    Edge,
    Origin,
}

impl Part {
    pub(crate) const ALL: [Self; 5] = [
        Self::Answerer,
        Self::Widget,
        Self::Console,
        Self::Edge,
        Self::Origin,
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Answerer => "answerer",
            Self::Widget => "widget",
            Self::Console => "console",
            Self::Edge => "edge",
            Self::Origin => "origin",
        }
    }
}

/// `cargo xtask build [PART]…`.
pub(crate) fn build(args: &[String]) -> Result<()> {
    let mut wanted = Vec::new();
    for arg in args {
        match Part::named(arg) {
            Some(part) => wanted.push(part),
            None => {
                bail!("there is no part `{arg}`: name answerer, widget, console, edge or origin")
            }
        }
    }
    if wanted.is_empty() {
        wanted.extend(Part::ALL);
    }
    parts(&wanted)?;
    Ok(())
}

/// Builds these parts, in the right order whichever way they are given, and returns the tools
/// that did it.
pub(crate) fn parts(wanted: &[Part]) -> Result<tools::Build> {
    let _turn = Turn::take()?;
    let tools = tools::Build::ensure()?;
    for part in Part::ALL {
        if !wanted.contains(&part) {
            continue;
        }
        match part {
            Part::Answerer => answerer::build(&tools)?,
            Part::Widget => widget::build(&tools)?,
            Part::Console => console::build(&tools)?,
            Part::Edge => edge::build(&tools)?,
            Part::Origin => origin::build()?,
        }
    }
    Ok(tools)
}

/// An error if what visitors download is larger than promised.
pub(crate) fn check_budget() -> Result<()> {
    answerer::check_budget()?;
    widget::check_budget()
}

/// One xtask at a time works in `target`, as cargo itself does it. Freed when dropped.
struct Turn {
    _lock: File,
}

impl Turn {
    fn take() -> Result<Self> {
        let dir = workspace::scratch("");
        std::fs::create_dir_all(&dir)?;
        let lock = File::create(dir.join("lock"))?;
        if lock.try_lock().is_err() {
            println!("  … waiting for another `cargo xtask` to finish building");
            lock.lock()?;
        }
        Ok(Self { _lock: lock })
    }
}
