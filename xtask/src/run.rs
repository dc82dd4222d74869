//! Running other programs, and telling the user how long it takes.
//!
//! In: a [`Command`]. Out: its success, or an error that names the program, its arguments and,
//! where the output was captured, what it said.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// One step of a command: prints a line when it begins and one when it ends.
pub(crate) struct Step {
    what: String,
    began: Instant,
}

impl Step {
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        println!("  … {what}");
        Self {
            what,
            began: Instant::now(),
        }
    }

    pub(crate) fn done(self) {
        self.done_with("");
    }

    /// Ends the step with a remark, such as a size.
    pub(crate) fn done_with(self, remark: &str) {
        let seconds = self.began.elapsed().as_secs_f32();
        let gap = if remark.is_empty() { "" } else { ": " };
        println!("  ✓ {} ({seconds:.1} s){gap}{remark}", self.what);
    }
}

/// A step that had nothing to do.
pub(crate) fn unchanged(what: &str) {
    println!("  ✓ {what} (unchanged)");
}

/// `cargo`, the one that runs xtask, in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsStr::new("cargo").to_owned()));
    command.current_dir(crate::workspace::root());
    command
}

/// `cargo build` with its progress bar where someone watches, silent where nobody does.
pub(crate) fn cargo_build() -> Command {
    let mut command = cargo();
    command.arg("build");
    if !std::io::stderr().is_terminal() {
        command.arg("--quiet");
    }
    command
}

/// `node`, quiet about features it calls experimental.
pub(crate) fn node(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("--no-warnings");
    command
}

/// Runs it with its output shown; an error if it fails.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start {}", describe(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", describe(command));
    }
    Ok(())
}

/// Runs it silently and returns what it printed; an error, with everything it said, if it fails.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start {}", describe(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed ({})\n{}{}",
            describe(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed something that is not UTF-8", describe(command)))
}

/// Runs it with its progress (stderr) shown and returns its stdout.
pub(crate) fn capture_stdout(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start {}", describe(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", describe(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed something that is not UTF-8", describe(command)))
}

/// The program and its arguments, as one could type them.
fn describe(command: &Command) -> String {
    let mut words = vec![
        Path::new(command.get_program())
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    format!("`{}`", words.join(" "))
}
