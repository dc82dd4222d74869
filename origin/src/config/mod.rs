//! Settings: defaults, then a file, then the environment, then flags.
//!
//! In: those sources. Out: a [`Config`], or an error that names the setting, where it was made
//! and what would be right. The invariant: [`keys::KEYS`] is the only list of settings, and
//! `config.default.toml` shows each of them with its default (a test holds them together).
//! Start reading at [`Config::load`].

mod file;
mod keys;
mod suggest;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use firsthop_core::Private;
use firsthop_core::limits::VISITOR_SILENT_MAX;

pub use keys::KEYS;

/// The commented defaults.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `server.listen`.
    pub listen: SocketAddr,
    /// `server.public_url`, without a slash at its end.
    pub public_url: Option<String>,
    /// `server.connections_max`.
    pub connections_max: u32,
    /// `server.trusted_proxies`, besides this machine itself.
    pub trusted_proxies: Vec<IpAddr>,
    /// `server.drain_seconds`.
    pub drain: Duration,
    /// `server.visitor_silent_seconds`.
    pub visitor_silent_max: Duration,
    /// `store.directory`.
    pub directory: PathBuf,
    /// `store.readers`.
    pub readers: u32,
    /// `store.busy_timeout_ms`.
    pub busy_timeout: Duration,
    /// `store.megabytes_max`; none means no limit.
    pub megabytes_max: Option<u32>,
    /// `log.level`.
    pub log_level: tracing::Level,
    /// `metrics.token`.
    pub metrics_token: Option<Private<String>>,
    /// `log.format`.
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7410)),
            public_url: None,
            connections_max: 200_000,
            trusted_proxies: Vec::new(),
            drain: Duration::from_secs(10),
            visitor_silent_max: VISITOR_SILENT_MAX,
            directory: PathBuf::from("data"),
            readers: 4,
            busy_timeout: Duration::from_millis(2000),
            megabytes_max: None,
            log_level: tracing::Level::INFO,
            log_format: LogFormat::Text,
            metrics_token: None,
        }
    }
}

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, at a line and column, both from 1.
    File(PathBuf, usize, usize),
    /// In an environment variable.
    Variable(String),
    /// On the command line.
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line, column) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// What is wrong with the settings. Whoever made them must act.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("could not read the settings in {path}: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where it stops being TOML.
        place: Place,
        /// Why.
        message: String,
    },
    /// A setting that does not exist.
    #[error("{place}: there is no setting `{key}`; {hint}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// What was written.
        key: String,
        /// What may have been meant.
        hint: String,
    },
    /// A value that the setting can't have.
    #[error("{place}: `{key}` can't be {value}; {expected}")]
    WrongValue {
        /// Where.
        place: Place,
        /// The setting.
        key: &'static str,
        /// What was written.
        value: String,
        /// What would be right.
        expected: String,
    },
}

/// Variables with our prefix that mean something to other programs of the project.
const FOREIGN_VARIABLES: &[&str] = &[
    "FIRSTHOP_BIN",
    "FIRSTHOP_CONSOLE_DIR",
    "FIRSTHOP_EDGE_DIST",
    "FIRSTHOP_EDGE_ID",
    "FIRSTHOP_EDGE_KEY",
    "FIRSTHOP_ORIGIN_URL",
    "FIRSTHOP_PACK_KEY",
    "FIRSTHOP_SILENT_SECONDS",
    "FIRSTHOP_TOKEN_KEY",
    "FIRSTHOP_WIDGET_DIR",
    "FIRSTHOP_WORKERD",
];

const PREFIX: &str = "FIRSTHOP_";

