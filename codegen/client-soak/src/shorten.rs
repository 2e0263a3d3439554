//! A failing run with as few steps as still break the same rule.

use std::collections::BTreeSet;

use crate::run::{Clients, Outcome, run};

/// How many runs it may cost.
const MOST_RUNS: usize = 400;

/// Leaves out steps, first many at once and then single ones, as long as the same rule breaks. Gives the steps that
/// are left and the run with them, traced.
///
/// # Errors
/// If the client is no JavaScript.
pub fn shorten(failing: &Outcome, clients: &Clients) -> Result<(BTreeSet<usize>, Outcome), String> {
    let rule = failing.violations.first().map(|violation| violation.rule);
    let fails = |keep: &BTreeSet<usize>| -> Result<bool, String> {
        let outcome = run(failing.seed, clients, Some(keep), false)?;
        Ok(outcome.violations.first().map(|violation| violation.rule) == rule)
    };
    let mut kept: BTreeSet<usize> = (0..failing.planned).collect();
    let (mut runs, mut size) = (0, failing.planned.div_ceil(2));
    while size > 0 {
        let mut at = 0;
        while at < kept.len() && runs < MOST_RUNS {
            let fewer: BTreeSet<usize> = kept
                .iter()
                .enumerate()
                .filter(|(place, _)| *place < at || *place >= at + size)
                .map(|(_, step)| *step)
                .collect();
            runs += 1;
            if fails(&fewer)? {
                kept = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    let outcome = run(failing.seed, clients, Some(&kept), true)?;
    Ok((kept, outcome))
}
