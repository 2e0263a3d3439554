//! The command behind `cargo xtask soak kill` and `cargo xtask soak users`.

#![forbid(unsafe_code)]

mod cluster;
mod engine;
mod kill;
mod ledger;
mod load;
mod random;
mod users;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::Value;

/// Storage under stress, on the engines themselves.
#[derive(Parser)]
#[command(bin_name = "cargo xtask soak")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Writes the summary as JSON into a file.
    #[arg(long, global = true)]
    record: Option<PathBuf>,
    /// The commit that is tested, for the summary.
    #[arg(long, global = true)]
    commit: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Kills the server, and the database, under load, round after round.
    Kill(kill::Options),
    /// Moves users from engine to engine, and kills each step once.
    Users(users::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.what {
        What::Kill(options) => kill::run(options).await,
        What::Users(options) => users::run(options).await,
    };
    match outcome.and_then(|(held, summary)| told(&arguments, held, summary)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn told(arguments: &Arguments, held: bool, mut summary: Value) -> anyhow::Result<bool> {
    if let (Some(commit), Some(summary)) = (&arguments.commit, summary.as_object_mut()) {
        summary.insert("commit".into(), commit.as_str().into());
    }
    let text = format!("{summary:#}\n");
    print!("{text}");
    if let Some(file) = &arguments.record {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(held)
}
