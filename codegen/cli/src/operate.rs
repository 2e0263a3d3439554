//! Tasks that the program itself does: its migrations and settings are in it alone.

use std::process::ExitCode;

use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_operator::Task;

use crate::arguments::Program;
use crate::export::Exporter;

/// cargo's own exit code when a package does not build.
const NOT_BUILT: i32 = 101;

/// Builds the package and says the task to it; its output is the program's, and so is the exit code.
pub(crate) fn run(program: &Program, task: &Task) -> miette::Result<ExitCode> {
    let package = Exporter::find(program)?;
    let mut cargo = package.run(program);
    cargo.arg("--").args(task.arguments());
    let status = cargo.status().into_diagnostic().wrap_err("cannot start cargo")?;
    match status.code() {
        Some(NOT_BUILT) => Err(miette::miette!(
            help = "Correct the errors above",
            "{} does not build, or has panicked",
            package.name
        )),
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(2))),
        None => Err(miette::miette!("{} was stopped ({status})", package.name)),
    }
}
