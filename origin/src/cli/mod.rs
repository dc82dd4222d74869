//! The command line.
//!
//! Commands other than `serve` work on the same data directory, also while a server runs on it:
//! the server notices within a second. What programs read goes to standard output as JSON;
//! errors go to standard error, with exit status 1 (2 for a wrong command line).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]

mod accounts;
mod edges;
mod inboxes;
mod pack;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Config, ConfigError};
use crate::keys::KeysError;
use crate::knowledge::PublishError;
use crate::server::StartError;
use crate::store::{Store, StoreError};

/// Customer service that answers at the first hop.
#[derive(Debug, Parser)]
#[command(name = "firsthop", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Command,
}

/// Settings on the command line.
#[derive(Debug, Args)]
struct SettingFlags {
    /// A file of settings, as `firsthop config default` prints it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything lives [default: data].
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:7410].
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The address that people and edges reach the server by.
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Any setting.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve,
    /// Administrators of the console.
    #[command(subcommand)]
    Admin(accounts::Admin),
    /// Editors of knowledge, who answer conversations as well.
    #[command(subcommand)]
    Editor(accounts::EditorCommand),
    /// Agents of the console.
    #[command(subcommand)]
    Agent(accounts::AgentCommand),
    /// Inboxes: what a website's script tag names.
    #[command(subcommand)]
    Inbox(inboxes::Inboxes),
    /// Edges: who speaks for visitors.
    #[command(subcommand)]
    Edge(edges::Edges),
    /// Knowledge of an inbox.
    #[command(subcommand)]
    Knowledge(inboxes::KnowledgeCommand),
    /// Knowledge packs as files.
    #[command(subcommand)]
    Pack(pack::PackCommand),
    /// Settings.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints all settings with their defaults.
    Default,
    /// Checks the settings, and says what is risky.
    Check,
}

/// What goes wrong on the command line. The message says who must act.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("{0}")]
    Problem(String),
    #[error("could not read {path}: {source}", path = .0.display(), source = .1)]
    Read(PathBuf, std::io::Error),
    #[error("could not write {path}: {source}", path = .0.display(), source = .1)]
    Write(PathBuf, std::io::Error),
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl From<firsthop_core::protocol::Problem> for CliError {
    fn from(problem: firsthop_core::protocol::Problem) -> Self {
        Self::Problem(problem.message)
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Publish(PublishError::Knowledge(errors))) => {
            for error in &errors {
                eprintln!("{error}");
            }
            eprintln!(
                "error: the knowledge has {} errors; nothing was built or published",
                errors.len()
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The settings that some commands do not look at.
const UNUSED: [(&str, &[&str]); 4] = [
    ("inbox", &["listen", "public_url"]),
    ("edge", &["listen", "public_url"]),
    ("knowledge", &["listen", "public_url"]),
    ("pack", &["config", "data", "listen", "public_url", "set"]),
];

/// The command line. A command's help does not show what the command does not look at.
fn command() -> clap::Command {
    let mut command = Cli::command();
    let settings: Vec<Arg> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .cloned()
        .collect();
    for (name, unused) in UNUSED {
        let hidden = settings
            .iter()
            .filter(|setting| unused.contains(&setting.get_id().as_str()))
            .map(|setting| setting.clone().hide(true));
        command = command.mut_subcommand(name, |command| command.args(hidden));
    }
    command
}

fn run(cli: Cli) -> Result<(), CliError> {
    match cli.command {
        Command::Config(ConfigCommand::Default) => {
            print!("{}", config::DEFAULTS);
            return Ok(());
        }
        // Works on files alone: what is wrong with the server's settings is none of its business.
        Command::Pack(command) => return command.run(),
        _ => {}
    }
    let config = settings(&cli.settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        match cli.command {
            Command::Serve => serve::run(config).await,
            Command::Admin(command) => command.run(&config).await,
            Command::Editor(command) => command.run(&config).await,
            Command::Agent(command) => command.run(&config).await,
            Command::Inbox(command) => command.run(&config).await,
            Command::Edge(command) => command.run(&config).await,
            Command::Knowledge(command) => command.run(&config).await,
            Command::Pack(command) => command.run(),
            Command::Config(_) => {
                let risks = config.risks();
                for risk in &risks {
                    println!("risky: {risk}");
                }
                println!("the settings are valid");
                Ok(())
            }
        }
    })
}

fn settings(flags: &SettingFlags) -> Result<Config, CliError> {
    let mut given = Vec::new();
    for text in &flags.set {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| CliError::Problem(format!("--set takes KEY=VALUE, not `{text}`")))?;
        given.push(("--set".to_owned(), key.to_owned(), value.to_owned()));
    }
    for (flag, key, value) in [
        ("--data", "store.directory", &flags.data),
        ("--listen", "server.listen", &flags.listen),
        ("--public-url", "server.public_url", &flags.public_url),
    ] {
        if let Some(value) = value {
            given.push((flag.to_owned(), key.to_owned(), value.clone()));
        }
    }
    // A variable that is no text can't be one of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(flags.config.as_deref(), variables, given)?)
}

/// Opens the store for a single command.
async fn open(config: &Config) -> Result<Store, CliError> {
    Ok(Store::open(config).await?)
}

/// Prints what programs read.
fn print_json(value: &serde_json::Value) {
    println!("{value}");
}
