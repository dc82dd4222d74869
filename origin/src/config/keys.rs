//! Every setting: its name, what it may be, where it goes.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{Config, LogFormat};

/// A setting.
pub struct Key {
    /// Section and name, with a dot between.
    pub name: &'static str,
    /// Whether it is written without quotation marks in a file.
    pub(super) number: bool,
    /// What it may be, for people.
    pub(super) expected: &'static str,
    pub(super) set: fn(&mut Config, &str) -> Result<(), ()>,
}

/// All of them.
pub const KEYS: &[Key] = &[
    Key {
        name: "server.listen",
        number: false,
        expected: "it is an address and a port, such as \"127.0.0.1:7410\"",
        set: |config, text| parse(text).map(|listen| config.listen = listen),
    },
    Key {
        name: "server.public_url",
        number: false,
        expected: "it is empty, or begins with http:// or https:// and has no path",
        set: |config, text| url(text).map(|url| config.public_url = url),
    },
    Key {
        name: "server.connections_max",
        number: true,
        expected: "it is a whole number from 1 to 10000000",
        set: |config, text| within(text, 1..=10_000_000).map(|max| config.connections_max = max),
    },
    Key {
        name: "server.trusted_proxies",
        number: false,
        expected: "it is empty, or addresses of machines with commas between, such as \"10.0.0.2, 10.0.0.3\"",
        set: |config, text| {
            let addresses = text.split(',').map(str::trim).filter(|one| !one.is_empty());
            config.trusted_proxies = addresses.map(parse).collect::<Result<_, ()>>()?;
            Ok(())
        },
    },
    Key {
        name: "server.drain_seconds",
        number: true,
        expected: "it is a whole number from 0 to 3600",
        set: |config, text| {
            within(text, 0..=3600).map(|seconds| config.drain = Duration::from_secs(seconds))
        },
    },
    Key {
        name: "server.visitor_silent_seconds",
        number: true,
        expected: "it is a whole number from 1 to 3600",
        set: |config, text| {
            within(text, 1..=3600)
                .map(|seconds| config.visitor_silent_max = Duration::from_secs(seconds))
        },
    },
    Key {
        name: "store.directory",
        number: false,
        expected: "it is a directory",
        set: |config, text| match text {
            "" => Err(()),
            text => {
                config.directory = PathBuf::from(text);
                Ok(())
            }
        },
    },
    Key {
        name: "store.readers",
        number: true,
        expected: "it is a whole number from 1 to 64",
        set: |config, text| within(text, 1..=64).map(|readers| config.readers = readers),
    },
    Key {
        name: "store.busy_timeout_ms",
        number: true,
        expected: "it is a whole number from 0 to 60000",
        set: |config, text| {
            within(text, 0..=60_000).map(|ms| config.busy_timeout = Duration::from_millis(ms))
        },
    },
    Key {
        name: "store.megabytes_max",
        number: true,
        expected: "it is a whole number from 0 to 4000000",
        set: |config, text| {
            within(text, 0..=4_000_000)
                .map(|megabytes| config.megabytes_max = (megabytes > 0).then_some(megabytes))
        },
    },
    Key {
        name: "metrics.token",
        number: false,
        expected: "it is empty, or at least 16 characters without spaces",
        set: |config, text| {
            if !text.is_empty() && (text.len() < 16 || text.contains(char::is_whitespace)) {
                return Err(());
            }
            config.metrics_token = (!text.is_empty()).then(|| text.into());
            Ok(())
        },
    },
    Key {
        name: "log.level",
        number: false,
        expected: "it is error, warn, info, debug or trace",
        set: |config, text| match text.parse() {
            // tracing also takes numbers; one way to say it is enough.
            Ok(level) if text.chars().all(char::is_alphabetic) => {
                config.log_level = level;
                Ok(())
            }
            _ => Err(()),
        },
    },
    Key {
        name: "log.format",
        number: false,
        expected: "it is text or json",
        set: |config, text| {
            config.log_format = match text {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(()),
            };
            Ok(())
        },
    },
];

fn parse<T: FromStr>(text: &str) -> Result<T, ()> {
    text.parse().map_err(|_| ())
}

fn within<T: FromStr + PartialOrd>(text: &str, allowed: RangeInclusive<T>) -> Result<T, ()> {
    parse(text).and_then(|value| {
        if allowed.contains(&value) {
            Ok(value)
        } else {
            Err(())
        }
    })
}

fn url(text: &str) -> Result<Option<String>, ()> {
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(None);
    }
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or(())?;
    if host.is_empty() || host.contains(['/', ' ', '?', '#', '@']) {
        return Err(());
    }
    Ok(Some(text.to_owned()))
}
