//! A machine that lacks something is told what to install, before anything is built or started.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

/// Runs xtask where only the Rust toolchain is on the PATH.
fn xtask(args: &[&str]) -> Command {
    let toolchain = Path::new(env!("CARGO")).parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(args)
        .env("PATH", toolchain)
        .env_remove("CHROMIUM");
    command
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn error_of(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_node_up_says_what_to_install() {
    // Not the default ports: a demo may be running on this machine.
    let (origin, edge) = (free_port(), free_port());
    let output = xtask(&["up", "--origin-port", &origin, "--edge-port", &edge])
        .output()
        .unwrap();
    let error = error_of(&output);
    assert!(error.contains("Node.js is missing"), "{error}");
    assert!(error.contains("apt-get install nodejs npm"), "{error}");
}

#[test]
fn without_workerd_the_check_says_how_to_get_it() {
    let output = xtask(&["tools", "--check"])
        .env("FIRSTHOP_WORKERD", "/nowhere/workerd")
        .output()
        .unwrap();
    let error = error_of(&output);
    assert!(error.contains("workerd is missing"), "{error}");
    assert!(error.contains("/nowhere/workerd"), "{error}");
    // Everything that is missing is named at once.
    assert!(error.contains("Node.js is missing"), "{error}");
    assert!(error.contains("Chromium is missing"), "{error}");
}

#[test]
fn an_unknown_command_or_part_is_named_with_what_there_is() {
    for (args, named) in [
        (&["upp"][..], "`upp`"),
        (&["build", "wigdet"][..], "`wigdet`"),
        (&["test", "units"][..], "`units`"),
    ] {
        let error = error_of(&xtask(args).output().unwrap());
        assert!(error.contains(named), "{error}");
    }
}
