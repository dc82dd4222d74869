//! `firsthop admin create`, `firsthop editor create`, `firsthop agent create`.

use std::io::Read;

use clap::{Args, Subcommand};
use firsthop_core::limits::PASSWORD_BYTES_MAX;
use serde_json::json;

use super::{CliError, open, print_json};
use crate::accounts::{check_password, hash_now, new_agent, new_secret};
use crate::config::Config;
use crate::host;
use crate::store::accounts::Role;

#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Makes an account that may do everything.
    Create(Create),
}

#[derive(Debug, Subcommand)]
pub(super) enum EditorCommand {
    /// Makes an account that may answer conversations, and change and publish knowledge.
    Create(Create),
}

#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Makes an account that may answer conversations.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The e-mail address to log in with.
    #[arg(long)]
    email: String,
    /// The name that visitors and colleagues see.
    #[arg(long)]
    name: String,
    /// Read the password from standard input.
    #[arg(long, conflicts_with = "link", required_unless_present = "link")]
    password_stdin: bool,
    /// Print a one-time link by which the person chooses a password.
    #[arg(long)]
    link: bool,
}

impl Admin {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let Self::Create(create) = self;
        create.run(config, Role::Admin).await
    }
}

impl EditorCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let Self::Create(create) = self;
        create.run(config, Role::Editor).await
    }
}

impl AgentCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let Self::Create(create) = self;
        create.run(config, Role::Agent).await
    }
}

impl Create {
    async fn run(self, config: &Config, role: Role) -> Result<(), CliError> {
        let agent = new_agent(&self.email, &self.name, role)?;
        let password = if self.password_stdin {
            Some(read_password()?)
        } else {
            None
        };
        let hash = password.as_deref().map(hash_now).transpose()?;
        let store = open(config).await?;
        let now = host::now();
        if !store.add_agent(&agent, hash.as_deref(), now).await? {
            return Err(CliError::Problem(format!(
                "there is an account of {} already",
                agent.email
            )));
        }
        if role == Role::Admin {
            // With an administrator there, nobody may become the first one any more.
            store.remove_first_setup_link().await?;
        }
        let mut made = json!({ "agent": agent.id, "email": agent.email, "role": role.as_str() });
        if self.link {
            let (secret, hash) = new_secret();
            store.add_setup_link(&hash, Some(agent.id), now).await?;
            made["link"] = json!(format!(
                "{}/console/#/welcome/{secret}",
                config.public_url(config.listen)
            ));
        }
        print_json(&made);
        Ok(())
    }
}

fn read_password() -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .take(PASSWORD_BYTES_MAX as u64 + 2)
        .read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    check_password(&password)?;
    Ok(password)
}
