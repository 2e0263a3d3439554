//! The command behind `cargo xtask soak client`.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use queqiao_client_soak::{Clients, Counts, Files, Outcome, Rule, clients, missing, run, shorten};
use serde::Serialize;

/// From so many runs on, a failure or a kind of host that never occurred is an error: it was not tested.
const COMPLETE: u64 = 5_000;

/// The generated client under stress: seeded interleavings in QuickJS, on a virtual clock and network.
#[derive(Parser)]
#[command(bin_name = "cargo xtask soak client")]
struct Arguments {
    /// The seed of the first run; the next has the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many runs.
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// Threads; the processor's number of cores if not given.
    #[arg(long)]
    threads: Option<u64>,
    /// Only these steps of each run, as a failing run told them.
    #[arg(long, value_delimiter = ',')]
    steps: Option<Vec<usize>>,
    /// Prints all that happened in each run.
    #[arg(long)]
    trace: bool,
    /// Prints the summary as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Writes the summary as JSON into a file.
    #[arg(long)]
    record: Option<PathBuf>,
    /// The commit that is tested, for the summary.
    #[arg(long)]
    commit: Option<String>,
    /// A folder with another emitted client of the same contract.
    #[arg(long)]
    client: Option<PathBuf>,
    /// Prints the contract, for other clients, and runs nothing.
    #[arg(long)]
    contract: bool,
}

#[derive(Serialize)]
struct Summary {
    seed: u64,
    runs: u64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// Seeds of the runs in which a rule was broken.
    broken: BTreeMap<String, Vec<u64>>,
    /// What should have occurred, and did not.
    missing: Vec<String>,
    #[serde(flatten)]
    counts: Counts,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match soak(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} {error}", style("error:").red().bold());
            ExitCode::from(2)
        }
    }
}

fn soak(arguments: &Arguments) -> Result<bool, String> {
    if arguments.contract {
        println!("{:#}", queqiao_client_soak::document());
        return Ok(true);
    }
    let files = match &arguments.client {
        Some(folder) => Clients { direct: read(folder)?, container: None },
        None => clients()?,
    };
    let started = Instant::now();
    let (counts, failures) = run_all(arguments, &files)?;
    let mut broken: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for failure in &failures {
        broken.entry(rule_of(failure)).or_default().push(failure.seed);
    }
    let summary = Summary {
        seed: arguments.seed,
        runs: arguments.runs,
        seconds: (started.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        commit: arguments.commit.clone(),
        broken,
        missing: if arguments.runs >= COMPLETE { missing(&counts) } else { Vec::new() },
        counts,
    };
    let mut told = BTreeSet::new();
    for failure in &failures {
        if told.insert(rule_of(failure)) {
            show(failure, &files)?;
        }
    }
    print(&summary);
    let text = serde_json::to_string_pretty(&summary).map_err(|error| error.to_string())?;
    if arguments.json {
        println!("{text}");
    }
    if let Some(file) = &arguments.record {
        let write = || {
            std::fs::create_dir_all(file.parent().unwrap_or(file))?;
            std::fs::File::create(file)?.write_all(format!("{text}\n").as_bytes())
        };
        write().map_err(|error: std::io::Error| format!("{} cannot be written: {error}", file.display()))?;
    }
    Ok(summary.broken.is_empty() && summary.missing.is_empty())
}

fn read(folder: &std::path::Path) -> Result<Files, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Files::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
        }
    }
    Ok(files)
}

