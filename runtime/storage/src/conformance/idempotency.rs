//! The promises of [`IdempotencyRecords`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{CROWD, crowd, ok, time};
use crate::{
    ANSWER_LIMIT, AfterCrash, Answer, Attempt, Begun, BodyHash, IdempotencyRecords, IdempotentRequest,
    REMEMBERED, Scope, StoreError, UserId,
};

fn scope(key: &str) -> Scope {
    Scope::new(None, "addOrder", key)
}

fn answer() -> Answer {
    let body = "{\"id\":\"订单 1\"}".as_bytes().to_vec();
    let headers = vec![
        ("content-type".to_owned(), b"application/json".to_vec()),
        ("location".to_owned(), b"/orders/1?a=b:c".to_vec()),
        ("x-latin".to_owned(), vec![0xe9]),
    ];
    Answer { status: 201, headers, body }
}

/// A request with a minute's patience.
fn request(scope: Scope, body: &[u8], now: Timestamp) -> IdempotentRequest {
    IdempotentRequest {
        scope,
        attempt: Uuid::new_v4(),
        body: BodyHash::new(body),
        patience: now + SignedDuration::from_secs(60),
        until: now + REMEMBERED,
        after_crash: AfterCrash::Unknown,
    }
}

async fn begin<S: IdempotencyRecords>(store: &S, key: &str, now: Timestamp) -> Begun {
    ok(store.begin(&request(scope(key), b"body", now), now).await)
}

async fn begun<S: IdempotencyRecords>(store: &S, key: &str, now: Timestamp) -> Attempt {
    match begin(store, key, now).await {
        Begun::Yours(attempt) => attempt,
        other => panic!("the request should be executed, and is {other:?}"),
    }
}

/// Of concurrent repeats one is executed; the others hear that it runs, and later its answer.
pub async fn of_many_repeats_one_is_executed<S: IdempotencyRecords + 'static>(store: S) {
    let store = Arc::new(store);
    let all = crowd(&store, |store, _| async move { begin(&*store, "k", time(0)).await }).await;
    let mine: Vec<&Attempt> = all
        .iter()
        .filter_map(|begun| if let Begun::Yours(mine) = begun { Some(mine) } else { None })
        .collect();
    let running = all.iter().filter(|begun| **begun == Begun::Running).count();
    assert_eq!((mine.len(), running), (1, CROWD - 1));
    for attempt in mine {
        ok(store.answer(attempt, &answer()).await);
    }
    let all = crowd(&store, |store, _| async move { begin(&*store, "k", time(1)).await }).await;
    assert!(all.into_iter().all(|begun| begun == Begun::Answered(answer())));
}

/// From when the request came, an answer without a body too.
pub async fn an_answer_is_given_again_for_a_day<S: IdempotencyRecords>(store: S) {
    let empty = Answer { status: 204, headers: Vec::new(), body: Vec::new() };
    for (key, answer) in [("full", answer()), ("empty", empty)] {
        let attempt = begun(&store, key, time(0)).await;
        ok(store.answer(&attempt, &answer).await);
        let just_before = time(0) + REMEMBERED - SignedDuration::from_millis(1);
        for now in [time(0), just_before] {
            assert_eq!(begin(&store, key, now).await, Begun::Answered(answer.clone()));
        }
        // What was answered first stays.
        ok(store.answer(&attempt, &Answer { status: 500, ..answer.clone() }).await);
        ok(store.abandon(&attempt).await);
        assert_eq!(begin(&store, key, just_before).await, Begun::Answered(answer));
        let again = begun(&store, key, time(0) + REMEMBERED).await;
        assert_ne!(again.id, attempt.id);
        assert_eq!(begin(&store, key, time(0) + REMEMBERED).await, Begun::Running);
    }
}

/// While it runs, when it was answered, and when nobody knows.
pub async fn another_body_is_refused<S: IdempotencyRecords>(store: S) {
    let other = async |now| ok(store.begin(&request(scope("k"), b"other", now), now).await);
    let attempt = begun(&store, "k", time(0)).await;
    assert_eq!(other(time(1)).await, Begun::OtherBody);
    assert_eq!(other(time(100)).await, Begun::OtherBody);
    ok(store.answer(&attempt, &answer()).await);
    assert_eq!(other(time(101)).await, Begun::OtherBody);
    assert!(matches!(other(time(0) + REMEMBERED).await, Begun::Yours(_)));
}

/// Nobody executes again what may have had its effect, until it is forgotten.
pub async fn a_crashed_request_stays_unknown<S: IdempotencyRecords>(store: S) {
    begun(&store, "k", time(0)).await;
    assert_eq!(begin(&store, "k", time(60) - SignedDuration::from_millis(1)).await, Begun::Running);
    let just_before = time(0) + REMEMBERED - SignedDuration::from_millis(1);
    for now in [time(60), time(61), just_before] {
        assert_eq!(begin(&store, "k", now).await, Begun::Unknown);
    }
    begun(&store, "k", time(0) + REMEMBERED).await;
}

