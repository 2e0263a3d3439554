//! Mistakes that a client could have, planted in the emitted runtime: the runs must find each, by the rule that it breaks.

use queqiao_client_soak::{Files, Rule, client, run};

/// So many runs at most; each of these mistakes is found in far fewer.
const RUNS: u64 = 1_000;

/// A mistake: the text that is replaced, and what stands there then.
type Edit = (&'static str, &'static str);

fn planted(edits: &[Edit]) -> Files {
    let mut files = client().expect("a client");
    let text = files.remove("runtime.js").expect("a runtime");
    // How far a line is indented does not matter.
    let mut text: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
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
    AbortedUnsent, AnonymousAtOnce, CodeOnce, ExecutedOnce, FreshRead, NeededLogin, NoSecret, NothingPending,
    OneKey, OneLogin, OwnSession, OwnUser, QueueEmpty, Recovers, TenInFlight,
};

defects! {
    /// What was begun for the user who has gone is repeated for the next one.
    replay_without_the_epoch_check: [
        ("!replayed && !session.over) {", "!replayed && (session = openSession())) {"),
        ("session.live.forEach(function (drop) { drop(); });", ""),
    ] => [OwnSession, OwnUser];

    no_single_flight: [
        ("if (!session.login) {", "if (true) {"),
        ("Promise.resolve(queue.login).then(once)", "once()"),
    ] => [OneLogin];

    a_late_401_clears_the_newer_token: [
        ("if (session.token === token) keepToken(session, '');", "keepToken(session, '');"),
    ] => [NeededLogin];

    an_aborted_request_keeps_its_place: [
        ("}\nqueue.running--;", "queue.running--;\n}"),
    ] => [QueueEmpty, NothingPending, Recovers, AnonymousAtOnce];

    no_queue: [
        ("queue.running < queue.limit && ", ""),
    ] => [TenInFlight];

    a_code_is_sent_again: [
        ("return exchange(code);", "return exchange(code).then(null, function () { return exchange(code); });"),
    ] => [CodeOnce];

    a_lost_answer_repeats_a_post: [
        ("if (error && repeatable && access !== 'login' && later(", "if (error && access !== 'login' && later("),
        ("retryable: otherwise !== 'abort' && repeatable", "retryable: otherwise !== 'abort'"),
    ] => [ExecutedOnce];

    each_repetition_has_another_key: [
        ("if (token) header.Authorization = 'Bearer ' + token;",
         "if (token) header.Authorization = 'Bearer ' + token;\n\
          if (header['Idempotency-Key']) header['Idempotency-Key'] = unique();"),
    ] => [OneKey];

    an_aborted_call_stays_in_the_queue: [
        ("queue.waiting = without(queue.waiting, job);", ""),
        ("return !ended;", "return true;"),
    ] => [AbortedUnsent];

    /// A read of the next user joins one of the user before.
    sharing_across_sessions: [
        ("join(session || queue,", "join(queue,"),
        ("session.live.forEach(function (drop) { drop(); });", ""),
    ] => [OwnSession, OwnUser];

    a_read_joins_one_from_before_a_write: [
        ("queue.writes = -~queue.writes;", "void 0;"),
    ] => [FreshRead];

    everybody_waits_for_a_login: [
        ("if (access) session = openSession();", "session = openSession();"),
        ("if (!ended && access === 'user' && !session.token) {", "if (!ended && access !== 'login' && !session.token) {"),
    ] => [AnonymousAtOnce];

    a_token_is_logged: [
        ("if (token) header.Authorization = 'Bearer ' + token;",
         "if (token) header.Authorization = 'Bearer ' + token, console.log(header);"),
    ] => [NoSecret];
}
