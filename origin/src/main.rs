//! The binary `firsthop`: see `firsthop::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    firsthop::cli::main()
}
