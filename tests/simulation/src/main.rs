//! `firsthop-simulation --seeds N --seed S --steps M [--mutation NAME]`: prints one line of JSON,
//! and each violation with what led to it on standard error. Ends with 1 if there was one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::process::ExitCode;
use std::time::Instant;

use firsthop_simulation::{Library, Mutation, Settings, Tally, run};

struct Arguments {
    seeds: u64,
    seed: u64,
    steps: u64,
    mutation: Option<Mutation>,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments {
        seeds: 2_000,
        seed: 1,
        steps: 1_000,
        mutation: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{name} {value}: not a number"))
        };
        match name.as_str() {
            "--seeds" => parsed.seeds = number()?,
            "--seed" => parsed.seed = number()?,
            "--steps" => parsed.steps = number()?,
            "--mutation" => {
                let known = Mutation::ALL
                    .iter()
                    .find(|mutation| mutation.as_str() == value);
                parsed.mutation = Some(*known.ok_or_else(|| format!("no mutation {value}"))?);
            }
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let Arguments {
        seeds,
        seed,
        steps,
        mutation,
    } = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}; --seeds N --seed S --steps M --mutation NAME");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let library = Library::new();
    let mut total = Tally::default();
    let mut violations = 0;
    for seed in seed..seed.saturating_add(seeds) {
        let settings = Settings {
            seed,
            steps,
            mutation,
            trace: false,
        };
        match run(&library, settings) {
            Ok(tally) => total.add(&tally),
            Err(_) => {
                violations += 1;
                if violations <= 3
                    && let Err(violation) = run(
                        &library,
                        Settings {
                            trace: true,
                            ..settings
                        },
                    )
                {
                    eprintln!("{violation}");
                }
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{}",
        total.to_json(&format!(
            "\"seeds\":{seeds},\"violations\":{violations},\"wall_seconds\":{seconds:.1},\"missing\":{:?},",
            total.missing()
        ))
    );
    if violations == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
