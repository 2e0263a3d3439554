//! Mistakes that a client could have, planted in the emitted runtime: the runs must find each, by the rule that it breaks.

use queqiao_client_soak::{Files, Rule, client, run};

/// So many runs at most; each of these mistakes is found in far fewer.
const RUNS: u64 = 1_500;

/// A mistake: the text that is replaced, and what stands there then.
type Edit = (&'static str, &'static str);

fn planted(edits: &[Edit]) -> Files {
    let mut files = client().expect("a client");
    let mut text = files.remove("runtime.js").expect("a runtime");
    for (right, wrong) in edits {
        assert_eq!(text.matches(right).count(), 1, "the runtime no longer says this exactly once: {right}");
        text = text.replace(right, wrong);
    }
    files.insert("runtime.js".to_owned(), text);
    files
}

/// Runs seeds until one of the rules breaks; tells the seed.
fn found(edits: &[Edit], rules: &[Rule]) -> u64 {
    let files = planted(edits);
    let mut others = Vec::new();
    for seed in 1..=RUNS {
        let outcome = run(seed, &files, None, false).expect("JavaScript");
        match outcome.violations.first() {
            Some(violation) if rules.contains(&violation.rule) => return seed,
            Some(violation) => others.push(violation.rule),
            None => {}
        }
    }
    panic!("not found in {RUNS} runs; other rules that broke: {others:?}");
}

macro_rules! defects {
    ($($(#[$doc:meta])* $name:ident: $edits:expr => $rules:expr;)*) => {
        $($(#[$doc])* #[test]
        fn $name() {
            let seed = found(&$edits, &$rules);
            println!("{}: seed {seed}", stringify!($name));
        })*
    };
}

use Rule::{
    AbortedUnsent, AnonymousAtOnce, CodeOnce, ExecutedOnce, NeededLogin, NothingPending, OneLogin,
    OwnSession, OwnUser, QueueEmpty, Recovers, TenInFlight,
};

defects! {
    replay_without_the_epoch_check: [
        ("&& epoch === session.epoch) {\n          // An answer", ") {\n          // An answer"),
        ("if (epoch !== session.epoch) fail(loggedOut(label));\n          else if", "if"),
    ] => [OwnSession, OwnUser];

    no_single_flight: [
        ("if (session.login) return session.began === session.epoch ? session.login : session.login.then(again, again);", ""),
    ] => [OneLogin];

    a_late_401_clears_the_newer_token: [
        ("if (session.token === token) keepToken(wx, session, '');", "keepToken(wx, session, '');"),
    ] => [NeededLogin];

    the_place_is_not_given_back: [
        ("if (!over) receive(response || {});\n          queue.running--;", "if (!over) receive(response || {}), queue.running--;"),
    ] => [QueueEmpty, NothingPending, Recovers, AnonymousAtOnce];

    no_queue: [
        ("queue.running < queue.limit && ", ""),
    ] => [TenInFlight];

    a_code_is_sent_again: [
        ("return exchange({ code: code });", "return exchange({ code: code }).then(null, function () { return exchange({ code: code }); });"),
    ] => [CodeOnce];

    a_lost_answer_repeats_a_post: [
        ("if (!(status > 99)) return", "if (!(status > 99) && !replayed && epoch === session.epoch) { replayed = true; return attempt(); }\n        if (!(status > 99)) return"),
    ] => [ExecutedOnce];

    an_aborted_call_stays_in_the_queue: [
        ("if (job) queue.waiting = queue.waiting.filter(function (other) { return other !== job; });", ""),
        ("return over;\n      }\n\n      function attempt", "}\n\n      function attempt"),
    ] => [AbortedUnsent];
}