/// One whose effect comes with its answer had none, so that it is new; the attempt that crashed answers no more.
pub async fn a_crashed_request_that_had_no_effect_comes_again<S: IdempotencyRecords + 'static>(store: S) {
    let wish =
        |now| IdempotentRequest { after_crash: AfterCrash::Again, ..request(scope("k"), b"body", now) };
    let store = Arc::new(store);
    let Begun::Yours(first) = ok(store.begin(&wish(time(0)), time(0)).await) else { panic!("it is new") };
    assert_eq!(ok(store.begin(&wish(time(59)), time(59)).await), Begun::Running);
    let other =
        IdempotentRequest { after_crash: AfterCrash::Again, ..request(scope("k"), b"other", time(60)) };
    assert_eq!(ok(store.begin(&other, time(60)).await), Begun::OtherBody);
    // Of many who notice the crash one executes it again.
    let all = crowd(&store, |store, _| async move {
        let wish =
            IdempotentRequest { after_crash: AfterCrash::Again, ..request(scope("k"), b"body", time(60)) };
        ok(store.begin(&wish, time(60)).await)
    })
    .await;
    let mut again = all.iter().filter_map(|begun| if let Begun::Yours(it) = begun { Some(it) } else { None });
    let (Some(second), None) = (again.next(), again.next()) else { panic!("one executes it: {all:?}") };
    ok(store.answer(&first, &Answer { status: 202, ..answer() }).await);
    ok(store.abandon(&first).await);
    ok(store.give_up(&first, time(61)).await);
    assert_eq!(ok(store.begin(&wish(time(61)), time(61)).await), Begun::Running);
    ok(store.answer(second, &answer()).await);
    assert_eq!(ok(store.begin(&wish(time(200)), time(200)).await), Begun::Answered(answer()));
}

/// What was asked at the beginning decides, also after the program has changed.
pub async fn a_crash_is_judged_as_it_was_begun<S: IdempotencyRecords>(store: S) {
    begun(&store, "k", time(0)).await;
    let wish = IdempotentRequest { after_crash: AfterCrash::Again, ..request(scope("k"), b"body", time(60)) };
    assert_eq!(ok(store.begin(&wish, time(60)).await), Begun::Unknown);
}

/// One that failed half-way is unknown at once; one that was answered stays answered.
pub async fn a_request_that_was_given_up_is_unknown<S: IdempotencyRecords>(store: S) {
    let attempt = begun(&store, "k", time(0)).await;
    ok(store.give_up(&attempt, time(1)).await);
    assert_eq!(begin(&store, "k", time(1)).await, Begun::Unknown);
    ok(store.answer(&attempt, &answer()).await);
    ok(store.give_up(&attempt, time(2)).await);
    assert_eq!(begin(&store, "k", time(2)).await, Begun::Answered(answer()));
}

/// As long as the caller says, and no longer.
pub async fn a_request_is_remembered_as_long_as_it_asks<S: IdempotencyRecords>(store: S) {
    let wish = IdempotentRequest { until: time(120), ..request(scope("k"), b"body", time(0)) };
    assert!(matches!(ok(store.begin(&wish, time(0)).await), Begun::Yours(_)));
    assert_eq!(begin(&store, "k", time(119)).await, Begun::Unknown);
    begun(&store, "k", time(120)).await;
}

/// One that took longer than expected has been executed all the same; one of yesterday changes nothing today.
pub async fn a_late_answer_counts<S: IdempotencyRecords>(store: S) {
    let attempt = begun(&store, "k", time(0)).await;
    assert_eq!(begin(&store, "k", time(100)).await, Begun::Unknown);
    ok(store.answer(&attempt, &answer()).await);
    assert_eq!(begin(&store, "k", time(101)).await, Begun::Answered(answer()));
    let today = time(0) + REMEMBERED;
    let next = begun(&store, "k", today).await;
    ok(store.answer(&attempt, &answer()).await);
    ok(store.abandon(&attempt).await);
    assert_eq!(begin(&store, "k", today).await, Begun::Running);
    ok(store.abandon(&next).await);
}

/// After a failure that had no effect, the same request is new.
pub async fn an_abandoned_request_may_come_again<S: IdempotencyRecords>(store: S) {
    let attempt = begun(&store, "k", time(0)).await;
    ok(store.abandon(&attempt).await);
    let again = begun(&store, "k", time(0)).await;
    ok(store.answer(&attempt, &answer()).await);
    assert_eq!(begin(&store, "k", time(0)).await, Begun::Running, "the answer is of another attempt");
    ok(store.answer(&again, &answer()).await);
    assert_eq!(begin(&store, "k", time(0)).await, Begun::Answered(answer()));
}

/// The same key of another user, or for another operation, is another request.
pub async fn requests_of_two_users_are_two<S: IdempotencyRecords>(store: S) {
    let (alice, bob) = (UserId::new(time(0)), UserId::new(time(0)));
    for scope in [
        Scope::new(Some(alice), "addOrder", "k"),
        Scope::new(Some(bob), "addOrder", "k"),
        Scope::new(None, "addOrder", "k"),
        Scope::new(Some(alice), "addTodo", "k"),
        Scope::new(Some(alice), "addOrder", "K"),
    ] {
        let begun = ok(store.begin(&request(scope, b"body", time(0)), time(0)).await);
        assert!(matches!(begun, Begun::Yours(_)), "{begun:?}");
    }
}

/// What is too long is refused and not cut.
pub async fn an_answer_has_its_limit<S: IdempotencyRecords>(store: S) {
    let attempt = begun(&store, "k", time(0)).await;
    let room = ANSWER_LIMIT - Answer { body: Vec::new(), ..answer() }.length();
    let long = Answer { body: vec![b'x'; room + 1], ..answer() };
    let told = store.answer(&attempt, &long).await;
    assert!(matches!(told, Err(StoreError::Limit(_))), "{told:?}");
    let longest = Answer { body: vec![b'x'; room], ..answer() };
    ok(store.answer(&attempt, &longest).await);
    assert!(begin(&store, "k", time(0)).await == Begun::Answered(longest), "the longest answer is changed");
}
