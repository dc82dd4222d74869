//! `firsthop pack eval --pack PACK --cases FILE [--sweep …]`.

use std::path::Path;
use std::time::Instant;

use firsthop_core::answer::measure::{Measured, parse_cases};
use firsthop_core::answer::{Answerer, Question};
use firsthop_core::pack::Pack;
use serde_json::{Map, Value, json};

use super::rounded;
use crate::cli::{CliError, print_json};

pub(super) fn run(pack: &Pack, file: &Path, sweep: &[String]) -> Result<(), CliError> {
    let precisions = precisions(sweep)?;
    let text = std::fs::read(file).map_err(|error| CliError::Read(file.to_owned(), error))?;
    let cases = parse_cases(&file.display().to_string(), &text).map_err(CliError::Problem)?;
    let mut answerer = Answerer::new();
    // The first time, caches are cold and the answerer allocates what it works in.
    for case in &cases {
        answerer.decide(pack, &Question::new(&case.q));
    }
    let mut measured = Measured::default();
    let mut times = Vec::with_capacity(cases.len());
    for case in &cases {
        let question = Question::new(&case.q);
        let began = Instant::now();
        let decision = answerer.decide(pack, &question);
        times.push(began.elapsed());
        measured.add(pack, &mut answerer, case, &decision);
    }
    times.sort_unstable();
    let time = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1);
        let time = times.get(rank - 1).copied().unwrap_or_default();
        rounded(time.as_secs_f64() * 1e6, 2)
    };
    let of_in_scope = |part: u32| share(f64::from(part) / f64::from(measured.in_scope.max(1)));
    let mut line = json!({
        "cases": measured.cases,
        "in_scope": measured.in_scope,
        "out_of_scope": measured.out_of_scope,
        "top1": of_in_scope(measured.top1),
        "top3": of_in_scope(measured.top3),
        "answered_right": measured.answered_right,
        "answered_wrong_in_scope": measured.answered_wrong_in_scope,
        "answered_out_of_scope": measured.answered_out_of_scope,
        "suggested": measured.suggested,
        "suggested_with_right": measured.suggested_with_right,
        "handed_off": measured.handed_off,
        "small_talk": measured.small_talk,
        "precision": share(measured.precision()),
        "in_scope_precision": share(measured.in_scope_precision()),
        "coverage": share(measured.coverage()),
        "us_p50": time(50),
        "us_p99": time(99),
        "digest": format!("{:016x}", measured.digest.value()),
    });
    if !precisions.is_empty() {
        let coverages: Map<String, Value> = precisions
            .iter()
            .map(|(text, precision)| (text.clone(), share(measured.coverage_at(*precision)).into()))
            .collect();
        line["sweep"] = coverages.into();
    }
    print_json(&line);
    Ok(())
}

fn share(value: f64) -> f64 {
    rounded(value, 4)
}

/// The precisions as they were written, which is how they come back, and as numbers.
fn precisions(sweep: &[String]) -> Result<Vec<(String, f64)>, CliError> {
    let mut found = Vec::new();
    for text in sweep.iter().map(|text| text.trim()) {
        match text.parse::<f64>() {
            Ok(precision) if (0.0..=1.0).contains(&precision) => {
                found.push((text.to_owned(), precision));
            }
            _ => {
                return Err(CliError::Problem(format!(
                    "--sweep takes precisions from 0 to 1, such as 0.90,0.95, not `{text}`"
                )));
            }
        }
    }
    Ok(found)
}
