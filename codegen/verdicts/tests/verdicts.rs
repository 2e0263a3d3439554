//! Every verdict against what is seen.

use std::collections::BTreeSet;

use queqiao_verdicts::{Side, Verdict, cases, examine};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_client_meets_the_new_server_as_was_said() {
    let cases = cases::all();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert!(
        names.len() == cases.len() && cases.len() >= 60,
        "{} names of {} cases",
        names.len(),
        cases.len()
    );
    let (mut calls, mut mistakes, mut verdicts) = (0, Vec::new(), [0_usize; 3]);
    for case in &cases {
        let seen = examine(case, |_, verdict| verdict).await;
        calls += seen.calls;
        for (verdict, _, _) in case.expected {
            verdicts[*verdict as usize] += 1;
        }
        if case.expected.iter().any(|(verdict, _, _)| *verdict == Verdict::Breaking) {
            println!("{}: {}", case.name, seen.witness.as_deref().unwrap_or("no witness"));
        }
        let of = |mistake| format!("{}: {mistake}", case.name);
        mistakes.extend(seen.mistakes.into_iter().map(of));
    }
    let [breaking, warnings, compatible] = verdicts;
    println!(
        "{} changes: {breaking} break, {warnings} warn, {compatible} are compatible; {calls} calls",
        cases.len()
    );
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// What the test above is worth: a verdict that is wrong is found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_verdict_is_found_out() {
    let (mut wrong, mut unnoticed) = (0, Vec::new());
    for case in cases::all().iter().filter(|case| !case.expected.is_empty()) {
        let turned = |_: Side, verdict: Verdict| match verdict {
            Verdict::Breaking => Verdict::Warning,
            Verdict::Warning | Verdict::Compatible => Verdict::Breaking,
        };
        wrong += 1;
        if examine(case, turned).await.mistakes.is_empty() {
            unnoticed.push(case.name);
        }
    }
    assert!(wrong > 60 && unnoticed.is_empty(), "{wrong} wrong verdicts, not found out: {unnoticed:?}");
}
