//! `cargo queqiao check`: tells what has changed, by operation and field, and what that means for released versions.

use std::io::Write;

use console::style;
use miette::IntoDiagnostic as _;
use queqiao_codegen::difference::{self, Change, ChangeKind};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::compare;
use crate::contracts::Contracts;
use crate::files::{State, Wanted};
use crate::plan::{Plan, shown};

/// How many lines of a text difference are shown.
const LINES: usize = 24;
/// How many operations are named at a change.
const OPERATIONS: usize = 6;

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether what is checked in is what the code would generate.
    pub(crate) up_to_date: bool,
    /// Whether released versions break.
    pub(crate) breaks: bool,
}

impl Outcome {
    /// For CI. 2 is: could not be found out.
    pub(crate) fn code(self) -> u8 {
        match (self.breaks, self.up_to_date) {
            (true, _) => 3,
            (false, false) => 1,
            (false, true) => 0,
        }
    }
}

/// Compares the plan with the disk and with the stored contracts, and writes a report.
pub(crate) fn run(
    plan: &Plan,
    contracts: &Contracts,
    as_json: bool,
    out: &mut dyn Write,
) -> miette::Result<Outcome> {
    let mut changes: Vec<Change> = Vec::new();
    let mut files = Vec::new();
    for file in plan.openapi.iter().chain(&plan.client) {
        let (state, found) = file.compare()?;
        if plan.openapi.as_ref() == Some(file)
            && let Some(Ok(old)) = found.as_deref().map(serde_json::from_str::<Value>)
        {
            changes = difference::between(&old, &plan.document);
        }
        files.push((file, state, found));
    }
    let noticed = compare::compare(contracts, &plan.document)?;
    let outcome = Outcome {
        up_to_date: files.iter().all(|(_, state, _)| *state == State::Same),
        breaks: compare::breaks(&noticed),
    };
    if as_json {
        let files: Vec<_> =
            files.iter().map(|(file, state, _)| json!({"path": file.path, "state": state})).collect();
        let result = json!({
            "up_to_date": outcome.up_to_date, "contract": plan.contract, "changes": changes, "files": files,
            "remedy": (!outcome.up_to_date).then_some(&plan.command),
            "compatible": !outcome.breaks, "releases": contracts.releases(), "compatibility": noticed,
        });
        writeln!(out, "{result:#}").into_diagnostic()?;
        return Ok(outcome);
    }
    if outcome.up_to_date {
        writeln!(out, "The client of {} is up to date (contract {}).", plan.source, plan.contract)
            .into_diagnostic()?;
    } else {
        stale(plan, &changes, &files, out)?;
    }
    compare::show(&noticed, contracts, out)?;
    Ok(outcome)
}

fn stale(
    plan: &Plan,
    changes: &[Change],
    files: &[(&Wanted, State, Option<String>)],
    out: &mut dyn Write,
) -> miette::Result<()> {
    writeln!(
        out,
        "{}",
        style(format!("The client of {} is not what the code would generate.", plan.source)).red()
    )
    .into_diagnostic()?;
    if !changes.is_empty() {
        writeln!(out, "\nChanged in the code:").into_diagnostic()?;
    }
    for change in changes {
        let mark = match change.kind {
            ChangeKind::Added => style("+").green(),
            ChangeKind::Removed => style("-").red(),
            ChangeKind::Changed => style("~").yellow(),
        };
        writeln!(out, "  {mark} {change}{}", noticed_by(change)).into_diagnostic()?;
    }
    writeln!(out, "\nFiles:").into_diagnostic()?;
    for (file, state, found) in files {
        let word = match state {
            State::Same => continue,
            State::Missing => "missing  ",
            State::Different => "different",
        };
        writeln!(out, "  {word}  {}", shown(&file.path)).into_diagnostic()?;
        // Where the contract has not changed, the file was edited, or made by another version of the generator.
        if changes.is_empty()
            && let Some(found) = found
        {
            lines(found, &file.text, out)?;
        }
    }
    writeln!(out, "\nTo bring it up to date: {}", style(&plan.command).bold()).into_diagnostic()
}

fn noticed_by(change: &Change) -> String {
    // The place names the operation already, unless it is a model.
    if change.operations.is_empty() || change.place.contains('/') {
        return match change.operations.as_slice() {
            [only] => format!(" [{only}]"),
            _ => String::new(),
        };
    }
    let named: Vec<&str> = change.operations.iter().take(OPERATIONS).map(String::as_str).collect();
    let more = change.operations.len().saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(" [{}{more}]", named.join(", "))
}

