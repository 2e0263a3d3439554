//! `cargo xtask soak`: runs that are too long for every change.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::command::{cargo, output, program, root, run as run_to_the_end};
use crate::steps::collect_documents;
use crate::{fuzz, storage};

/// Where results are recorded.
pub(crate) const RECORDS: &str = "bench/soak";

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
    /// The storage: `kill -9` of the server, and of its database, under writes over HTTP.
    ///
    /// On SQLite, on a PostgreSQL of its own, and on MariaDB. Every write that was acknowledged must be there, none by
    /// half, and migrations that were interrupted go on.
    Kill {
        /// Decides who is killed when, in each round.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many rounds, on all engines together.
        #[arg(long, default_value_t = 1000)]
        rounds: u32,
        /// On one engine only: sqlite, postgres or mariadb.
        #[arg(long)]
        engine: Option<String>,
        /// Writes the summary to bench/soak/kill.json.
        #[arg(long)]
        record: bool,
    },
    /// Moving users: SQLite, PostgreSQL, MariaDB, SQLite, by export and import, each of which is killed once.
    Users {
        /// Decides who the users are, and when each step is killed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many users.
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
        /// Writes the summary to bench/soak/users.json.
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
    /// Access tokens: many processes on one Redis and on one PostgreSQL, a fast clock, and a WeChat that fails.
    Token {
        /// Decides which calls for a token fail, and how.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many processes.
        #[arg(long, default_value_t = 8)]
        processes: usize,
        /// Tasks in each process.
        #[arg(long, default_value_t = 200)]
        tasks: usize,
        /// Hours of the emulated clock.
        #[arg(long, default_value_t = 10)]
        hours: u32,
        /// How many times faster than the real clock the emulated one runs.
        #[arg(long, default_value_t = 60)]
        speed: u32,
        /// Writes the summary to bench/soak/token.json.
        #[arg(long)]
        record: bool,
    },
    /// Every decoder of WeChat's formats, under cargo-fuzz.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 5)]
        minutes: u64,
        /// Only targets whose name contains this; may be given several times.
        #[arg(long)]
        only: Vec<String>,
        /// Writes the summary to bench/soak/fuzz.json.
        #[arg(long)]
        record: bool,
    },
}

/// The command that puts the storage under stress, on servers that are running.
pub(crate) fn storage_soak(arguments: &[&str]) -> Result<Command> {
    let places = storage::servers()?;
    let package = ["--package", "queqiao-soak", "--features", "engines"];
    run_to_the_end(cargo(&[&["build", "--quiet"], &package[..]].concat()))?;
    let run = ["run", "--quiet"];
    let mut command = cargo(&[&run, &package[..], &["--bin", "queqiao-soak", "--"], arguments].concat());
    command.envs(places);
    Ok(command)
}

/// How much of `soak token`.
pub(crate) struct Tokens {
    pub(crate) seed: u64,
    pub(crate) processes: usize,
    pub(crate) tasks: usize,
    pub(crate) hours: u32,
    pub(crate) speed: u32,
}

/// The run of access tokens, on servers that are started if need be.
pub(crate) fn token(how: &Tokens) -> Result<Command> {
    let mut command = cargo(&["run", "--quiet", "--package", "queqiao-token-soak", "--"]);
    let started = storage::servers()?;
    for (variable, usual) in [
        ("QUEQIAO_TEST_REDIS", "redis://127.0.0.1:6379/0"),
        ("QUEQIAO_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test"),
    ] {
        let elsewhere = started.iter().find(|(name, _)| *name == variable).map(|(_, url)| url.clone());
        let url = std::env::var(variable).ok().or(elsewhere);
        command.args(["--store", url.as_deref().unwrap_or(usual)]);
    }
    for (name, value) in [
        ("--seed", how.seed.to_string()),
        ("--processes", how.processes.to_string()),
        ("--tasks", how.tasks.to_string()),
        ("--hours", how.hours.to_string()),
        ("--speed", how.speed.to_string()),
    ] {
        command.args([name, &value]);
    }
    Ok(command)
}

/// Tells whether all held.
pub(crate) fn run(what: What) -> Result<bool> {
    let recorded = |record: bool, name: &str| record.then(|| format!("{RECORDS}/{name}.json"));
    let mut command = match what {
        What::Kill { seed, rounds, engine, record } => {
            let mut command =
                storage_soak(&["kill", "--seed", &seed.to_string(), "--rounds", &rounds.to_string()])?;
            engine.iter().for_each(|engine| _ = command.args(["--engine", engine]));
            told(&mut command, recorded(record, "kill"));
            command
        }
        What::Users { seed, users, record } => {
            let mut command =
                storage_soak(&["users", "--seed", &seed.to_string(), "--users", &users.to_string()])?;
            told(&mut command, recorded(record, "users"));
            command
        }
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
            told(&mut command, recorded(record, "client"));
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
        What::Token { seed, processes, tasks, hours, speed, record } => {
            let mut command = token(&Tokens { seed, processes, tasks, hours, speed })?;
            told(&mut command, recorded(record, "token"));
            command
        }
        What::Fuzz { minutes, only, record } => return fuzz::run(minutes, &only, record),
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

/// Where the summary goes, and of which commit it is.
fn told(command: &mut Command, record: Option<String>) {
    record.iter().for_each(|file| _ = command.args(["--record", file]));
    if let Some(commit) = output(program("git", &["rev-parse", "--short", "HEAD"])) {
        command.args(["--commit", &commit]);
    }
}
