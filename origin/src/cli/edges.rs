//! `firsthop edge create|list|rotate|revoke`.

use clap::Subcommand;
use firsthop_core::id::EdgeId;
use firsthop_core::limits::NAME_BYTES_MAX;
use firsthop_core::token::Key;
use serde_json::{Value, json};

use super::{CliError, open, print_json};
use crate::config::Config;
use crate::host;
use crate::keys::{self, Keys};

#[derive(Debug, Subcommand)]
pub(super) enum Edges {
    /// Registers an edge; prints its id and keys, which go into its environment.
    Create {
        /// For people.
        #[arg(long)]
        name: String,
        /// Where the origin reaches it, such as https://chat.example.
        #[arg(long)]
        url: String,
    },
    /// Lists all edges.
    List,
    /// Gives an edge a new key; the one that it has stays valid until the next rotation.
    Rotate {
        /// The edge's id.
        #[arg(long)]
        id: EdgeId,
    },
    /// Revokes an edge's keys, at once and for ever.
    Revoke {
        /// The edge's id.
        #[arg(long)]
        id: EdgeId,
    },
}

impl Edges {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let store = open(config).await?;
        let unknown = |id: EdgeId| CliError::Problem(format!("there is no edge {id}"));
        match self {
            Self::Create { name, url } => {
                let (name, url) = checked(&name, &url)?;
                let id = EdgeId::new(host::now(), host::random());
                let key = Key(host::random());
                let keys = keys::load_or_make(&config.directory)?;
                store.add_edge(id, &name, &url, &key, host::now()).await?;
                print_json(&enrolment(id, &key, &keys));
            }
            Self::List => {
                for edge in store.edges().await? {
                    let keys = edge.keys.len();
                    print_json(&json!({
                        "edge_id": edge.id, "name": edge.name, "url": edge.url, "keys": keys, "revoked": edge.revoked,
                    }));
                }
            }
            Self::Rotate { id } => {
                let key = Key(host::random());
                if !store.rotate_edge(id, &key).await? {
                    return Err(unknown(id));
                }
                let keys = keys::load_or_make(&config.directory)?;
                print_json(&enrolment(id, &key, &keys));
            }
            Self::Revoke { id } => {
                if !store.revoke_edge(id, host::now()).await? {
                    return Err(unknown(id));
                }
                print_json(&json!({ "edge_id": id, "revoked": true }));
            }
        }
        Ok(())
    }
}

/// What the edge must be told, once.
fn enrolment(id: EdgeId, key: &Key, keys: &Keys) -> Value {
    json!({
        "edge_id": id,
        "key": key.to_hex(),
        "token_key": keys.token.to_hex(),
        "pack_key": keys.packs.key().to_hex(),
    })
}

fn checked(name: &str, url: &str) -> Result<(String, String), CliError> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(CliError::Problem(format!(
            "the name must not be empty, nor longer than {NAME_BYTES_MAX} bytes"
        )));
    }
    let url = url.trim_end_matches('/');
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['/', ' ', '?', '#', '@'])) {
        return Err(CliError::Problem(format!(
            "`{url}` is no address: write it like https://chat.example, without a path"
        )));
    }
    Ok((name.to_owned(), url.to_owned()))
}