fn lines(found: &str, wanted: &str, out: &mut dyn Write) -> miette::Result<()> {
    let difference = TextDiff::from_lines(found, wanted);
    let changed: Vec<_> =
        difference.iter_all_changes().filter(|line| line.tag() != ChangeTag::Equal).collect();
    for line in changed.iter().take(LINES) {
        let text = line.value().trim_end();
        let text = match line.tag() {
            ChangeTag::Delete => style(format!("- {text}")).red(),
            _ => style(format!("+ {text}")).green(),
        };
        writeln!(out, "      {text}").into_diagnostic()?;
    }
    if changed.len() > LINES {
        writeln!(out, "      … and {} lines more", changed.len() - LINES).into_diagnostic()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Target;
    use crate::configuration::Client;
    use crate::{generate, plan};
    use std::path::Path;

    const TODO: &str = include_str!("../../generator/tests/data/todo.json");

    fn plan(text: &str, folder: &Path) -> Plan {
        let target = Target { out: Some(folder.join("api")), ..Target::default() };
        let client = Client { openapi: Some(folder.join("openapi.json")), ..Client::default() };
        let command = "cargo queqiao generate -p todo".into();
        plan::follow("todo".into(), command, text, &target, client).expect("a plan")
    }

    fn check(plan: &Plan, as_json: bool) -> (bool, String) {
        let (outcome, text) = beside(plan, Path::new("none"), as_json);
        (outcome.up_to_date, text)
    }

    fn beside(plan: &Plan, contracts: &Path, as_json: bool) -> (Outcome, String) {
        let mut out = Vec::new();
        let contracts = Contracts::read(contracts.to_owned()).expect("contracts");
        let outcome = run(plan, &contracts, as_json, &mut out).expect("a report");
        (outcome, console::strip_ansi_codes(&String::from_utf8(out).expect("UTF-8")).into_owned())
    }

    #[test]
    fn green_then_red_after_a_rename() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = plan(TODO, folder.path());
        let (same, text) = check(&old, false);
        assert!(
            !same && text.contains("missing") && text.contains("cargo queqiao generate -p todo"),
            "{text}"
        );
        generate::run(&old, false, true, &mut Vec::new()).expect("written");
        assert!(check(&old, false).0);

        let new = plan(
            &TODO
                .replace(
                    "\"title\": {\n            \"maxLength\"",
                    "\"subject\": {\n            \"maxLength\"",
                )
                .replace("\"title\",\n          \"note\"", "\"subject\",\n          \"note\""),
            folder.path(),
        );
        let (same, text) = check(&new, false);
        assert!(!same);
        assert!(
            text.contains(
                "- Todo.title is gone (was string, required) [addTodo, editTodo, finishTodo, getTodo, listTodos]"
            ),
            "{text}"
        );
        assert!(text.contains("+ Todo.subject is new: string, required"), "{text}");
        assert!(text.contains("different") && text.contains("index.d.ts"), "{text}");
        let (_, text) = check(&new, true);
        let result: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(result["up_to_date"], false);
        assert_eq!(result["changes"][0]["operations"][0], "addTodo");
    }

    #[test]
    fn an_edited_file_is_shown_by_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let plan = plan(TODO, folder.path());
        generate::run(&plan, false, false, &mut Vec::new()).expect("written");
        let index = folder.path().join("api/index.js");
        let text = std::fs::read_to_string(&index).expect("readable");
        std::fs::write(&index, format!("{text}exports.mine = 1;\n")).expect("written");
        let (same, text) = check(&plan, false);
        assert!(!same && text.contains("- exports.mine = 1;"), "{text}");
        assert!(!text.contains("Changed in the code"), "{text}");
    }

    #[test]
    fn released_versions_are_compared() {
        let folder = tempfile::tempdir().expect("a folder");
        let stored = folder.path().join("contracts");
        let day = crate::contracts::date("2026-11-01").expect("a day");
        let old = plan(TODO, folder.path());
        generate::run(&old, false, true, &mut Vec::new()).expect("written");
        let mut contracts = Contracts::read(stored.clone()).expect("none yet");
        contracts.add("1.0.0", &old.document, day, true).expect("stored");
        contracts.add("1.0.1", &old.document, day, true).expect("stored");
        let (outcome, text) = beside(&old, &stored, false);
        assert_eq!(outcome.code(), 0);
        assert!(text.contains("goes on working: 1.0.0, 1.0.1."), "{text}");

        // A tighter bound of what is sent, which is looser to what is answered than before: nothing.
        let mut tighter = old.document.clone();
        tighter["components"]["schemas"]["NewTodo"]["properties"]["title"]["maxLength"] = json!(50);
        let new = plan(&tighter.to_string(), folder.path());
        let (outcome, text) = beside(&new, &stored, false);
        assert_eq!((outcome.code(), outcome.up_to_date), (3, false));
        let line = "x addTodo (POST /todos), editTodo (PUT /todos/{id}), request: $.title has maxLength 50 now (was 100)";
        assert!(text.contains(line) && text.contains("for     1.0.0, 1.0.1"), "{text}");
        assert_eq!(text.matches("has maxLength 50 now").count(), 1, "told once: {text}");
        let (_, text) = beside(&new, &stored, true);
        let result: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&result["compatible"], &result["up_to_date"]), (&json!(false), &json!(false)));
        let change = &result["compatibility"][0];
        assert_eq!(change["verdict"], "breaking");
        assert_eq!(change["labels"], json!(["1.0.0", "1.0.1"]));
        assert_eq!(change["operations"][1]["id"], "editTodo");
        assert!(change["remedies"].as_array().is_some_and(|remedies| remedies.len() > 1));

        // Once generated, the client is up to date, and the released ones break all the same.
        generate::run(&new, true, true, &mut Vec::new()).expect("written");
        assert_eq!(beside(&new, &stored, false).0.code(), 3);
        let mut contracts = Contracts::read(stored.clone()).expect("two");
        contracts.retire("1.0.0").expect("known");
        contracts.retire("1.0.1").expect("known");
        assert_eq!(beside(&new, &stored, false).0.code(), 0);

        // A warning is shown, and no failure.
        contracts.add("1.1.0", &new.document, day, true).expect("stored");
        let mut looser = new.document.clone();
        looser["components"]["schemas"]["Todo"]["properties"]["title"]["maxLength"] = json!(200);
        let looser = plan(&looser.to_string(), folder.path());
        generate::run(&looser, true, true, &mut Vec::new()).expect("written");
        let (outcome, text) = beside(&looser, &stored, false);
        assert_eq!(outcome.code(), 0);
        assert!(text.contains("To look at") && text.contains("for     1.1.0"), "{text}");
    }
}
