//! `cargo queqiao release`: stores the contract that goes out with a version of the mini-program.

use std::io::Write;
use std::path::{Path, PathBuf};

use console::style;
use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{Options, contract_id};
use serde_json::{Value, json};

use crate::arguments;
use crate::configuration;
use crate::contracts::{Contracts, Stored, date};
use crate::export::Exporter;
use crate::plan::{parse, shown, stored_beside};

pub(crate) fn run(command: &arguments::Release, out: &mut dyn Write) -> miette::Result<()> {
    let day = match &command.date {
        Some(text) => date(text).map_err(|error| miette::miette!("--date: {error}"))?,
        None => jiff::Zoned::now().date(),
    };
    let (folder, package) = match &command.source.openapi {
        Some(file) => (stored_beside(file), None),
        None => {
            let package = Exporter::find(&command.source.program)?;
            (package.folder.join("contracts"), Some(package))
        }
    };
    // Before the build, which takes long.
    let mut contracts = Contracts::read(folder)?;
    if command.retire {
        let new = contracts.retire(&command.label)?;
        return retired(&contracts, command, new, out);
    }
    let (text, client) = match (&command.source.openapi, &package) {
        (None, Some(package)) => {
            let client = configuration::read(&package.folder)?;
            (package.export(&command.source.program)?, client.out)
        }
        (file, _) => {
            let file = file.clone().unwrap_or_default();
            let text = std::fs::read_to_string(&file)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot read {}", shown(&file)))?;
            (text, None)
        }
    };
    let document =
        parse(&text).map_err(|error| miette::miette!("the OpenAPI document cannot be read: {error}"))?;
    goes_out(&document, client.as_deref())?;
    let stored = contracts.add(&command.label, &document, day, command.date.is_some())?;
    told(&contracts, command, &stored, out)
}

/// Whether what is checked in for the mini-program is of this contract: it is what goes out.
fn goes_out(document: &Value, client: Option<&Path>) -> miette::Result<()> {
    queqiao_codegen::read(document, &Options { method_override: true, ..Options::default() })
        .map_err(|error| miette::miette!("the OpenAPI document gives no client: {error}"))?;
    let Some(index) = client.map(|folder: &Path| -> PathBuf { folder.join("index.js") }) else {
        return Ok(());
    };
    let Ok(text) = std::fs::read_to_string(&index) else { return Ok(()) };
    let found = text.lines().next().and_then(|line| line.strip_prefix("// queqiao contract: "));
    let contract = contract_id(document);
    match found {
        Some(found) if found.trim() != contract => Err(miette::miette!(
            help = "Run `cargo queqiao generate` first, and publish the mini-program with that client",
            "{} is of the contract {}, and the code's is {contract}: what goes out is not what would be stored",
            shown(&index),
            found.trim()
        )),
        _ => Ok(()),
    }
}

fn told(
    contracts: &Contracts,
    command: &arguments::Release,
    stored: &Stored,
    out: &mut dyn Write,
) -> miette::Result<()> {
    let Some(release) = contracts.releases().iter().find(|release| release.label == command.label) else {
        return Ok(());
    };
    if command.json {
        let result = json!({
            "label": release.label, "contract": release.contract, "released": release.released,
            "retired": release.retired, "stored": *stored == Stored::New,
        });
        return writeln!(out, "{result:#}").into_diagnostic();
    }
    let word = match stored {
        Stored::New => style("stored").green(),
        Stored::Already => style("stored already").dim(),
    };
    writeln!(
        out,
        "  {word}  {} of {}, with the contract {}",
        release.label, release.released, release.contract
    )
    .into_diagnostic()?;
    writeln!(out, "Commit {} and what stands beside it.", shown(&contracts.path())).into_diagnostic()
}

fn retired(
    contracts: &Contracts,
    command: &arguments::Release,
    new: bool,
    out: &mut dyn Write,
) -> miette::Result<()> {
    if command.json {
        let result = json!({ "label": command.label, "retired": true, "stored": new });
        return writeln!(out, "{result:#}").into_diagnostic();
    }
    let word = if new { style("retired").green() } else { style("retired already").dim() };
    writeln!(out, "  {word}  {}: `cargo queqiao check` does not look at it any more", command.label)
        .into_diagnostic()?;
    writeln!(out, "Commit {}.", shown(&contracts.path())).into_diagnostic()
}