/// Runs all seeds on several threads; what came of them does not depend on how many.
fn run_all(arguments: &Arguments, files: &Clients) -> Result<(Counts, Vec<Outcome>), String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let threads = arguments.threads.unwrap_or(cores).max(1);
    let keep: Option<BTreeSet<usize>> = arguments.steps.as_ref().map(|steps| steps.iter().copied().collect());
    let next = AtomicU64::new(0);
    let found = Mutex::new((Counts::default(), Vec::new(), None));
    let bar = ProgressBar::new(arguments.runs);
    let look = "{bar:40} {pos}/{len} runs, {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Counts::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= arguments.runs {
                        break;
                    }
                    let seed = arguments.seed.wrapping_add(index);
                    let outcome = run(seed, files, keep.as_ref(), arguments.trace);
                    bar.inc(1);
                    let Ok(mut found) = found.lock() else { break };
                    match outcome {
                        Ok(outcome) => {
                            mine.merge(&outcome.counts);
                            if arguments.trace {
                                bar.suspend(|| println!("seed {seed}\n{}", outcome.trace.join("\n")));
                            }
                            if !outcome.violations.is_empty() {
                                found.1.push(outcome);
                                bar.set_message(format!("{} broken", found.1.len()));
                            }
                        }
                        Err(error) => {
                            found.2 = Some(error);
                            break;
                        }
                    }
                }
                if let Ok(mut found) = found.lock() {
                    found.0.merge(&mine);
                }
            });
        }
    });
    bar.finish_and_clear();
    let (counts, mut failures, error) =
        found.into_inner().map_err(|_| "a run has panicked; what it said stands above".to_owned())?;
    failures.sort_by_key(|outcome| outcome.seed);
    error.map_or(Ok((counts, failures)), Err)
}

fn rule_of(outcome: &Outcome) -> String {
    outcome.violations.first().map_or_else(String::new, |violation| format!("{:?}", violation.rule))
}

/// The shortest form of a failing run that could be found, and how to repeat it.
fn show(failure: &Outcome, files: &Clients) -> Result<(), String> {
    let (kept, short) = shorten(failure, files)?;
    let steps: Vec<String> = kept.iter().map(ToString::to_string).collect();
    eprintln!("\n{} {}", style("broken:").red().bold(), style(rule_of(failure)).bold());
    for line in &short.trace {
        eprintln!("  {line}");
    }
    eprintln!(
        "  {} cargo xtask soak client --seed {} --runs 1 --trace --steps {}",
        style("repeat with").dim(),
        failure.seed,
        if steps.is_empty() { "9999".to_owned() } else { steps.join(",") }
    );
    Ok(())
}

fn print(summary: &Summary) {
    let counts = &summary.counts;
    let table = |title: &str, rows: &BTreeMap<String, u64>| {
        eprintln!("\n{}", style(title).bold());
        for (name, count) in rows {
            eprintln!("  {count:>9}  {name}");
        }
    };
    table("Steps", &counts.steps);
    table("Hosts, phones and servers (runs)", &counts.hosts);
    table("Injected", &counts.injected);
    eprintln!("\n{}", style("Failures told by fail").bold());
    for (name, manners) in &counts.told {
        let of = |word: &str| {
            manners.iter().filter(|(manner, _)| manner.contains(word)).map(|(_, count)| count).sum::<u64>()
        };
        eprintln!(
            "  {:>9}  {name}: {} without errno, {} with an unknown errMsg, {} with nothing",
            manners.values().sum::<u64>(),
            of("without errno"),
            of("unknown"),
            of("nothing"),
        );
    }
    table("How the calls ended", &counts.ended);
    for name in &summary.missing {
        eprintln!("{} {name}", style("never occurred:").red().bold());
    }
    eprintln!(
        "\n{} runs from seed {}: {} calls, {} requests, {} executions, {} logins, {} simulated hours in {} s",
        summary.runs,
        summary.seed,
        counts.calls,
        counts.requests,
        counts.executions,
        counts.logins,
        counts.simulated_seconds / 3600,
        summary.seconds,
    );
    if summary.broken.is_empty() {
        eprintln!("{} all {} rules held in every run", style("ok:").green().bold(), Rule::ALL.len());
    }
    for (rule, seeds) in &summary.broken {
        let some: Vec<String> = seeds.iter().take(10).map(ToString::to_string).collect();
        eprintln!(
            "{} {rule} in {} runs: seeds {}",
            style("broken:").red().bold(),
            seeds.len(),
            some.join(" ")
        );
    }
}
