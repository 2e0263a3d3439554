//! The promises of [`Inbox`].

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretSlice};

use super::{CROWD, crowd, ok, time};
use crate::{Arrival, DEAD_LETTER, Held, Inbox, InboxCounts, MessageKey, REMEMBERED_MESSAGE, Received};

const APP: &str = "wx1";

fn key(name: &str) -> MessageKey {
    MessageKey::new(APP, name)
}

async fn receive<S: Inbox>(store: &S, name: &str, hold: Option<Timestamp>, now: Timestamp) -> Received {
    let message = format!("the content of {name}");
    let arrival = Arrival { key: key(name), app: APP, kind: "the event `x`", message: message.as_bytes() };
    ok(store.receive(&arrival, hold, now).await)
}

async fn hold<S: Inbox>(store: &S, name: &str, until: Timestamp, now: Timestamp) -> Held {
    match receive(store, name, Some(until), now).await {
        Received::Yours(held) => *held,
        other => panic!("the message should be the caller's, and is {other:?}"),
    }
}

async fn take<S: Inbox>(store: &S, until: Timestamp, now: Timestamp) -> Vec<Held> {
    ok(store.take_due(1000, until, now).await)
}

fn text(bytes: &Option<SecretSlice<u8>>) -> Option<&str> {
    bytes.as_ref().map(|bytes| std::str::from_utf8(bytes.expose_secret()).unwrap_or("no text"))
}

/// Also where they come at once.
pub async fn one_of_many_deliveries_is_dealt_with<S: Inbox + 'static>(store: S) {
    let store = Arc::new(store);
    let received =
        crowd(&store, |store, _| async move { receive(&*store, "a", Some(time(30)), time(0)).await }).await;
    let yours = received.iter().filter(|received| matches!(received, Received::Yours(_))).count();
    let kept = received.iter().filter(|received| matches!(received, Received::Kept)).count();
    assert_eq!((yours, kept), (1, CROWD - 1));
    // Another message, and one of that name for another app, are not the same.
    hold(&*store, "b", time(30), time(0)).await;
    let other = Arrival { key: MessageKey::new("wx2", "a"), app: "wx2", kind: "x", message: b"" };
    assert!(matches!(ok(store.receive(&other, None, time(0)).await), Received::Kept));
    assert_eq!(ok(store.inbox_counts().await), InboxCounts { open: 3, dead: 0 });
}

/// Each message has one taker, however many there are.
pub async fn takers_take_different_messages<S: Inbox + 'static>(store: S) {
    for n in 0..40 {
        assert!(matches!(receive(&store, &n.to_string(), None, time(0)).await, Received::Kept));
    }
    let store = Arc::new(store);
    let taken = crowd(&store, |store, _| async move { ok(store.take_due(4, time(30), time(1)).await) })
        .await
        .concat();
    let keys: BTreeSet<MessageKey> = taken.iter().map(|held| held.key).collect();
    assert_eq!(keys.len(), taken.len(), "one was taken twice");
    let rest = take(&*store, time(30), time(1)).await;
    assert_eq!(taken.len() + rest.len(), 40);
    assert!(taken.iter().chain(&rest).all(|held| held.attempt == 1 && held.app == APP));
    assert!(take(&*store, time(60), time(29)).await.is_empty());
}

/// It blocks the message no longer than its lease; when it wakes, it is told.
pub async fn a_crashed_holder_gives_way_and_changes_nothing_after<S: Inbox>(store: S) {
    let first = hold(&store, "a", time(30), time(0)).await;
    assert!(take(&store, time(60), time(29)).await.is_empty());
    let second = take(&store, time(60), time(30)).await.remove(0);
    assert!(second.token > first.token && second.attempt == 2, "{second:?}");
    assert_eq!(text(&second.message), Some("the content of a"));
    assert!(!ok(store.extend(&first, time(1000)).await));
    assert!(!ok(store.note_reply(&first, b"late").await));
    assert!(!ok(store.retry(&first, "late", time(31)).await));
    assert!(!ok(store.bury(&first, "late", time(31)).await));
    assert!(!ok(store.finish(&first, Some(b"late"), time(31)).await));
    // Whoever extends its lease keeps it.
    assert!(ok(store.extend(&second, time(90)).await));
    assert!(take(&store, time(120), time(89)).await.is_empty());
    assert!(ok(store.finish(&second, None, time(89)).await));
    assert!(!ok(store.extend(&second, time(1000)).await));
    assert!(take(&store, time(2000), time(1000)).await.is_empty());
    assert!(matches!(receive(&store, "a", Some(time(1030)), time(1000)).await, Received::Done(None)));
}

