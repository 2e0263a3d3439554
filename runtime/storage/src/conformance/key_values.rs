//! The promises of [`KeyValues`].

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{AWKWARD, CROWD, crowd, ok, time};
use crate::{Entry, Expected, KEY_LIMIT, KeyValues, StoreError, VALUE_LIMIT};

async fn value<S: KeyValues>(store: &S, key: &str, now: Timestamp) -> Option<Vec<u8>> {
    ok(store.get(key, now).await).map(|entry| entry.value)
}

/// Bytes, version and end are read back; the next value takes the place of the last.
pub async fn a_value_is_what_was_put<S: KeyValues>(store: S) {
    assert_eq!(ok(store.get("k", time(0)).await), None);
    let bytes: Vec<u8> = (0..=255).collect();
    let version = ok(store.put("k", &bytes, None, time(0)).await);
    let entry = Entry { value: bytes, version, expires_at: None };
    assert_eq!(ok(store.get("k", time(0)).await), Some(entry));
    let end = time(60) + SignedDuration::from_millis(5);
    let next = ok(store.put("k", b"", Some(end), time(1)).await);
    assert_ne!(next, version);
    let entry = Entry { value: Vec::new(), version: next, expires_at: Some(end) };
    assert_eq!(ok(store.get("k", time(2)).await), Some(entry.clone()));
    assert_eq!(ok(store.take("k", time(3)).await), Some(entry));
    assert_eq!(ok(store.get("k", time(3)).await), None);
    assert_eq!(ok(store.take("k", time(3)).await), None);
}

/// To the millisecond, for every method.
pub async fn a_value_ends_at_its_end<S: KeyValues>(store: S) {
    let end = time(60);
    let just_before = end - SignedDuration::from_millis(1);
    for key in ["get", "take", "absent", "version"] {
        ok(store.put(key, b"v", Some(end), time(0)).await);
    }
    let version = ok(store.get("version", just_before).await).map(|entry| entry.version).unwrap_or_default();
    assert_eq!(value(&store, "get", just_before).await, Some(b"v".to_vec()));
    assert_eq!(value(&store, "get", end).await, None);
    let absent = store.compare_and_set("absent", Expected::Absent, b"n", None, just_before);
    assert_eq!(ok(absent.await), None, "it is still there");
    let absent = store.compare_and_set("absent", Expected::Absent, b"n", None, end);
    assert!(ok(absent.await).is_some(), "it has ended");
    let late = store.compare_and_set("version", Expected::Version(version), b"n", None, end);
    assert_eq!(ok(late.await), None, "its version has ended with it");
    assert_eq!(ok(store.take("take", end).await), None);
    // A new end counts, also a later one, and none.
    ok(store.put("get", b"w", Some(time(30)), time(10)).await);
    assert_eq!(value(&store, "get", time(31)).await, None);
    ok(store.put("get", b"w", None, time(10)).await);
    assert_eq!(value(&store, "get", time(1_000_000)).await, Some(b"w".to_vec()));
}

/// Case, spaces, other scripts and quotes.
pub async fn awkward_keys_are_not_taken_for_each_other<S: KeyValues>(store: S) {
    for key in AWKWARD {
        ok(store.put(key, key.as_bytes(), None, time(0)).await);
    }
    for key in AWKWARD {
        assert_eq!(value(&store, key, time(0)).await, Some(key.as_bytes().to_vec()), "{key}");
    }
}

/// What does not fit is refused and not cut; what just fits stays whole.
pub async fn keys_and_values_have_their_limits<S: KeyValues>(store: S) {
    let (long, longest) = ("k".repeat(KEY_LIMIT + 1), "k".repeat(KEY_LIMIT));
    for key in ["", "a\0b", &long] {
        let told = store.put(key, b"", None, time(0)).await;
        assert!(matches!(told, Err(StoreError::Limit(_))), "{told:?}");
        let told = store.get(key, time(0)).await;
        assert!(matches!(told, Err(StoreError::Limit(_))), "{told:?}");
    }
    let told = store.put("k", &vec![0; VALUE_LIMIT + 1], None, time(0)).await;
    assert!(matches!(told, Err(StoreError::Limit(_))), "{told:?}");
    let largest = vec![7; VALUE_LIMIT];
    ok(store.put(&longest, &largest, None, time(0)).await);
    assert!(value(&store, &longest, time(0)).await == Some(largest), "the largest value is changed");
}

