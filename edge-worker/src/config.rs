//! What an edge must be told before it can do anything: who it is, its keys, where the origin is.

use core::time::Duration;

use firsthop_core::id::EdgeId;
use firsthop_core::limits::{
    EDGE_SOCKET_SILENT_LEAST, EDGE_SOCKET_SILENT_MAX, EDGE_SOCKET_SILENT_MOST,
};
use firsthop_core::pack::signature::PackKey;
use firsthop_core::token::Key;

/// See the module. Debug output shows no key.
#[derive(Debug, Clone)]
pub struct Config {
    /// This edge's registration at the origin.
    pub edge: EdgeId,
    /// The first signs; any verifies, so that keys can be rotated without a gap.
    pub keys: Vec<Key>,
    /// Signs visitors' tokens; the origin and its edges share it.
    pub token_key: Key,
    /// Whose signatures of packs count: several while the origin's key is changed.
    pub pack_keys: Vec<PackKey>,
    /// Where the origin is, without a slash at the end.
    pub origin_url: String,
    /// How long nothing may come from a visitor's connection.
    pub silent_max: Duration,
}

/// What is wrong with the settings. The operator must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not set at all.
    #[error("{0} is not set; `firsthop edge create` prints it")]
    Missing(&'static str),
    /// Set to something else. The value is not repeated: it may be a secret.
    #[error("{name} must be {expected}")]
    Malformed {
        /// The setting.
        name: &'static str,
        /// What would be right.
        expected: &'static str,
    },
}

/// The settings' names, as environment variables.
pub mod variable {
    /// The edge's id.
    pub const EDGE_ID: &str = "FIRSTHOP_EDGE_ID";
    /// The edge's key; during a rotation two, separated by a comma, the one to sign with first.
    pub const EDGE_KEY: &str = "FIRSTHOP_EDGE_KEY";
    /// The key of visitors' tokens.
    pub const TOKEN_KEY: &str = "FIRSTHOP_TOKEN_KEY";
    /// The public key that the origin's packs are signed with; two, separated by a comma, while
    /// it is changed.
    pub const PACK_KEY: &str = "FIRSTHOP_PACK_KEY";
    /// The origin's address.
    pub const ORIGIN_URL: &str = "FIRSTHOP_ORIGIN_URL";
    /// After how many seconds of silence a visitor's connection is closed; 150, if not set.
    pub const SILENT_SECONDS: &str = "FIRSTHOP_SILENT_SECONDS";
}

/// Used where the origin is a binding, not an address.
const ORIGIN_URL_OF_BINDING: &str = "http://origin";

