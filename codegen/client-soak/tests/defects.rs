//! Mistakes that a client could have, planted in the emitted runtime: the runs must find each, by the rule that it breaks.

use queqiao_client_soak::{Clients, Rule, clients, run};

/// So many runs at most; each of these mistakes is found in far fewer.
const RUNS: u64 = 1_000;

/// A mistake: the text that is replaced, and what stands there then.
type Edit = (&'static str, &'static str);

fn planted(edits: &[Edit]) -> Clients {
    let mut files = clients().expect("clients").direct;
    let text = files.remove("runtime.js").expect("a runtime");
    // How far a line is indented does not matter.
    let mut text: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    for (right, wrong) in edits {
        assert_eq!(text.matches(right).count(), 1, "the runtime no longer says this exactly once: {right}");
        text = text.replace(right, wrong);
    }
    files.insert("runtime.js".to_owned(), text);
    Clients { direct: files, container: None }
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
        ("if (status == 401 && token && !replayed) {", "if (status == 401 && token && !replayed && (session = openSession())) {"),
        ("session.l.forEach(function (run) { run.e(); });", ""),
    ] => [OwnSession, OwnUser];

    no_single_flight: [
        ("if (!session.p) {", "if (true) {"),
        ("Promise.resolve(queue.p)", "Promise.resolve()"),
    ] => [OneLogin];

    a_late_401_clears_the_newer_token: [
        ("if (session.t == token) keepToken(session, '');", "keepToken(session, '');"),
    ] => [NeededLogin];

    an_aborted_request_keeps_its_place: [
        ("}\nqueue.n--;", "queue.n--;\n}"),
    ] => [QueueEmpty, NothingPending, Recovers, AnonymousAtOnce];

    no_queue: [
        ("queue.n > 9 || queue.n && queue.n >= settings.concurrency", "false"),
    ] => [TenInFlight];

    a_code_is_sent_again: [
        ("coded = 0;", "void 0;"),
    ] => [CodeOnce];

    a_lost_answer_repeats_a_post: [
        ("if (error && error.retryable && (safe || own) &&", "if (error && error.retryable && !login &&"),
        ("retryable: otherwise != 'abort' && repeatable", "retryable: otherwise != 'abort'"),
    ] => [ExecutedOnce];

    each_repetition_has_another_key: [
        ("if (token) header.Authorization = 'Bearer ' + token;",
         "if (token) header.Authorization = 'Bearer ' + token;\n\
          if (header['idempotency-key']) header['idempotency-key'] = unique();"),
    ] => [OneKey];

    an_aborted_call_stays_in_the_queue: [
        ("queue.q = without(queue.q, send);", ""),
        ("if (ended) return leave();", ""),
    ] => [AbortedUnsent];

    /// A read of the next user joins one of the user before.
    sharing_across_sessions: [
        ("if (!session.l.some(", "if (!(queue.z = (queue.z || []).concat(session.l)).some("),
        ("toJson([queue.w, url, header, options, session.t])", "toJson([queue.w, url, header, options])"),
        ("session.l.forEach(function (run) { run.e(); });", ""),
    ] => [OwnSession, OwnUser];

    a_read_joins_one_from_before_a_write: [
        ("if (method != 'GET') queue.w++;", ""),
    ] => [FreshRead];

    everybody_waits_for_a_login: [
        ("if (access) session = own || openSession();", "session = own || openSession();"),
        ("if (needsUser && !session.t)", "if (!login && !session.t)"),
    ] => [AnonymousAtOnce];

    a_token_is_logged: [
        ("if (token) header.Authorization = 'Bearer ' + token;",
         "if (token) header.Authorization = 'Bearer ' + token, console.log(header);"),
    ] => [NoSecret];
}
