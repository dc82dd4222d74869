//! `cargo xtask up`: the whole system on this machine, with the demo shop in it.
//!
//! In: ports and a directory, all optional. Out: a running origin and edge, their addresses and
//! a login, until Ctrl-C.
//! Invariant: nothing is started before it is known that it can be (ports free, parts built),
//! and nothing that was started outlives this command.
//! Start reading at [`up`]; [`demo`] makes the accounts, [`process`] minds the two servers.

mod demo;
mod options;
mod probe;
mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::build::{self, Part};
use crate::run::Step;
use crate::tools;
use crate::workspace::{dist, firsthop, root};
use demo::{Demo, EdgeKeys};
use options::Options;
use process::Server;

/// How long a server gets until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether both still run.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// workerd would wait for its open sockets for ever.
const EDGE_STOPS_WITHIN: Duration = Duration::from_secs(2);
/// The origin tells its clients to go elsewhere first.
const ORIGIN_STOPS_WITHIN: Duration = Duration::from_secs(8);
const ORIGIN_DRAIN: &str = "server.drain_seconds=2";

/// `cargo xtask up [--origin-port N] [--edge-port N] [--data DIR] [--fresh] [--no-build]`.
pub(crate) fn up(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    probe::require_free(options.origin_port, "--origin-port")?;
    probe::require_free(options.edge_port, "--edge-port")?;

    let tools = if options.no_build {
        tools::Build::ensure()?
    } else {
        println!("building (the first time takes minutes, later only what changed)");
        build::parts(&Part::ALL)?
    };

    // From here on Ctrl-C means: stop in order.
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The loop below has ended already if nobody listens any more.
        let _ = stop.send(());
    })
    .context("could not listen for Ctrl-C")?;

    let layout = Layout::make(&options)?;
    let demo = Demo::prepare(&options, &layout.origin_data, &layout.notes)?;

    let step = Step::begin("starting the origin");
    let mut origin = Server::start("the origin", layout.origin(&options), &layout.origin_log)?;
    origin.wait_until_ready(options.origin_port, "/readyz", READY_WITHIN)?;
    step.done();

    let step = Step::begin("starting the edge");
    let mut edge = Server::start(
        "the edge",
        layout.edge(&options, &demo.edge, &tools),
        &layout.edge_log,
    )?;
    edge.wait_until_ready(options.edge_port, "/healthz", READY_WITHIN)?;
    edge.wait_until_ready(options.edge_port, "/widget.js", READY_WITHIN)?;
    step.done();

    println!("{}", layout.welcome(&options, &demo, &origin));
    let outcome = mind(&stopped, &mut origin, &mut edge, &layout, &options);

    println!("stopping");
    edge.stop(EDGE_STOPS_WITHIN);
    origin.stop(ORIGIN_STOPS_WITHIN);
    outcome
}

/// Returns when the user wants to stop, or with an error when nothing is left to run.
fn mind(
    stopped: &mpsc::Receiver<()>,
    origin: &mut Server,
    edge: &mut Server,
    layout: &Layout,
    options: &Options,
) -> Result<()> {
    loop {
        match stopped.recv_timeout(LOOK_EVERY) {
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if let Some(how) = origin.has_just_ended() {
            println!(
                "\n  The origin has ended ({how}). The widget goes on answering what it knows.\n  \
                 To bring the origin back, run in another terminal:\n    {}",
                layout.origin_command(options)
            );
        }
        if let Some(how) = edge.has_just_ended() {
            println!(
                "\n  The edge has ended ({how}); see {}.\n  Ctrl-C stops the rest; then \
                 `cargo xtask up` starts both again.",
                layout.edge_log.display()
            );
        }
        if origin.is_over() && edge.is_over() {
            bail!(
                "both servers have ended: see {} and {}",
                layout.origin_log.display(),
                layout.edge_log.display()
            );
        }
    }
}

/// Where this run keeps its things.
struct Layout {
    origin_data: PathBuf,
    edge_state: PathBuf,
    pages: PathBuf,
    notes: PathBuf,
    origin_log: PathBuf,
    edge_log: PathBuf,
}

impl Layout {
    fn make(options: &Options) -> Result<Self> {
        let dir = &options.data;
        if options.fresh && dir.exists() {
            std::fs::remove_dir_all(dir)
                .with_context(|| format!("could not empty {}", dir.display()))?;
        }
        let layout = Self {
            origin_data: dir.join("origin"),
            edge_state: dir.join("edge"),
            pages: root().join("deploy/demo"),
            notes: dir.join("demo.json"),
            origin_log: dir.join("origin.log"),
            edge_log: dir.join("edge.log"),
        };
        for dir in [&layout.origin_data, &layout.edge_state] {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("could not make {}", dir.display()))?;
        }
        Ok(layout)
    }

    fn origin(&self, options: &Options) -> Command {
        let mut command = Command::new(firsthop());
        command
            .args(["serve", "--data"])
            .arg(&self.origin_data)
            .args(["--listen", &options.origin_address()])
            .args(["--set", ORIGIN_DRAIN]);
        command
    }

    /// What the user types to start the origin again.
    fn origin_command(&self, options: &Options) -> String {
        format!(
            "{} serve --data {} --listen {}",
            shown(&firsthop()),
            shown(&self.origin_data),
            options.origin_address()
        )
    }

    fn edge(&self, options: &Options, keys: &EdgeKeys, tools: &tools::Build) -> Command {
        let mut command = Command::new(&tools.workerd);
        command
            .arg("serve")
            .arg(format!("-shttp={}", options.edge_address()))
            .arg(format!("-eorigin={}", options.origin_address()))
            .arg(format!("-dstate={}", self.edge_state.display()))
            .arg(format!("-dpages={}", self.pages.display()))
            .arg(dist("edge").join("firsthop.capnp"))
            .env("FIRSTHOP_EDGE_ID", &keys.id)
            .env("FIRSTHOP_EDGE_KEY", &keys.key)
            .env("FIRSTHOP_TOKEN_KEY", &keys.token_key)
            .env("FIRSTHOP_PACK_KEY", &keys.pack_key)
            .env("FIRSTHOP_ORIGIN_URL", options.origin_url());
        command
    }

    fn welcome(&self, options: &Options, demo: &Demo, origin: &Server) -> String {
        format!(
            "
  Firsthop is running.

    Demo shop   {}/demo/
    Console     {}/console/
    Login       {}   password  {}

  Ask the shop in Chinese or English; what it does not know appears in the console.
  To see it without the origin:  kill -9 {}
  and to bring that back:        {}
  Logs: {} and {}. Ctrl-C stops both servers.
",
            options.edge_url(),
            options.origin_url(),
            demo.email,
            demo.password,
            origin.id(),
            self.origin_command(options),
            shown(&self.origin_log),
            shown(&self.edge_log),
        )
    }
}

/// The path as seen from where the user probably stands: the root of the checkout.
fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
