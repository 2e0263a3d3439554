//! `cargo xtask test`: everything that must hold before a change goes in.

mod bench;
mod command;
mod fuzz;
mod host_tools;
mod object_store;
mod report;
mod requirements;
mod server_bench;
mod soak;
mod steps;
mod storage;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

/// Tasks of this workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what the tests need and runs them all, cheapest first.
    ///
    /// Every step runs even if an earlier one failed; the table at the end says which. Debian packages are
    /// installed with apt-get, so a machine without Chromium needs root for that one step.
    Test {
        /// Only steps whose name contains this; may be given several times.
        #[arg(long)]
        only: Vec<String>,
        /// Names the steps and what each proves, and runs nothing.
        #[arg(long)]
        list: bool,
        /// Prints the table as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Puts the client, or its generator, under stress for long; `test` does a small part of it.
    Soak {
        #[command(subcommand)]
        what: soak::What,
    },
    /// Measures, beside budgets and other projects.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} {error:#}", console::style("error:").red().bold());
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<bool> {
    match arguments.task {
        Task::Test { only, list, json } => test(&only, list, json),
        Task::Soak { what } => soak::run(what),
        Task::Bench(bench) => bench::start(&bench).map(|()| true),
    }
}

fn test(only: &[String], list: bool, json: bool) -> Result<bool> {
    let steps = steps::all();
    if list {
        for step in &steps {
            println!("{:<14} {}", step.name, step.proves);
        }
        return Ok(true);
    }
    let chosen: Vec<_> = steps
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|part| step.name.contains(part)))
        .collect();
    if chosen.is_empty() {
        bail!("no step has a name that contains {}; see `cargo xtask test --list`", only.join(" or "));
    }
    std::env::set_current_dir(command::root())?;
    let mut results = Vec::new();
    for step in chosen {
        eprintln!(
            "\n{} {}: {}",
            console::style("▶").cyan().bold(),
            console::style(step.name).bold(),
            step.proves
        );
        results.push(report::time(step.name, || (step.run)()));
    }
    report::print(&results, json);
    Ok(results.iter().all(report::StepResult::passed))
}
