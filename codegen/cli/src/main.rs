//! `cargo queqiao`: generates the client of a mini-program, checks that it and its released versions still fit, and looks
//! after the database of its backend.

#![forbid(unsafe_code)]

mod arguments;
mod budget;
mod check;
mod compare;
mod configuration;
mod contracts;
#[cfg(feature = "emulator")]
mod emulator;
mod export;
mod files;
mod formats;
mod generate;
mod minify;
mod operate;
mod plan;
mod release;
mod servers;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use contracts::Contracts;
use queqiao_operator::Task;

/// Generating makes very many small values; with this an eighth fewer instructions do it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(without_cargos_word(std::env::args_os().collect()));
    let as_json = match &arguments.command {
        Command::Generate(generate) => generate.json,
        Command::Check(check) => check.json,
        Command::Export(export) => export.json,
        Command::Release(release) => release.json,
        #[cfg(feature = "emulator")]
        Command::Emulator(emulator) => emulator.json,
        Command::Db { task, .. } => Task::Db(task.clone()).json(),
        Command::Users { task, .. } => Task::Users(task.clone()).json(),
    };
    match run(&arguments) {
        Ok(code) => code,
        Err(error) if as_json => {
            let help = error.help().map(|help| help.to_string());
            let result = serde_json::json!({"error": format!("{error:?}"), "message": error.to_string(), "help": help});
            // Nobody may be listening any more.
            let _ = writeln!(std::io::stdout(), "{result:#}");
            ExitCode::from(2)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:?}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match &arguments.command {
        Command::Generate(command) => {
            let plan = plan::make(&command.source, &command.target)?;
            generate::run(&plan, command.force, command.json, &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check(command) => {
            let plan = plan::make(&command.source, &command.target)?;
            let contracts = Contracts::read(plan.contracts.clone())?;
            let outcome = check::run(&plan, &contracts, command.json, &mut out)?;
            Ok(ExitCode::from(outcome.code()))
        }
        Command::Release(command) => {
            release::run(command, &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Export(command) => {
            formats::run(command, &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "emulator")]
        Command::Emulator(command) => {
            emulator::run(command, &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Db { program, task } => operate::run(program, &Task::Db(task.clone())),
        Command::Users { program, task } => operate::run(program, &Task::Users(task.clone())),
    }
}

/// cargo starts `cargo-queqiao queqiao generate …` for `cargo queqiao generate …`.
fn without_cargos_word(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|word| word == "queqiao") {
        arguments.remove(1);
    }
    arguments
}
