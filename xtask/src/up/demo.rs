//! What the demo needs inside the origin: a login, an inbox with knowledge, a registered edge.
//!
//! In: the origin's data directory. Out: the login and the edge's keys, kept beside it in
//! `demo.json` so that the next run finds the same conversations, visitors and password.
//! Everything is done by the commands that an operator would type.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::options::Options;
use crate::build::stamp;
use crate::run::{self, Step};
use crate::workspace::{firsthop, root};

const INBOX_KEY: &str = "demo";
const INBOX_NAME: &str = "Demo shop";
const EMAIL: &str = "admin@shop.example";
const NAME: &str = "Ada";
/// Enough for a password that nobody guesses: 20 characters of 32.
const PASSWORD_CHARACTERS: usize = 20;

/// What `firsthop edge create` prints.
pub(super) struct EdgeKeys {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) token_key: String,
    pub(super) pack_key: String,
}

pub(super) struct Demo {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) edge: EdgeKeys,
}

impl Demo {
    /// Makes what is missing; what an earlier run made is used again.
    pub(super) fn prepare(options: &Options, data: &Path, notes: &Path) -> Result<Self> {
        let known: Option<Value> = match std::fs::read(notes) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is damaged; start again with --fresh", notes.display())
            })?),
            Err(_) => None,
        };
        let knowledge = root().join("deploy/demo/knowledge.jsonl");
        let digest = stamp::of_content(&std::fs::read(&knowledge)?);
        let mut notes_now = match known {
            Some(known) if known["edge_url"] == options.edge_url() => known,
            Some(known) => bail!(
                "{} was made for an edge at {}: use the same ports, another --data, or --fresh",
                options.data.display(),
                known["edge_url"]
            ),
            None if std::fs::read_dir(data)?.next().is_some() => bail!(
                "{} holds data of which {} knows nothing: use another --data, or --fresh",
                data.display(),
                notes.display()
            ),
            None => {
                let step = Step::begin("making the demo's login, inbox and edge");
                let made = create(options, data).inspect_err(|_| {
                    // Half of it would be in the way of the next attempt. The first error is
                    // the one to show.
                    let _ = std::fs::remove_dir_all(data);
                })?;
                step.done();
                made
            }
        };
        if notes_now["knowledge"] != digest {
            let step = Step::begin("publishing the demo shop's knowledge");
            run::capture(
                command(data, &["knowledge", "publish"])
                    .args(["--inbox", INBOX_KEY])
                    .arg(&knowledge),
            )?;
            notes_now["knowledge"] = json!(digest);
            step.done();
        }
        write_private(notes, &notes_now)?;
        let text = |name: &str| -> Result<String> {
            let value = notes_now[name].as_str();
            Ok(value
                .with_context(|| format!("{} has no `{name}`", notes.display()))?
                .to_owned())
        };
        Ok(Self {
            email: text("email")?,
            password: text("password")?,
            edge: EdgeKeys {
                id: text("edge_id")?,
                key: text("key")?,
                token_key: text("token_key")?,
                pack_key: text("pack_key")?,
            },
        })
    }
}

fn create(options: &Options, data: &Path) -> Result<Value> {
    let password = password()?;
    with_stdin(
        command(data, &["admin", "create"]).args([
            "--email",
            EMAIL,
            "--name",
            NAME,
            "--password-stdin",
        ]),
        &password,
    )?;
    run::capture(
        command(data, &["inbox", "create"])
            .args(["--key", INBOX_KEY, "--name", INBOX_NAME])
            .args(["--origin", &options.edge_url()])
            .args([
                "--origin",
                &format!("http://localhost:{}", options.edge_port),
            ]),
    )?;
    let edge = run::capture(command(data, &["edge", "create"]).args([
        "--name",
        "local",
        "--url",
        &options.edge_url(),
    ]))?;
    let edge: Value = serde_json::from_str(&edge)
        .context("`firsthop edge create` printed something that is not JSON")?;
    Ok(json!({
        "email": EMAIL,
        "password": password,
        "edge_url": options.edge_url(),
        "edge_id": edge["edge_id"],
        "key": edge["key"],
        "token_key": edge["token_key"],
        "pack_key": edge["pack_key"],
    }))
}

fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(firsthop());
    command.args(words).arg("--data").arg(data);
    command
}

fn with_stdin(command: &mut Command, line: &str) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("could not start firsthop")?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{line}")?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`firsthop admin create` failed ({status})");
    }
    Ok(())
}

/// Made from the system's randomness: the demo listens on this machine only, but a password
/// that everybody knows is a habit nobody should start.
fn password() -> Result<String> {
    // No 0, 1, l, o: it is typed by hand. 32 characters, so that none is favoured.
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; PASSWORD_CHARACTERS];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .context("could not read /dev/urandom")?;
    Ok(random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

/// Written for the user alone: it holds a password and keys.
fn write_private(file: &Path, notes: &Value) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("could not write {}", file.display()))?;
    writeln!(file, "{notes:#}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_never_the_same() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_eq!(one.len(), PASSWORD_CHARACTERS);
        assert_ne!(one, other);
    }
}
