//! A small part of what `cargo xtask soak client` runs.

use std::collections::BTreeSet;

use queqiao_client_soak::{Clients, Counts, clients, run, shorten};

const RUNS: u64 = 300;

fn files() -> Clients {
    clients().expect("clients")
}

#[test]
fn all_rules_hold_in_some_hundred_runs() {
    let files = files();
    let mut counts = Counts::default();
    let mut broken = Vec::new();
    for seed in 1..=RUNS {
        let outcome = run(seed, &files, None, false).expect("JavaScript");
        counts.merge(&outcome.counts);
        if let Some(violation) = outcome.violations.first() {
            broken.push(format!("seed {seed}: {:?}: {}", violation.rule, violation.text));
        }
    }
    assert!(
        broken.is_empty(),
        "{}\nrepeat with cargo xtask soak client --seed <seed> --runs 1",
        broken.join("\n")
    );
    // A run in which nothing happens holds to every rule.
    assert!(counts.calls > 10 * RUNS && counts.executions > 5 * RUNS && counts.logins > RUNS, "{counts:?}");
    assert!(counts.ended["ok"] * 5 > counts.calls, "{:?}", counts.ended);
}

#[test]
fn a_seed_repeats_its_run() {
    let files = files();
    for seed in [3, 14] {
        let one = run(seed, &files, None, true).expect("JavaScript");
        let other = run(seed, &files, None, true).expect("JavaScript");
        assert_eq!(one.trace, other.trace);
        assert_eq!(one.counts, other.counts);
        assert!(one.trace.len() > 20, "{}", one.trace.join("\n"));
    }
}

#[test]
fn without_steps_nothing_fails() {
    let outcome = run(5, &files(), Some(&BTreeSet::new()), false).expect("JavaScript");
    assert_eq!(outcome.counts.ended.keys().collect::<Vec<_>>(), ["ok"]);
    assert!(outcome.violations.is_empty());
}

#[test]
fn a_failing_run_is_shortened() {
    // A client that answers nothing.
    let mut files = Clients { container: None, ..files() };
    let text = files.direct.remove("runtime.js").expect("a runtime");
    files.direct.insert("runtime.js".to_owned(), text.replace("success: ", "successful: "));
    let failing = (1..50)
        .map(|seed| run(seed, &files, None, false).expect("JavaScript"))
        .find(|outcome| !outcome.violations.is_empty() && outcome.planned > 10)
        .expect("a broken rule");
    let (kept, short) = shorten(&failing, &files).expect("JavaScript");
    assert!(kept.len() < failing.planned / 2, "{kept:?} of {}", failing.planned);
    assert_eq!(short.violations.first().map(|one| one.rule), failing.violations.first().map(|one| one.rule));
    assert!(short.trace.iter().any(|line| line.contains("BROKEN")), "{}", short.trace.join("\n"));
}
