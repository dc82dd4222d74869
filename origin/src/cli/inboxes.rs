//! `firsthop inbox create|list`, `firsthop knowledge publish`.

use std::path::PathBuf;

use clap::Subcommand;
use firsthop_core::limits::{INBOX_KEY_BYTES_MAX, KNOWLEDGE_FILE_BYTES_MAX, NAME_BYTES_MAX};
use firsthop_core::protocol::edge::Inbox;
use serde_json::json;

use super::{CliError, open, print_json};
use crate::config::Config;
use crate::host;
use crate::keys;
use crate::knowledge;
use crate::store::drafts::Change;
use crate::store::make_directory;
use crate::store::versions::How;

#[derive(Debug, Subcommand)]
pub(super) enum Inboxes {
    /// Makes an inbox.
    Create {
        /// What the script tag names it by: letters, digits, `-` and `_`.
        #[arg(long)]
        key: String,
        /// What visitors and agents call it.
        #[arg(long)]
        name: String,
        /// A page origin that may use it, such as https://shop.example; may be given several times. `*` allows any.
        #[arg(long = "origin", required = true)]
        origins: Vec<String>,
    },
    /// Lists all inboxes.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum KnowledgeCommand {
    /// Builds a pack of a file and makes it the inbox's current one.
    Publish {
        /// The inbox's key.
        #[arg(long)]
        inbox: String,
        /// Knowledge in JSON Lines or CSV.
        file: PathBuf,
    },
    /// Prints the public key that packs are signed with.
    Key,
}

impl Inboxes {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        match self {
            Self::Create { key, name, origins } => {
                let inbox = checked(key, name, origins)?;
                let store = open(config).await?;
                if !store.add_inbox(&inbox, host::now()).await? {
                    return Err(CliError::Problem(format!(
                        "there is an inbox `{}` already",
                        inbox.key
                    )));
                }
                print_inbox(&inbox);
            }
            Self::List => {
                for inbox in open(config).await?.inboxes().await? {
                    print_inbox(&inbox);
                }
            }
        }
        Ok(())
    }
}

fn print_inbox(inbox: &Inbox) {
    let Inbox {
        key,
        name,
        allowed_origins,
        pack,
        ..
    } = inbox;
    print_json(
        &json!({ "key": key, "name": name, "allowed_origins": allowed_origins, "pack": pack }),
    );
}

fn checked(key: String, name: String, origins: Vec<String>) -> Result<Inbox, CliError> {
    let problem = |message: String| Err(CliError::Problem(message));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if key.is_empty() || key.len() > INBOX_KEY_BYTES_MAX || !key.chars().all(plain) {
        return problem(format!(
            "the key must consist of 1 to {INBOX_KEY_BYTES_MAX} letters, digits, `-` and `_`"
        ));
    }
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return problem(format!(
            "the name must not be empty, nor longer than {NAME_BYTES_MAX} bytes"
        ));
    }
    for origin in &origins {
        let host = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let valid = origin == "*"
            || host
                .is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#', '*']));
        if !valid {
            return problem(format!(
                "`{origin}` is no page origin: write it like https://shop.example, without a path"
            ));
        }
    }
    Ok(Inbox {
        key,
        name,
        allowed_origins: origins,
        pack: None,
        published: None,
    })
}

impl KnowledgeCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let Self::Publish { inbox, file } = self else {
            make_directory(config)?;
            let keys = keys::load_or_make(&config.directory)?;
            print_json(&json!({ "pack_key": keys.packs.key().to_hex() }));
            return Ok(());
        };
        let text = read_knowledge(&file)?;
        let store = open(config).await?;
        let file = knowledge::File {
            inbox: &inbox,
            name: &file.display().to_string(),
            text,
            how: How::Command,
            change: Change {
                who: None,
                at: host::now(),
            },
        };
        let published = knowledge::publish(&store, file).await?;
        print_json(&published.to_json());
        Ok(())
    }
}

/// Reads a knowledge file, unless it is too large.
pub(super) fn read_knowledge(file: &std::path::Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error| CliError::Read(file.to_owned(), error);
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    if bytes > KNOWLEDGE_FILE_BYTES_MAX as u64 {
        return Err(CliError::Problem(format!(
            "{} has {bytes} bytes; at most {KNOWLEDGE_FILE_BYTES_MAX} are allowed",
            file.display()
        )));
    }
    std::fs::read(file).map_err(unreadable)
}
