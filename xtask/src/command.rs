//! Running other programs, in the workspace's folder, with their output shown.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A cargo command.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// A program by its name.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

/// Runs to the end; anything but success is an error that names the command.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let told = told(&command);
    let folder = folder(&command);
    let status = command
        .stdin(Stdio::null())
        .current_dir(folder)
        .status()
        .with_context(|| format!("`{told}` cannot be started; is it installed?"))?;
    if !status.success() {
        bail!("`{told}` failed ({status})");
    }
    Ok(())
}

/// Runs quietly and returns what it printed, if it succeeded.
pub(crate) fn output(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn folder(command: &Command) -> PathBuf {
    command.get_current_dir().map_or_else(root, Path::to_owned)
}

fn told(command: &Command) -> String {
    let program =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
