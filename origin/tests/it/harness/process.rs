//! The real binary, as an operator runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::Http;

/// Runs a command to its end.
pub(crate) fn command(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = base(data)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn base(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firsthop"));
    command.arg("--data").arg(data);
    command
}

/// A server. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) http: Http,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    pub(crate) fn start(data: &Path, listen: &str) -> Self {
        let mut child = base(data)
            .args([
                "serve",
                "--listen",
                listen,
                "--set",
                "server.drain_seconds=3",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .rsplit("http://")
            .next()
            .and_then(|text| text.parse().ok());
        let Some(address) = address else {
            let mut errors = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut errors)
                .unwrap();
            panic!("the server did not start: {errors}");
        };
        Self {
            child,
            address,
            http: Http::new(format!("http://{address}")),
            output,
        }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// SIGKILL: it gets to do nothing.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as an operator's `systemctl stop`.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; gives what it wrote to standard error.
    pub(crate) async fn ended(mut self) -> String {
        tokio::task::spawn_blocking(move || {
            let mut errors = String::new();
            self.child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut errors)
                .unwrap();
            assert!(self.child.wait().unwrap().success(), "{errors}");
            errors
        })
        .await
        .unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
