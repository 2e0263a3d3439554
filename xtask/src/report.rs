//! The table at the end.

use std::time::{Duration, Instant};

use anyhow::Result;
use console::style;

/// How one step went.
pub(crate) struct StepResult {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

impl StepResult {
    pub(crate) fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// Runs a step and notes how it went.
pub(crate) fn time(name: &'static str, run: impl FnOnce() -> Result<()>) -> StepResult {
    let started = Instant::now();
    let failure = run().err().map(|error| format!("{error:#}"));
    if let Some(failure) = &failure {
        eprintln!("{} {failure}", style("failed:").red().bold());
    }
    StepResult { name, took: started.elapsed(), failure }
}

/// Prints the table, for people on standard error, or as JSON on standard output.
pub(crate) fn print(results: &[StepResult], json: bool) {
    let failed = results.iter().filter(|result| !result.passed()).count();
    let total: Duration = results.iter().map(|result| result.took).sum();
    eprintln!();
    for result in results {
        let mark = if result.passed() { style("ok    ").green() } else { style("FAILED").red().bold() };
        eprintln!(
            "{mark} {:<14} {:>7.1} s  {}",
            result.name,
            result.took.as_secs_f32(),
            result.failure.as_deref().unwrap_or("")
        );
    }
    eprintln!("{} steps, {failed} failed, {:.0} s", results.len(), total.as_secs_f32());
    if json {
        let steps: Vec<_> = results
            .iter()
            .map(|result| {
                serde_json::json!({ "name": result.name, "seconds": result.took.as_secs_f32(), "failure": result.failure })
            })
            .collect();
        println!("{}", serde_json::json!({ "steps": steps, "failed": failed }));
    }
}
