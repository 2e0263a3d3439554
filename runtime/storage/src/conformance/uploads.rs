//! The promises of [`Uploads`].

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CROWD, crowd, ok, time};
use crate::{Confirmed, SWEEPING, StoreError, Upload, UploadRecord, Uploads, UserId};

fn upload(key: &str) -> Upload {
    Upload {
        key: key.to_owned(),
        owner: Some(UserId::new(time(0))),
        operation: "uploadAvatar".into(),
        content_type: "image/*".into(),
        size: 5 << 20,
    }
}

async fn begin<S: Uploads>(store: &S, key: &str) -> Upload {
    let upload = upload(key);
    ok(store.begin_upload(&upload, time(60), time(0)).await);
    upload
}

async fn confirm<S: Uploads>(store: &S, key: &str, now: Timestamp) -> Confirmed {
    ok(store.confirm_upload(key, 1234, "image/png", now).await)
}

async fn abandoned<S: Uploads>(store: &S, now: Timestamp) -> Vec<String> {
    let taken = ok(store.take_abandoned(1000, now).await);
    let mut keys: Vec<String> = taken.into_iter().map(|record| record.upload.key).collect();
    keys.sort_unstable();
    keys
}

/// Its size and type are then those that were found.
pub async fn an_upload_counts_when_it_is_confirmed<S: Uploads>(store: S) {
    assert_eq!(ok(store.upload("a").await), None);
    assert_eq!(confirm(&store, "a", time(0)).await, Confirmed::Unknown);
    let begun = begin(&store, "a").await;
    let nobody = Upload { owner: None, ..upload("b") };
    ok(store.begin_upload(&nobody, time(60), time(0)).await);
    let pending = UploadRecord { upload: begun.clone(), confirmed: false, begun_at: time(0) };
    assert_eq!(ok(store.upload("a").await), Some(pending.clone()));
    assert_eq!(ok(store.upload("b").await).map(|record| record.upload), Some(nobody));
    let found = Upload { size: 1234, content_type: "image/png".into(), ..begun };
    let confirmed = UploadRecord { upload: found, confirmed: true, ..pending };
    for now in [time(59), time(1000)] {
        assert_eq!(confirm(&store, "a", now).await, Confirmed::Yes(confirmed.clone()));
    }
    assert_eq!(ok(store.upload("a").await), Some(confirmed));
    assert_eq!(abandoned(&store, time(1000)).await, ["b"]);
    ok(store.forget_upload("a").await);
    assert!(ok(store.upload("a").await).is_some(), "what is confirmed is not forgotten");
}

/// Whoever takes it has a while to delete the object; if it does not come back, another may.
pub async fn an_abandoned_upload_is_swept<S: Uploads>(store: S) {
    begin(&store, "a").await;
    begin(&store, "b").await;
    let just_before = time(60) - SignedDuration::from_millis(1);
    assert_eq!(abandoned(&store, just_before).await, [""; 0]);
    assert_eq!(confirm(&store, "b", time(60)).await, Confirmed::TooLate);
    assert_eq!(abandoned(&store, time(60)).await, ["a", "b"]);
    assert_eq!(confirm(&store, "a", just_before).await, Confirmed::TooLate);
    assert_eq!(ok(store.upload("a").await), None);
    assert_eq!(abandoned(&store, time(60) + SWEEPING - SignedDuration::from_millis(1)).await, [""; 0]);
    ok(store.forget_upload("b").await);
    assert_eq!(abandoned(&store, time(60) + SWEEPING).await, ["a"]);
    ok(store.forget_upload("a").await);
    assert_eq!(abandoned(&store, time(100_000)).await, [""; 0]);
    assert_eq!(confirm(&store, "a", time(0)).await, Confirmed::Unknown);
}

/// Pending or confirmed, it is nobody's any more.
pub async fn a_removed_upload_is_swept<S: Uploads>(store: S) {
    begin(&store, "pending").await;
    begin(&store, "confirmed").await;
    confirm(&store, "confirmed", time(1)).await;
    for key in ["pending", "confirmed"] {
        assert!(ok(store.remove_upload(key, time(5)).await));
        assert!(!ok(store.remove_upload(key, time(5)).await), "it is gone already");
        assert_eq!(confirm(&store, key, time(5)).await, Confirmed::TooLate);
        assert_eq!(ok(store.upload(key).await), None);
    }
    assert!(!ok(store.remove_upload("unknown", time(5)).await));
    assert_eq!(abandoned(&store, time(5)).await, ["confirmed", "pending"]);
}

/// A second one would write over the first.
pub async fn a_key_is_uploaded_once<S: Uploads + 'static>(store: S) {
    let store = Arc::new(store);
    let begun = crowd(&store, |store, _| async move {
        match store.begin_upload(&upload("a"), time(60), time(0)).await {
            Ok(()) => true,
            Err(StoreError::Conflict { .. }) => false,
            Err(error) => panic!("the store failed: {error}"),
        }
    });
    assert_eq!(begun.await.into_iter().filter(|begun| *begun).count(), 1);
    ok(store.begin_upload(&upload("A"), time(60), time(0)).await);
}

/// No object is deleted by two.
pub async fn sweepers_take_different_uploads<S: Uploads + 'static>(store: S) {
    for n in 0..CROWD * 2 {
        begin(&store, &format!("k{n}")).await;
    }
    let store = Arc::new(store);
    let mut all = Vec::new();
    // Sweepers that met may leave some to each other; the next rounds find those.
    for _ in 0..10 {
        let taken =
            crowd(&store, |store, _| async move { ok(store.take_abandoned(3, time(60)).await) }).await;
        all.extend(taken.into_iter().flatten().map(|record| record.upload.key));
    }
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (CROWD * 2, CROWD * 2));
}

/// At the very end of its time.
pub async fn an_upload_is_confirmed_or_swept_and_never_both<S: Uploads + 'static>(store: S) {
    for n in 0..CROWD {
        begin(&store, &format!("k{n}")).await;
    }
    let store = Arc::new(store);
    let just_before = time(60) - SignedDuration::from_millis(1);
    let outcomes = crowd(&store, |store, n| async move {
        let confirmed = confirm(&*store, &format!("k{n}"), just_before).await;
        let swept = ok(store.take_abandoned(2, time(60)).await);
        (n, matches!(confirmed, Confirmed::Yes(_)), swept)
    })
    .await;
    let swept: BTreeSet<String> =
        outcomes.iter().flat_map(|(_, _, swept)| swept.iter().map(|r| r.upload.key.clone())).collect();
    for (n, confirmed, _) in &outcomes {
        let key = format!("k{n}");
        if swept.contains(&key) {
            assert!(!confirmed, "{key} is both");
        } else if *confirmed {
            assert!(ok(store.upload(&key).await).is_some(), "{key} counts");
        }
    }
}