/// Compare-and-set changes what it expects, and nothing else.
pub async fn a_value_changes_only_from_what_was_expected<S: KeyValues>(store: S) {
    let set = async |expected, value: &'static [u8]| {
        ok(store.compare_and_set("k", expected, value, None, time(0)).await)
    };
    assert_eq!(set(Expected::Version(Uuid::new_v4()), b"x").await, None);
    assert_eq!(value(&store, "k", time(0)).await, None);
    let first = set(Expected::Absent, b"1").await.unwrap_or_default();
    assert_eq!(set(Expected::Absent, b"x").await, None);
    assert_eq!(set(Expected::Version(Uuid::new_v4()), b"x").await, None);
    assert_eq!(value(&store, "k", time(0)).await, Some(b"1".to_vec()));
    assert!(set(Expected::Version(first), b"2").await.is_some());
    assert_eq!(set(Expected::Version(first), b"x").await, None);
    assert_eq!(value(&store, "k", time(0)).await, Some(b"2".to_vec()));
}

/// One who saw the first does not change the second, equal as they are.
pub async fn a_value_that_came_again_is_another<S: KeyValues>(store: S) {
    let seen = ok(store.put("k", b"same", None, time(0)).await);
    ok(store.take("k", time(0)).await);
    ok(store.put("k", b"same", None, time(0)).await);
    let late = store.compare_and_set("k", Expected::Version(seen), b"x", None, time(0));
    assert_eq!(ok(late.await), None);
}

/// A counter that many raise by reading and setting.
pub async fn concurrent_changes_are_not_lost<S: KeyValues + 'static>(store: S) {
    let store = Arc::new(store);
    crowd(&store, |store, _| async move {
        for _ in 0..3 {
            loop {
                let entry = ok(store.get("counter", time(0)).await);
                let (expected, count) = match &entry {
                    None => (Expected::Absent, 0),
                    Some(entry) => {
                        let text = String::from_utf8_lossy(&entry.value);
                        (Expected::Version(entry.version), text.parse().expect("a number"))
                    }
                };
                let next = (count + 1_u32).to_string();
                let set = store.compare_and_set("counter", expected, next.as_bytes(), None, time(0));
                if ok(set.await).is_some() {
                    break;
                }
            }
        }
    })
    .await;
    let expected = (CROWD * 3).to_string().into_bytes();
    assert_eq!(value(&*store, "counter", time(0)).await, Some(expected));
}

/// The first of many wins, whoever it is, also where a value has just ended.
pub async fn of_many_who_expect_nothing_one_writes<S: KeyValues + 'static>(store: S) {
    ok(store.put("ended", b"old", Some(time(1)), time(0)).await);
    let store = Arc::new(store);
    for key in ["new", "ended"] {
        let written = crowd(&store, |store, n| async move {
            let value = n.to_string();
            let set = store.compare_and_set(key, Expected::Absent, value.as_bytes(), None, time(5));
            ok(set.await).map(|version| Entry { value: value.into_bytes(), version, expires_at: None })
        })
        .await;
        let winners: Vec<Entry> = written.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{key}");
        assert_eq!(ok(store.get(key, time(5)).await).as_ref(), winners.first());
    }
}

/// A one-time token is used once.
pub async fn of_many_who_take_one_gets_it<S: KeyValues + 'static>(store: S) {
    ok(store.put("token", b"t", Some(time(60)), time(0)).await);
    let store = Arc::new(store);
    let taken = crowd(&store, |store, _| async move { ok(store.take("token", time(1)).await).is_some() });
    assert_eq!(taken.await.into_iter().filter(|taken| *taken).count(), 1);
}

/// Forgetting what has ended takes nothing else away, and what ended stays ended.
pub async fn ended_values_do_not_hide_the_others<S: KeyValues>(store: S) {
    for n in 0..60 {
        let end = if n % 2 == 0 { time(10) } else { time(100) };
        ok(store.put(&format!("k{n}"), b"v", Some(end), time(0)).await);
    }
    ok(store.put("another", b"v", None, time(20)).await);
    let mut there = BTreeSet::new();
    for n in 0..60 {
        if value(&store, &format!("k{n}"), time(20)).await.is_some() {
            there.insert(n);
        }
    }
    assert_eq!(there, (0..60).filter(|n| n % 2 == 1).collect());
}
