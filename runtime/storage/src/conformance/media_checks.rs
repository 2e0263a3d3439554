//! The promises of [`MediaChecks`].

use std::sync::Arc;

use uuid::Uuid;

use super::{CROWD, crowd, ok, time};
use crate::{LONGEST_SUBJECT, MediaCheckRecord, MediaChecks, MediaTold, StoreError, Which};

async fn begin<S: MediaChecks>(store: &S, subject: &str, at: i64) -> MediaCheckRecord {
    let record = MediaCheckRecord {
        id: Uuid::now_v7(),
        app: "wx1".into(),
        openid: "o1".into(),
        subject: subject.into(),
    };
    ok(store.begin_media_check(&record, time(at)).await);
    record
}

/// Also again: whoever got it may have to begin anew.
pub async fn a_verdict_finds_its_medium_once<S: MediaChecks>(store: S) {
    let tell = async |trace: &str, teller: &str| {
        ok(store.tell_media_check("wx1", Which::Trace(trace), teller, true).await)
    };
    let check = begin(&store, "照片 1", 0).await;
    assert_eq!(tell("t1", "first").await, MediaTold::Unknown, "it comes before its trace");
    ok(store.media_check_asked(check.id, "t1").await);
    for _ in 0..2 {
        assert_eq!(tell("t1", "first").await, MediaTold::Yours(check.clone()));
        assert_eq!(tell("t1", "second").await, MediaTold::Before);
    }
    let other_app = store.tell_media_check("wx2", Which::Trace("t1"), "first", true);
    assert_eq!(ok(other_app.await), MediaTold::Unknown);
}

/// Of many at once.
pub async fn one_of_many_tellers_gets_the_medium<S: MediaChecks + 'static>(store: S) {
    let store = Arc::new(store);
    let check = begin(&*store, "p", 0).await;
    ok(store.media_check_asked(check.id, "t1").await);
    let told = crowd(&store, |store, number| async move {
        ok(store.tell_media_check("wx1", Which::Trace("t1"), &number.to_string(), true).await)
    })
    .await;
    assert_eq!(told.iter().filter(|told| **told == MediaTold::Yours(check.clone())).count(), 1);
    assert_eq!(told.iter().filter(|told| **told == MediaTold::Before).count(), CROWD - 1);
}

/// Whether WeChat has taken it or the process ended before; what comes late counts all the same.
pub async fn a_check_without_a_verdict_is_known<S: MediaChecks>(store: S) {
    let (asked, lost, young) =
        (begin(&store, "asked", 0).await, begin(&store, "lost", 1).await, begin(&store, "young", 100).await);
    ok(store.media_check_asked(asked.id, "t1").await);
    assert_eq!(ok(store.unanswered_media_checks(time(99), 1).await), std::slice::from_ref(&asked));
    let both = [asked.clone(), lost.clone()];
    assert_eq!(ok(store.unanswered_media_checks(time(99), 10).await), both);
    let tell = async |which: Which<'_>, teller: &str, verdict: bool| {
        ok(store.tell_media_check("wx1", which, teller, verdict).await)
    };
    for check in &both {
        assert_eq!(tell(Which::Id(check.id), "clock", false).await, MediaTold::Yours(check.clone()));
    }
    assert_eq!(ok(store.unanswered_media_checks(time(100), 10).await), [young]);
    assert_eq!(tell(Which::Trace("t1"), "push", true).await, MediaTold::Yours(asked.clone()));
    assert_eq!(tell(Which::Id(asked.id), "clock", false).await, MediaTold::Before);
}

/// So that the store does not grow.
pub async fn old_and_abandoned_checks_are_forgotten<S: MediaChecks>(store: S) {
    let (old, abandoned) = (begin(&store, "old", 0).await, begin(&store, "abandoned", 50).await);
    ok(store.abandon_media_check(abandoned.id).await);
    assert_eq!(ok(store.forget_media_checks(time(49)).await), 1);
    for check in [old, abandoned] {
        let told = store.tell_media_check("wx1", Which::Id(check.id), "clock", false).await;
        assert_eq!(ok(told), MediaTold::Unknown);
    }
    let long = MediaCheckRecord {
        id: Uuid::now_v7(),
        app: "wx1".into(),
        openid: "o1".into(),
        subject: "x".repeat(LONGEST_SUBJECT + 1),
    };
    let refused = store.begin_media_check(&long, time(0)).await;
    assert!(matches!(refused, Err(StoreError::Limit(_))), "{refused:?}");
}
