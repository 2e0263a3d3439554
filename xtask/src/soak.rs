//! `cargo xtask soak`: runs that are too long for every change.

use std::process::Stdio;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::command::{cargo, output, program, root};
use crate::steps::collect_documents;

/// Where results are recorded.
const RECORDS: &str = "bench/soak";

/// What is put under stress.
#[derive(Subcommand)]
pub(crate) enum What {
    /// The generated client: seeded interleavings in QuickJS, on a virtual clock and network.
    ///
    /// A run in which a rule breaks is told step by step, in its shortest form, with the command that repeats it.
    Client {
        /// The seed of the first run; the next has the next number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many runs.
        #[arg(long, default_value_t = 10_000)]
        runs: u64,
        /// Only these steps of each run, as a failing run told them.
        #[arg(long)]
        steps: Option<String>,
        /// Prints all that happens in each run.
        #[arg(long)]
        trace: bool,
        /// Prints the summary as JSON on standard output.
        #[arg(long)]
        json: bool,
        /// Writes the summary to bench/soak/client.json.
        #[arg(long)]
        record: bool,
    },
    /// Logins and encrypted data: seeded interleavings over two instances on one database.
    Sessions {
        /// The seed of the first run; the next has the next number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many runs.
        #[arg(long, default_value_t = 10_000)]
        runs: u64,
        /// Writes the summary to bench/soak/sessions.json.
        #[arg(long)]
        record: bool,
    },
    /// The generator: mutated documents, the public ones among them.
    Generator {
        /// The seed of the first case; the next has the next number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// Writes the summary to bench/soak/generator.json.
        #[arg(long)]
        record: bool,
    },
}

/// Tells whether all held.
pub(crate) fn run(what: What) -> Result<bool> {
    let mut command = match what {
        What::Client { seed, runs, steps, trace, json, record } => {
            let mut command = cargo(&["run", "--quiet", "--package", "queqiao-client-soak", "--"]);
            command.args(["--seed", &seed.to_string(), "--runs", &runs.to_string()]);
            if let Some(steps) = steps {
                command.args(["--steps", &steps]);
            }
            for (flag, given) in [("--trace", trace), ("--json", json)] {
                if given {
                    command.arg(flag);
                }
            }
            if record {
                command.args(["--record", &format!("{RECORDS}/client.json")]);
            }
            if let Some(commit) = output(program("git", &["rev-parse", "--short", "HEAD"])) {
                command.args(["--commit", &commit]);
            }
            command
        }
        What::Sessions { seed, runs, record } => {
            let mut command =
                cargo(&["test", "--quiet", "--package", "queqiao", "--features", "test", "--lib"]);
            command.args(["auth::interleavings", "--", "--nocapture"]);
            command.env("QUEQIAO_SESSIONS_SEED", seed.to_string());
            command.env("QUEQIAO_SESSIONS_RUNS", runs.to_string());
            if record {
                command.env("QUEQIAO_SESSIONS_RECORD", root().join(RECORDS).join("sessions.json"));
            }
            command
        }
        What::Generator { seed, minutes, record } => {
            let documents = collect_documents()?;
            let mut command = cargo(&["test", "--quiet", "--package", "queqiao-codegen", "--test", "fuzz"]);
            command.args(["mutated_documents", "--", "--nocapture"]);
            command.env("QUEQIAO_FUZZ_SEED", seed.to_string());
            command.env("QUEQIAO_FUZZ_MINUTES", minutes.to_string());
            command.env("QUEQIAO_FUZZ_DOCUMENTS", root().join(documents));
            if record {
                std::fs::create_dir_all(root().join(RECORDS))?;
                command.env("QUEQIAO_FUZZ_RECORD", root().join(RECORDS).join("generator.json"));
            }
            eprintln!("{minutes} minutes of mutated documents …");
            command
        }
    };
    let status = command
        .stdin(Stdio::null())
        .current_dir(root())
        .status()
        .context("cargo cannot be started; is it installed?")?;
    Ok(status.success())
}