/// Not before.
pub async fn a_failure_is_tried_again_when_it_is_due<S: Inbox>(store: S) {
    let first = hold(&store, "a", time(30), time(0)).await;
    assert!(ok(store.retry(&first, "the shop is closed", time(10)).await));
    assert!(take(&store, time(60), time(9)).await.is_empty());
    assert!(matches!(receive(&store, "a", Some(time(39)), time(9)).await, Received::Kept));
    let second = take(&store, time(60), time(10)).await.remove(0);
    assert_eq!((second.attempt, text(&second.message)), (2, Some("the content of a")));
    assert!(!ok(store.retry(&first, "again", time(11)).await));
}

/// Whoever comes after only replies; what another delivery is answered with stays.
pub async fn a_reply_is_not_lost_with_its_holder<S: Inbox>(store: S) {
    let first = hold(&store, "a", time(30), time(0)).await;
    assert!(ok(store.note_reply(&first, "你好".as_bytes()).await));
    let second = take(&store, time(60), time(30)).await.remove(0);
    assert_eq!(text(&second.reply), Some("你好"));
    assert!(ok(store.finish(&second, Some(b"answered"), time(31)).await));
    match receive(&store, "a", Some(time(60)), time(32)).await {
        Received::Done(answer) => assert_eq!(text(&answer), Some("answered")),
        other => panic!("it was dealt with, and is {other:?}"),
    }
}

/// With its reason; from the first attempt on.
pub async fn a_dead_letter_is_seen_and_can_be_revived<S: Inbox>(store: S) {
    let held = hold(&store, "a", time(30), time(0)).await;
    assert!(ok(store.bury(&held, &"长".repeat(5000), time(1)).await));
    assert_eq!(ok(store.inbox_counts().await), InboxCounts { open: 0, dead: 1 });
    assert!(take(&store, time(100), time(60)).await.is_empty());
    assert!(matches!(receive(&store, "a", Some(time(90)), time(60)).await, Received::Kept));
    let letters = ok(store.dead_letters(10).await);
    let letter = &letters[0];
    assert_eq!((letter.key, letter.app.as_str(), letter.kind.as_str()), (key("a"), APP, "the event `x`"));
    assert_eq!((letter.attempts, letter.received_at), (1, time(0)));
    assert_eq!(text(&letter.message), Some("the content of a"));
    assert!(letter.failure.starts_with("长长") && letter.failure.len() <= 4000, "{}", letter.failure.len());
    assert!(!ok(store.revive(&key("b"), time(70)).await));
    assert!(ok(store.revive(&key("a"), time(70)).await));
    assert!(!ok(store.revive(&key("a"), time(70)).await));
    assert!(!ok(store.finish(&held, None, time(70)).await), "it is held no more by whoever buried it");
    assert_eq!(take(&store, time(100), time(70)).await[0].attempt, 1);
}

/// And a dead letter for thirty.
pub async fn what_was_dealt_with_is_remembered_for_a_day<S: Inbox>(store: S) {
    let done = hold(&store, "done", time(30), time(0)).await;
    assert!(ok(store.finish(&done, None, time(0)).await));
    let dead = hold(&store, "dead", time(30), time(0)).await;
    assert!(ok(store.bury(&dead, "why", time(0)).await));
    let just_before = time(0) + REMEMBERED_MESSAGE - SignedDuration::from_millis(1);
    assert!(matches!(receive(&store, "done", None, just_before).await, Received::Done(None)));
    let day = time(0) + REMEMBERED_MESSAGE;
    hold(&store, "done", day + SignedDuration::from_secs(30), day).await;
    let month = time(0) + DEAD_LETTER;
    receive(&store, "other", None, month).await;
    assert!(ok(store.dead_letters(10).await).is_empty());
}
