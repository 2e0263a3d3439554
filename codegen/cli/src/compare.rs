//! Today's contract beside those that are on users' phones.

use std::collections::BTreeMap;
use std::io::Write;

use console::style;
use miette::IntoDiagnostic as _;
use queqiao_codegen::compatibility::{OperationName, Side, Verdict, between};
use serde::Serialize;
use serde_json::Value;

use crate::contracts::Contracts;

/// How many operations are named at a change.
const OPERATIONS: usize = 6;

/// One change, for all operations and releases that notice it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Noticed {
    pub(crate) verdict: Verdict,
    side: Side,
    operations: Vec<OperationName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    what: String,
    /// The releases, the oldest first as in the list.
    labels: Vec<String>,
    remedies: Vec<String>,
}

/// Compares a document with every stored one that is not retired: the worst first.
pub(crate) fn compare(contracts: &Contracts, document: &Value) -> miette::Result<Vec<Noticed>> {
    // By change and operation, the places of the labels in the list.
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for release in contracts.releases().iter().filter(|release| !release.retired) {
        for change in between(&contracts.document(&release.contract)?, document) {
            found.entry(change).or_default().push(release.label.clone());
        }
    }
    let mut noticed: Vec<Noticed> = Vec::new();
    for (change, labels) in found {
        let twin = noticed.iter_mut().find(|known| {
            (known.verdict, known.side, &known.field, &known.what, &known.labels)
                == (change.verdict, change.side, &change.field, &change.what, &labels)
        });
        match twin {
            Some(twin) => twin.operations.push(change.operation),
            None => noticed.push(Noticed {
                verdict: change.verdict,
                side: change.side,
                operations: vec![change.operation],
                field: change.field,
                what: change.what,
                labels,
                remedies: change.remedies,
            }),
        }
    }
    Ok(noticed)
}

/// Whether one of them breaks.
pub(crate) fn breaks(noticed: &[Noticed]) -> bool {
    noticed.iter().any(|change| change.verdict == Verdict::Breaking)
}

/// Writes what a person must know.
pub(crate) fn show(noticed: &[Noticed], contracts: &Contracts, out: &mut dyn Write) -> miette::Result<()> {
    let living: Vec<&str> = contracts.living().into_values().flatten().collect();
    if living.is_empty() {
        return Ok(());
    }
    for (verdict, title) in [
        (Verdict::Breaking, style("Breaks what is on users' phones:").red()),
        (Verdict::Warning, style("To look at, for what is on users' phones:").yellow()),
    ] {
        let mut changes = noticed.iter().filter(|change| change.verdict == verdict).peekable();
        if changes.peek().is_some() {
            writeln!(out, "\n{title}").into_diagnostic()?;
        }
        for change in changes {
            one(change, out)?;
        }
    }
    let compatible = noticed.iter().filter(|change| change.verdict == Verdict::Compatible).count();
    if !breaks(noticed) {
        let others =
            if compatible > 0 { format!(" ({compatible} compatible changes)") } else { String::new() };
        writeln!(out, "What is on users' phones goes on working: {}{others}.", living.join(", "))
            .into_diagnostic()?;
    }
    Ok(())
}

fn one(change: &Noticed, out: &mut dyn Write) -> miette::Result<()> {
    let mark = match change.verdict {
        Verdict::Breaking => style("x").red(),
        _ => style("!").yellow(),
    };
    let name = |operation: &OperationName| match &operation.id {
        Some(id) => format!("{id} ({operation})"),
        None => operation.to_string(),
    };
    let named: Vec<String> = change.operations.iter().take(OPERATIONS).map(name).collect();
    let more = change.operations.len().saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let side = match change.side {
        Side::Operation => String::new(),
        side => format!(", {side}"),
    };
    let field = change.field.as_ref().map(|field| format!("{} ", style(field).bold())).unwrap_or_default();
    writeln!(out, "  {mark} {}{more}{side}: {field}{}", named.join(", "), change.what).into_diagnostic()?;
    writeln!(out, "      for     {}", change.labels.join(", ")).into_diagnostic()?;
    for (index, remedy) in change.remedies.iter().enumerate() {
        let word = if index == 0 { "remedy" } else { "or    " };
        writeln!(out, "      {word}  {remedy}").into_diagnostic()?;
    }
    Ok(())
}