impl Config {
    /// Reads the settings; `get` gives a variable's value. `bound` says that the origin is
    /// reached through a binding of the platform, so that its address may be missing.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(
        get: impl Fn(&'static str) -> Option<String>,
        bound: bool,
    ) -> Result<Self, ConfigError> {
        let required = |name| {
            get(name)
                .filter(|value| !value.is_empty())
                .ok_or(ConfigError::Missing(name))
        };
        let malformed = |name, expected| ConfigError::Malformed { name, expected };
        let edge = required(variable::EDGE_ID)?
            .trim()
            .parse()
            .map_err(|_| malformed(variable::EDGE_ID, "a UUID"))?;
        let keys = required(variable::EDGE_KEY)?
            .split(',')
            .map(Key::from_hex)
            .collect::<Option<Vec<_>>>()
            .ok_or(malformed(
                variable::EDGE_KEY,
                "64 hexadecimal digits, or two such keys separated by a comma",
            ))?;
        let token_key = Key::from_hex(&required(variable::TOKEN_KEY)?)
            .ok_or(malformed(variable::TOKEN_KEY, "64 hexadecimal digits"))?;
        let pack_keys = required(variable::PACK_KEY)?
            .split(',')
            .map(PackKey::from_hex)
            .collect::<Option<Vec<_>>>()
            .ok_or(malformed(
                variable::PACK_KEY,
                "64 hexadecimal digits, or two such keys separated by a comma",
            ))?;
        let origin_url = match required(variable::ORIGIN_URL) {
            Ok(url) => url,
            Err(_) if bound => ORIGIN_URL_OF_BINDING.to_owned(),
            Err(missing) => return Err(missing),
        };
        let origin_url = origin_url.trim().trim_end_matches('/').to_owned();
        if !origin_url.starts_with("http://") && !origin_url.starts_with("https://") {
            return Err(malformed(
                variable::ORIGIN_URL,
                "an address that begins with http:// or https://",
            ));
        }
        let silent_max = match get(variable::SILENT_SECONDS).filter(|value| !value.is_empty()) {
            None => EDGE_SOCKET_SILENT_MAX,
            Some(seconds) => seconds
                .trim()
                .parse()
                .ok()
                .map(Duration::from_secs)
                .filter(|max| (EDGE_SOCKET_SILENT_LEAST..=EDGE_SOCKET_SILENT_MOST).contains(max))
                .ok_or(malformed(
                    variable::SILENT_SECONDS,
                    "a number of seconds from 40 to 3600",
                ))?,
        };
        Ok(Self {
            edge,
            keys,
            token_key,
            pack_keys,
            origin_url,
            silent_max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01234567-89ab-7fff-bfff-ffffffffffff";

    fn read(edge_key: &str, origin_url: Option<&str>, bound: bool) -> Result<Config, ConfigError> {
        Config::read(
            |name| match name {
                variable::EDGE_ID => Some(ID.to_owned()),
                variable::EDGE_KEY => Some(edge_key.to_owned()),
                variable::TOKEN_KEY => Some("22".repeat(32)),
                variable::PACK_KEY => Some("33".repeat(32)),
                variable::ORIGIN_URL => origin_url.map(str::to_owned),
                _ => None,
            },
            bound,
        )
    }

    #[test]
    fn settings_are_read_and_wrong_ones_are_named() {
        let config = read(&"11".repeat(32), Some("https://origin.example/"), false).unwrap();
        assert_eq!(config.origin_url, "https://origin.example");
        assert_eq!(config.keys, [Key([0x11; 32])]);
        let two = format!("{},{}", "11".repeat(32), "33".repeat(32));
        assert_eq!(read(&two, None, true).unwrap().keys.len(), 2);
        assert_eq!(
            read(&two, None, false).unwrap_err(),
            ConfigError::Missing(variable::ORIGIN_URL)
        );
        let error = read("1122", Some("https://origin.example"), false).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("FIRSTHOP_EDGE_KEY must be 64"),
            "{error}"
        );
        assert!(read(&two, Some("origin.example"), false).is_err());
    }

    #[test]
    fn silence_has_a_bound_whatever_is_set() {
        let silent = |seconds: Option<&str>| {
            let get = |name| match name {
                variable::EDGE_ID => Some(ID.to_owned()),
                variable::ORIGIN_URL => None,
                variable::SILENT_SECONDS => seconds.map(str::to_owned),
                _ => Some("22".repeat(32)),
            };
            Config::read(get, true).map(|config| config.silent_max)
        };
        assert_eq!(silent(None), Ok(EDGE_SOCKET_SILENT_MAX));
        assert_eq!(silent(Some("")), Ok(EDGE_SOCKET_SILENT_MAX));
        assert_eq!(silent(Some("40")), Ok(EDGE_SOCKET_SILENT_LEAST));
        assert_eq!(silent(Some(" 3600 ")), Ok(EDGE_SOCKET_SILENT_MOST));
        for wrong in ["39", "3601", "-1", "1e3", "never"] {
            let error = silent(Some(wrong)).unwrap_err();
            let expected = "FIRSTHOP_SILENT_SECONDS must be a number of seconds from 40 to 3600";
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn keys_do_not_print() {
        let printed = format!("{:?}", read(&"11".repeat(32), None, true).unwrap());
        assert!(
            !printed.contains("17, 17") && !printed.contains("1111"),
            "{printed}"
        );
    }
}
