//! `cargo queqiao generate`.

use std::io::Write;

use console::style;
use miette::IntoDiagnostic as _;
use serde_json::json;

use crate::files::refuse_foreign;
use crate::plan::{Plan, shown};

pub(crate) fn run(plan: &Plan, force: bool, as_json: bool, out: &mut dyn Write) -> miette::Result<()> {
    if !force {
        refuse_foreign(&plan.client)?;
    }
    let mut files = Vec::new();
    for file in plan.openapi.iter().chain(&plan.client) {
        files.push((file, file.write()?));
    }
    if as_json {
        let files: Vec<_> = files
            .iter()
            .map(|(file, written)| json!({"path": file.path, "written": written, "bytes": file.text.len()}))
            .collect();
        let result = json!({"contract": plan.contract, "files": files, "notes": plan.notes});
        return writeln!(out, "{result:#}").into_diagnostic();
    }
    let written = files.iter().filter(|(_, written)| *written).count();
    for (file, written) in &files {
        let mark = if *written { style("written  ").green() } else { style("unchanged").dim() };
        writeln!(out, "  {mark}  {}", shown(&file.path)).into_diagnostic()?;
    }
    for note in &plan.notes {
        writeln!(out, "  {} {note}", style("note:").yellow()).into_diagnostic()?;
    }
    let verb = if written == 0 { "is up to date" } else { "has been generated" };
    writeln!(out, "The client of {} {verb} (contract {}).", plan.source, plan.contract).into_diagnostic()
}
