//! The flags of `cargo xtask up`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::workspace::{root, target};

const ORIGIN_PORT: u16 = 7410;
const EDGE_PORT: u16 = 7411;

pub(super) struct Options {
    pub(super) origin_port: u16,
    pub(super) edge_port: u16,
    /// Where this run keeps its things. The default names the ports, because what is registered
    /// inside (the edge's address, the shop's page origin) holds for these ports only.
    pub(super) data: PathBuf,
    /// Forget what earlier runs left there.
    pub(super) fresh: bool,
    /// Start what was built before.
    pub(super) no_build: bool,
}

impl Options {
    pub(super) fn parse(args: &[String]) -> Result<Self> {
        let (mut origin_port, mut edge_port) = (ORIGIN_PORT, EDGE_PORT);
        let (mut data, mut fresh, mut no_build) = (None, false, false);
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let (flag, inline) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (word.as_str(), None),
            };
            let mut value = || {
                inline
                    .or_else(|| words.next().map(String::as_str))
                    .with_context(|| format!("{flag} needs a value"))
            };
            match flag {
                "--origin-port" => origin_port = port(flag, value()?)?,
                "--edge-port" => edge_port = port(flag, value()?)?,
                "--data" => data = Some(PathBuf::from(value()?)),
                "--fresh" => fresh = true,
                "--no-build" => no_build = true,
                unknown => bail!(
                    "`up` knows --origin-port, --edge-port, --data, --fresh and --no-build, not \
                     `{unknown}`"
                ),
            }
        }
        if origin_port == edge_port {
            bail!("origin and edge cannot share port {origin_port}");
        }
        let data = match data {
            Some(dir) => std::path::absolute(dir)?,
            None => target().join(format!("up/{origin_port}-{edge_port}")),
        };
        if fresh && root().starts_with(&data) {
            bail!("--fresh would delete {}", data.display());
        }
        Ok(Self {
            origin_port,
            edge_port,
            data,
            fresh,
            no_build,
        })
    }

    pub(super) fn origin_address(&self) -> String {
        format!("127.0.0.1:{}", self.origin_port)
    }

    pub(super) fn edge_address(&self) -> String {
        format!("127.0.0.1:{}", self.edge_port)
    }

    pub(super) fn origin_url(&self) -> String {
        format!("http://{}", self.origin_address())
    }

    pub(super) fn edge_url(&self) -> String {
        format!("http://{}", self.edge_address())
    }
}

fn port(flag: &str, value: &str) -> Result<u16> {
    match value.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => bail!("{flag} takes a port from 1 to 65535, not `{value}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn without_flags_it_uses_the_ports_of_the_readme() {
        let options = parse("").unwrap();
        assert_eq!(options.origin_url(), "http://127.0.0.1:7410");
        assert_eq!(options.edge_url(), "http://127.0.0.1:7411");
        assert!(options.data.ends_with("up/7410-7411"));
        assert!(!options.fresh);
    }

    #[test]
    fn flags_take_their_value_with_or_without_an_equals_sign() {
        let options = parse("--origin-port 9000 --edge-port=9001 --fresh --no-build").unwrap();
        assert_eq!((options.origin_port, options.edge_port), (9000, 9001));
        assert!(options.fresh && options.no_build);
        assert!(options.data.ends_with("up/9000-9001"));
    }

    #[test]
    fn wrong_flags_are_named() {
        for (line, named) in [
            ("--prot 1", "--prot"),
            ("--origin-port", "--origin-port needs a value"),
            ("--edge-port 99999", "99999"),
            ("--edge-port 7410", "share port 7410"),
        ] {
            let Err(error) = parse(line) else {
                panic!("`{line}` was accepted")
            };
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn fresh_never_deletes_the_checkout() {
        let line = format!("--fresh --data {}", root().display());
        assert!(parse(&line).is_err());
    }
}