impl Config {
    /// The settings that these sources make, each winning over those before it.
    ///
    /// # Errors
    /// [`ConfigError`], the first that is found.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (String, String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
                        path: path.to_owned(),
                        source,
                    })?;
                Self::from_text(path, &text)?
            }
            None => Self::default(),
        };
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if FOREIGN_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            // Only the first underscore can be the dot: sections have none in their names.
            let key = rest.to_ascii_lowercase().replacen('_', ".", 1);
            config.set(&key, &value, Place::Variable(name))?;
        }
        for (flag, key, value) in flags {
            config.set(&key, &value, Place::Flag(flag))?;
        }
        Ok(config)
    }

    /// The settings of a file that holds `text`; the rest has its defaults.
    ///
    /// # Errors
    /// [`ConfigError`], the first that is found.
    pub fn from_text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        config.apply_file(path, text)?;
        Ok(config)
    }

    fn set(&mut self, key: &str, value: &str, place: Place) -> Result<(), ConfigError> {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            return Err(ConfigError::UnknownKey {
                place,
                key: key.to_owned(),
                hint: suggest::hint(key),
            });
        };
        (known.set)(self, value).map_err(|()| ConfigError::WrongValue {
            place,
            key: known.name,
            value: format!("`{value}`"),
            expected: known.expected.to_owned(),
        })
    }

    /// What is allowed but may surprise: told in the log at the start.
    #[must_use]
    pub fn risks(&self) -> Vec<String> {
        let mut risks = Vec::new();
        let public = self.public_url.as_deref().unwrap_or_default();
        if !self.listen.ip().is_loopback() && !public.starts_with("https://") {
            risks.push(format!(
                "`server.listen` is {}, reachable from other machines, and `server.public_url` is not https: \
                 passwords and messages cross the network in the clear. Put a TLS proxy in front, and its address \
                 into `server.public_url`",
                self.listen
            ));
        }
        if self.drain.is_zero() {
            risks.push(
                "`server.drain_seconds` is 0: clients are cut off when the server stops".to_owned(),
            );
        }
        risks
    }

    /// The address that people reach the server by, given the one that it listens on.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{listening}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Vec<(String, String)> {
        Vec::new()
    }

    fn variable(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    fn flag(key: &str, value: &str) -> Vec<(String, String, String)> {
        vec![("--set".to_owned(), key.to_owned(), value.to_owned())]
    }

    fn parse(text: &str) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.apply_file(Path::new("my.toml"), text)?;
        Ok(config)
    }

    #[test]
    fn the_default_file_names_every_setting_with_its_default() {
        assert_eq!(parse(DEFAULTS).unwrap(), Config::default());
        for key in KEYS {
            let (section, name) = key.name.split_once('.').unwrap();
            let section = DEFAULTS
                .split_once(&format!("[{section}]"))
                .expect("the section is there")
                .1;
            let section = section.split("\n[").next().unwrap();
            assert!(
                section.contains(&format!("\n{name} = ")),
                "{} is missing",
                key.name
            );
        }
    }

    #[test]
    fn flags_win_over_variables_which_win_over_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("my.toml");
        std::fs::write(
            &file,
            "[store]\nreaders = 2\nbusy_timeout_ms = 7\n[log]\nlevel = 'debug'\n",
        )
        .unwrap();
        let mut variables = variable("FIRSTHOP_STORE_READERS", "3");
        variables.extend(variable("FIRSTHOP_STORE_BUSY_TIMEOUT_MS", "8"));
        let config = Config::load(Some(&file), variables, flag("store.readers", "5")).unwrap();
        assert_eq!((config.readers, config.busy_timeout.as_millis()), (5, 8));
        assert_eq!(config.log_level, tracing::Level::DEBUG);
    }

    #[test]
    fn a_wrong_key_names_file_line_and_the_nearest_key() {
        let error = parse("[server]\n\nlisten_on = '127.0.0.1:1'\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "my.toml:3:1: there is no setting `server.listen_on`; did you mean `server.listen`?"
        );
        let error = parse("[serve]\nlisten = '127.0.0.1:1'\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "my.toml:2:1: there is no setting `serve.listen`; did you mean `server.listen`?"
        );
        let error = parse("[completely]\nunlike = 1\n").unwrap_err().to_string();
        assert!(
            error.contains("the settings are `server.listen`, "),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_value_says_what_would_be_right() {
        let error = parse("[server]\nlisten = 'somewhere'\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "my.toml:2:10: `server.listen` can't be `somewhere`; it is an address and a port, such as \"127.0.0.1:7410\""
        );
        let error = parse("[store]\nreaders = \"4\"\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "my.toml:2:11: `store.readers` can't be a string; it is a whole number from 1 to 64"
        );
        let error = parse("[log]\nlevel = [1]\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "my.toml:2:9: `log.level` can't be an array; it is error, warn, info, debug or trace"
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_place() {
        let error = parse("[server]\nlisten = \n").unwrap_err().to_string();
        assert!(error.starts_with("my.toml:2:"), "{error}");
    }

    #[test]
    fn wrong_variables_and_flags_are_named() {
        let error = Config::load(None, variable("FIRSTHOP_LOG_LEVL", "info"), [])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "environment variable FIRSTHOP_LOG_LEVL: there is no setting `log.levl`; did you mean `log.level`?"
        );
        let error = Config::load(None, none(), flag("log.format", "xml"))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "flag --set: `log.format` can't be `xml`; it is text or json"
        );
        assert!(
            Config::load(None, variable("FIRSTHOP_EDGE_KEY", "00"), []).is_ok(),
            "not ours to judge"
        );
    }

    #[test]
    fn listening_to_the_world_without_tls_is_called_risky() {
        let open = Config {
            listen: "0.0.0.0:80".parse().unwrap(),
            ..Config::default()
        };
        assert_eq!(open.risks().len(), 1);
        let behind_proxy = Config {
            public_url: Some("https://chat.example".to_owned()),
            ..open
        };
        assert_eq!(
            (behind_proxy.risks().len(), Config::default().risks().len()),
            (0, 0)
        );
    }
}
