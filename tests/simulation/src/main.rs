//! `cargo xtask sim`: many seeds at full speed. Prints one line of JSON; of the first violations a
//! shrunk script goes to standard error. Ends with 1 if there was one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use firsthop_simulation::{Library, Mutation, Settings, Tally, run, shrink};

const HELP: &str = "\
--seeds N       runs (2000)
--seed S        the first seed (1); with --seeds 1 it replays one run
--steps M       things that happen in each before everything heals (1000)
--mutation NAME with a deliberate bug
--mutations     every deliberate bug: the first seed that finds each
--trace         tell what happens in the first run
";

/// Violations that are shrunk and told.
const TOLD_MAX: usize = 3;
/// Seeds within which each deliberate bug must be found.
const FOUND_WITHIN: u64 = 1_000;

struct Arguments {
    seeds: u64,
    seed: u64,
    steps: u64,
    mutation: Option<Mutation>,
    mutations: bool,
    trace: bool,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments {
        seeds: 2_000,
        seed: 1,
        steps: 1_000,
        mutation: None,
        mutations: false,
        trace: false,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        match name.as_str() {
            "--mutations" => parsed.mutations = true,
            "--trace" => parsed.trace = true,
            _ => {
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
                        let mut all = Mutation::ALL.iter();
                        let known = all.find(|mutation| mutation.as_str() == value);
                        parsed.mutation = Some(*known.ok_or(format!("no mutation {value}"))?);
                    }
                    _ => return Err(format!("unknown argument {name}")),
                }
            }
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    if std::env::args().any(|given| given == "--help" || given == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let library = Library::new();
    let succeeded = if arguments.mutations {
        find_mutations(&library, arguments.steps)
    } else {
        run_seeds(&library, &arguments)
    };
    if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run_seeds(library: &Library, arguments: &Arguments) -> bool {
    let began = Instant::now();
    let settings = |seed| Settings {
        mutation: arguments.mutation,
        ..Settings::new(seed, arguments.steps)
    };
    if arguments.trace {
        tell(library, settings(arguments.seed));
    }
    let next = AtomicU64::new(arguments.seed);
    let end = arguments.seed.saturating_add(arguments.seeds);
    let work = || {
        let (mut total, mut failed) = (Tally::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return (total, failed);
            }
            match run(library, settings(seed)) {
                Ok(tally) => total.add(&tally),
                Err(_) => failed.push(seed),
            }
        }
    };
    let (mut total, mut failed) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (tally, seeds) = worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            total.add(&tally);
            failed.extend(seeds);
        }
    });
    failed.sort_unstable();
    for &seed in failed.iter().take(TOLD_MAX) {
        if let Some(shrunk) = shrink(library, settings(seed)) {
            eprintln!("{shrunk}\n");
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{}",
        total.to_json(&format!(
            "\"seeds\":{},\"violations\":{},\"wall_seconds\":{seconds:.1},\"never_happened\":{:?},",
            arguments.seeds,
            failed.len(),
            total.missing()
        ))
    );
    failed.is_empty()
}

fn tell(library: &Library, settings: Settings<'_>) {
    let traced = Settings {
        trace: true,
        ..settings
    };
    match run(library, traced) {
        Ok(tally) => eprintln!("{}", tally.trace),
        Err(violation) => eprintln!("{violation}"),
    }
}

/// Each deliberate bug, and the first seed that finds it.
fn find_mutations(library: &Library, steps: u64) -> bool {
    let began = Instant::now();
    let mut lines = Vec::new();
    let mut all_found = true;
    for &mutation in Mutation::ALL {
        let settings = |seed| Settings {
            mutation: Some(mutation),
            ..Settings::new(seed, steps)
        };
        let found = (1..=FOUND_WITHIN).find(|&seed| run(library, settings(seed)).is_err());
        all_found &= found.is_some();
        let found = found.map_or("null".to_owned(), |seed| seed.to_string());
        lines.push(format!("\"{}\":{found}", mutation.as_str()));
    }
    println!(
        "{{\"mutations\":{},\"wall_seconds\":{:.1},\"first_seed\":{{{}}}}}",
        Mutation::ALL.len(),
        began.elapsed().as_secs_f64(),
        lines.join(",")
    );
    all_found
}
