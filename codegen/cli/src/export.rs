//! The contract of a package: it is built, run with `QUEQIAO_EXPORT`, and writes its document.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cargo_metadata::{MetadataCommand, Package};
use indicatif::ProgressBar;
use miette::{IntoDiagnostic as _, WrapErr as _};

use crate::arguments::Program;

/// How long a started program may take to write its contract; it does so before anything else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A package that is asked for its contract.
pub(crate) struct Exporter {
    /// Its name.
    pub(crate) name: String,
    /// The folder of its Cargo.toml.
    pub(crate) folder: PathBuf,
}

impl Exporter {
    /// Finds the package by name, or the one of the current folder.
    pub(crate) fn find(program: &Program) -> miette::Result<Self> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .into_diagnostic()
            .wrap_err("cargo does not know a package here; run the command inside a cargo workspace")?;
        let members = metadata.workspace_packages();
        let binaries = || members.iter().filter(|package| has_binary(package));
        let found = match &program.package {
            Some(name) => members.iter().find(|package| package.name.as_str() == name),
            None => metadata
                .root_package()
                .and_then(|root| members.iter().find(|package| package.id == root.id))
                .or(match binaries().collect::<Vec<_>>().as_slice() {
                    [only] => Some(*only),
                    _ => None,
                }),
        };
        let Some(package) = found else {
            let names: Vec<&str> = binaries().map(|package| package.name.as_str()).collect();
            let problem = match &program.package {
                Some(name) => format!("this workspace has no package {name}"),
                None => "this folder is not that of one package".to_owned(),
            };
            return Err(miette::miette!(
                help = format!("Give one with -p: {}", names.join(", ")),
                "{problem}"
            ));
        };
        let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
        Ok(Self { name: package.name.to_string(), folder: folder.unwrap_or_default() })
    }

    /// The command that builds and runs the package.
    pub(crate) fn run(&self, program: &Program) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["run", "--package", &self.name]);
        if let Some(bin) = &program.bin {
            cargo.args(["--bin", bin]);
        }
        for features in &program.features {
            cargo.args(["--features", features]);
        }
        cargo.args(program.no_default_features.then_some("--no-default-features"));
        cargo.args(program.release.then_some("--release"));
        cargo
    }

    /// Builds and runs the package, and gives the text of its document.
    pub(crate) fn export(&self, program: &Program) -> miette::Result<String> {
        let mut cargo = self.run(program);
        if console::colors_enabled_stderr() {
            cargo.env("CARGO_TERM_COLOR", "always");
        }
        let file =
            std::env::temp_dir().join(format!("queqiao-export-{}-{}.json", std::process::id(), self.name));
        let text = ask(cargo, &self.name, &file, PATIENCE);
        // It may not have been written.
        let _ = std::fs::remove_file(&file);
        text
    }
}

fn has_binary(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is_bin())
}

/// Runs `command`, which is to write its contract to `file`.
fn ask(mut command: Command, name: &str, file: &Path, patience: Duration) -> miette::Result<String> {
    command.env("QUEQIAO_EXPORT", file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().into_diagnostic().wrap_err("cannot start cargo")?;
    let (lines, output) = mpsc::channel();
    forward(child.stdout.take(), lines.clone());
    forward(child.stderr.take(), lines);

    let progress = ProgressBar::new_spinner().with_message(format!("building {name}"));
    let mut told: Vec<String> = Vec::new();
    let mut started: Option<Instant> = None;
    let status = loop {
        progress.tick();
        while let Ok(line) = output.try_recv() {
            let plain = console::strip_ansi_codes(&line).trim().to_owned();
            if plain.starts_with("Running `") {
                // What follows is the program's own.
                started = Some(Instant::now());
                told.clear();
                continue;
            }
            if started.is_none() && !plain.is_empty() {
                progress.set_message(format!("{name}: {plain}"));
            }
            told.push(line);
        }
        if let Some(status) = child.try_wait().into_diagnostic()? {
            break Some(status);
        }
        if started.is_some_and(|started| started.elapsed() > patience) {
            stop(&mut child);
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    progress.finish_and_clear();
    // A program that was left running by another may keep the pipe open: do not wait for its end.
    while let Ok(line) = output.recv_timeout(Duration::from_millis(200)) {
        if console::strip_ansi_codes(&line).trim().starts_with("Running `") {
            started = Some(Instant::now());
            told.clear();
        } else {
            told.push(line);
        }
    }
    let told = told.join("\n");
    let help = "main must call queqiao::serve(api(), …) before anything else: serve writes the contract and ends when \
                QUEQIAO_EXPORT is set. If the package has several binaries, name the server's with --bin";
    match status {
        Some(status) if status.success() => match std::fs::read_to_string(file) {
            Ok(text) => Ok(text),
            Err(_) => {
                Err(miette::miette!(help = help, "{name} has ended without writing its contract\n{told}"))
            }
        },
        Some(status) if started.is_some() => Err(miette::miette!(
            help = "Correct what the program says above; if it says nothing of its API, let main call queqiao::serve first",
            "{name} could not give its contract ({status})\n{told}"
        )),
        Some(_) => Err(miette::miette!(help = "Correct the errors above", "{name} does not build\n{told}")),
        None => Err(miette::miette!(
            help = help,
            "{name} runs for {} seconds without having written its contract; it has been stopped\n{told}",
            patience.as_secs()
        )),
    }
}

fn forward(pipe: Option<impl Read + Send + 'static>, lines: mpsc::Sender<String>) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if lines.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
}

fn stop(child: &mut Child) {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Asks a shell script that stands for cargo and the package.
    fn script(text: &str) -> Result<String, (String, String)> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        ask(command, "demo", &folder.path().join("export.json"), Duration::from_millis(300)).map_err(
            |error| (error.to_string(), error.help().map(|help| help.to_string()).unwrap_or_default()),
        )
    }

    #[test]
    fn the_document_comes_back() {
        let text = script(
            "echo '   Compiling demo' >&2; echo '     Running `demo`' >&2; printf '{}' > \"$QUEQIAO_EXPORT\"",
        );
        assert_eq!(text, Ok("{}".into()));
    }

    #[test]
    fn a_failing_build_shows_cargos_words() {
        let (text, _) = script("echo 'error[E0277]: no' >&2; exit 101").expect_err("fails");
        assert!(text.contains("does not build") && text.contains("error[E0277]: no"), "{text}");
    }

    #[test]
    fn a_failing_program_shows_its_own_words_only() {
        let run = "echo 'warning: old' >&2; echo '     Running `demo`' >&2; echo 'two handlers on GET /a' >&2; exit 1";
        let (text, _) = script(run).expect_err("fails");
        assert!(text.contains("two handlers on GET /a") && !text.contains("warning: old"), "{text}");
    }

    #[test]
    fn a_program_that_does_not_export_gets_the_remedy() {
        for run in ["echo '     Running `demo`' >&2", "echo '     Running `demo`' >&2; exec sleep 20"] {
            let (_, help) = script(run).expect_err("fails");
            assert!(help.contains("queqiao::serve"), "{help}");
        }
    }
}
