//! Time to answer one question: the same pack, the same questions, natively, as wasm in Node and in
//! headless Chromium (one module, made as the widget's is), and with MiniSearch, which web
//! developers would use instead. Fails if the first three differ in a single decision. A question's
//! time is the median of its rounds; percentiles are over questions. Times in a page are not
//! taken: its clock is too coarse.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use firsthop_core::answer::measure::{Case, Measured, parse_cases};
use firsthop_core::answer::{Answerer, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, build};
use serde::Deserialize;
use serde_json::{Value, json};

use firsthop_load::Speed;

use super::rival;
use crate::progress;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The knowledge that answers
    #[arg(long, default_value = "deploy/demo/knowledge.jsonl")]
    knowledge: PathBuf,
    /// The questions
    #[arg(long, default_value = "tests/load/cases/shop.jsonl")]
    cases: PathBuf,
    /// How often each question is asked
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// The directory with the answerer as wasm; only the native one is measured without
    #[arg(long)]
    answerer: Option<PathBuf>,
    /// Chromium, to see that it decides the same
    #[arg(long, requires = "answerer")]
    browser: Option<PathBuf>,
    /// A node_modules directory with MiniSearch, to compare with
    #[arg(long)]
    minisearch: Option<PathBuf>,
    /// How many of the questions MiniSearch is asked, as it takes its time
    #[arg(long, default_value_t = 200)]
    compared: usize,
}

pub(super) fn measure(args: &Args) -> Result<Value> {
    let knowledge = knowledge::parse(
        &args.knowledge.display().to_string(),
        &std::fs::read(&args.knowledge)?,
    )
    .map_err(|errors| {
        anyhow::anyhow!(
            "{}",
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    })?;
    progress("building the pack");
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})?;
    let cases = parse_cases(
        &args.cases.display().to_string(),
        &std::fs::read(&args.cases)?,
    )
    .map_err(anyhow::Error::msg)?;
    let questions: Vec<&str> = cases.iter().map(|case| case.q.as_str()).collect();
    let directory = tempfile::tempdir()?;
    let asked = Asked::write(
        directory.path(),
        &bytes,
        &report.hash.to_string(),
        &questions,
    )?;

    progress("measuring");
    let pack = Pack::load(bytes, report.hash)?;
    let native = firsthop_load::measure(&pack, &questions, args.rounds);
    let digest = format!("{:016x}", native.decisions);
    let mut line = json!({
        "bench": "answer",
        "entries": report.entries,
        "phrasings": report.phrasings,
        "pack_bytes": report.bytes,
        "questions": questions.len(),
        "native_us": { "mean": native.mean_us(), "p50": native.percentile_us(50), "p99": native.percentile_us(99) },
        "native_digest": digest,
    });
    let mut p50 = native.percentile_us(50);
    if let Some(module) = &args.answerer {
        let said = asked.ask("node.mjs", &[module], Some(args.rounds))?;
        let wasm = said.speed(questions.len())?;
        line["wasm_brotli_bytes"] = wasm_brotli_bytes(module)?.into();
        line["wasm_us"] = json!({ "mean": wasm.mean_us(), "p50": wasm.percentile_us(50), "p99": wasm.percentile_us(99) });
        let ratio = wasm.percentile_us(50) / native.percentile_us(50);
        line["wasm_to_native_p50"] = places(ratio, 100.0).into();
        line["wasm_digest"] = said.digest.as_str().into();
        agrees("as wasm in Node", &said.digest, &digest)?;
        p50 = wasm.percentile_us(50);
        if let Some(browser) = &args.browser {
            progress("asking Chromium");
            let said = asked.ask("chromium.mjs", &[browser, module], None)?;
            line["chromium_digest"] = said.digest.as_str().into();
            agrees("as wasm in Chromium", &said.digest, &digest)?;
        }
        line["same_decisions"] = true.into();
    }
    if let Some(modules) = &args.minisearch {
        progress("asking MiniSearch");
        let rival = rival::measure(modules, directory.path(), &knowledge, &cases, args.compared)?;
        line["top1"] = places(
            top1(&pack, cases.get(..args.compared).unwrap_or(&cases)),
            1e4,
        )
        .into();
        line["minisearch"] = json!({
            "questions": rival.questions,
            "top1": places(rival.top1, 1e4),
            "us_p50": places(rival.us_p50, 10.0),
        });
        line["times_minisearch"] = places(rival.us_p50 / p50, 1.0).into();
    }
    Ok(line)
}

/// The share of the questions that an entry answers for which it ranks first.
fn top1(pack: &Pack, cases: &[Case]) -> f64 {
    let (mut answerer, mut measured) = (Answerer::new(), Measured::default());
    for case in cases {
        let decision = answerer.decide(pack, &Question::new(&case.q));
        measured.add(pack, &mut answerer, case, &decision);
    }
    f64::from(measured.top1) / f64::from(measured.in_scope.max(1))
}

fn places(value: f64, unit: f64) -> f64 {
    (value * unit).round() / unit
}

fn agrees(place: &str, said: &str, natively: &str) -> Result<()> {
    if said != natively {
        bail!(
            "the answerer decides differently {place} ({said}, natively {natively}): a defect, as every hop must say the same"
        );
    }
    Ok(())
}

fn wasm_brotli_bytes(module: &Path) -> Result<u64> {
    let file = module.join("answerer.wasm.br");
    let meta = std::fs::metadata(&file).with_context(|| format!("no {}", file.display()))?;
    Ok(meta.len())
}

/// What the scripts of `tests/answerer/js` print.
#[derive(Deserialize)]
struct Said {
    digest: String,
    /// In µs; none from a page.
    times: Vec<f64>,
}

impl Said {
    fn speed(&self, questions: usize) -> Result<Speed> {
        let time = |us: &f64| Duration::from_secs_f64(us.max(0.0) / 1e6);
        let times: Vec<Duration> = self.times.iter().map(time).collect();
        let decisions = u64::from_str_radix(&self.digest, 16)?;
        Ok(Speed::of(&times, questions, decisions))
    }
}

/// The files that the scripts read.
struct Asked {
    pack: PathBuf,
    hash: String,
    questions: PathBuf,
}

impl Asked {
    fn write(directory: &Path, pack: &[u8], hash: &str, questions: &[&str]) -> Result<Self> {
        let asked = Self {
            pack: directory.join("pack"),
            hash: hash.to_owned(),
            questions: directory.join("questions.json"),
        };
        std::fs::write(&asked.pack, pack)?;
        std::fs::write(&asked.questions, json!(questions).to_string())?;
        Ok(asked)
    }

    /// Runs a script with the answerer's module; `first` are its own arguments.
    fn ask(&self, script: &str, first: &[&PathBuf], rounds: Option<u32>) -> Result<Said> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../answerer/js");
        let output = Command::new("node")
            .arg(scripts.join(script))
            .args(first)
            .arg(&self.pack)
            .arg(&self.hash)
            .arg(&self.questions)
            .args(rounds.map(|rounds| rounds.to_string()))
            .output()
            .context("could not start node")?;
        if !output.status.success() {
            bail!(
                "{script} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
