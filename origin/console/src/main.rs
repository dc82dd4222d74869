//! The program that the browser runs: `cargo xtask build console` makes it.

#[cfg(target_arch = "wasm32")]
fn main() {
    firsthop_console::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use std::io::Write;
    // Nothing can be done if even this can't be written.
    let _ = writeln!(
        std::io::stderr(),
        "The console runs in a browser. Build it with `cargo xtask build console`; `firsthop serve` serves it under /console/."
    );
    std::process::ExitCode::FAILURE
}
