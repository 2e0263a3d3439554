//! The promises of [`Leases`].

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::{CROWD, crowd, ok, time};
use crate::{Grant, Leased, Leases, StoreError};

async fn granted<S: Leases>(store: &S, until: Timestamp, now: Timestamp) -> Grant {
    match ok(store.acquire("sweeper", until, now).await) {
        Leased::Yours(grant) => grant,
        other => panic!("the lease should be granted, and is {other:?}"),
    }
}

/// Of concurrent wishes one is granted; the others hear until when. Two names are two leases.
pub async fn one_holder_of_many<S: Leases + 'static>(store: S) {
    let store = Arc::new(store);
    let leased = crowd(&store, |store, n| async move {
        let name = if n % 2 == 0 { "even" } else { "Even" };
        (name, ok(store.acquire(name, time(60), time(0)).await))
    })
    .await;
    for wanted in ["even", "Even"] {
        let of_name: Vec<&Leased> =
            leased.iter().filter(|(name, _)| *name == wanted).map(|(_, leased)| leased).collect();
        let granted = of_name.iter().filter(|leased| matches!(leased, Leased::Yours(_))).count();
        let held = of_name.iter().filter(|leased| ***leased == Leased::Held { until: time(60) }).count();
        assert_eq!((granted, held), (1, CROWD / 2 - 1), "{wanted}");
    }
    for name in ["", "a\0b"] {
        let told = store.acquire(name, time(60), time(0)).await;
        assert!(matches!(told, Err(StoreError::Limit(_))), "{told:?}");
    }
}

/// After a release, after an end, and when the clock stands still or was set back.
pub async fn tokens_grow_with_each_grant<S: Leases>(store: S) {
    let mut last = 0;
    for (until, now) in [(60, 0), (60, 0), (60, 0), (200, 100), (400, 300), (60, 0), (60, 0)] {
        let grant = granted(&store, time(until), time(now)).await;
        assert!(grant.token > last, "{} after {last}", grant.token);
        last = grant.token;
        ok(store.release(&grant).await);
    }
}

/// A crashed holder blocks the others no longer than its lease.
pub async fn a_lease_ends_by_itself<S: Leases>(store: S) {
    let until = time(60) + SignedDuration::from_millis(7);
    let first = granted(&store, until, time(0)).await;
    assert_eq!(first.until, until);
    let just_before = until - SignedDuration::from_millis(1);
    assert_eq!(ok(store.acquire("sweeper", time(90), just_before).await), Leased::Held { until });
    let second = granted(&store, time(120), until).await;
    assert!(second.token > first.token);
}

/// One whose lease has gone to another changes nothing.
pub async fn a_late_holder_cannot_renew_or_release<S: Leases>(store: S) {
    let late = granted(&store, time(60), time(0)).await;
    // Also before another has it.
    assert_eq!(ok(store.renew(&late, time(200), time(60)).await), None);
    let successor = granted(&store, time(120), time(60)).await;
    assert_eq!(ok(store.renew(&late, time(200), time(61)).await), None);
    assert_eq!(ok(store.renew(&late, time(200), time(1)).await), None);
    ok(store.release(&late).await);
    assert_eq!(ok(store.acquire("sweeper", time(200), time(61)).await), Leased::Held { until: time(120) });
    ok(store.release(&successor).await);
    granted(&store, time(200), time(61)).await;
}

/// Renewing keeps the token.
pub async fn a_renewed_lease_lasts_longer<S: Leases>(store: S) {
    let grant = granted(&store, time(60), time(0)).await;
    let renewed = ok(store.renew(&grant, time(120), time(59)).await);
    assert_eq!(renewed, Some(Grant { until: time(120), ..grant.clone() }));
    assert_eq!(ok(store.acquire("sweeper", time(200), time(119)).await), Leased::Held { until: time(120) });
    granted(&store, time(200), time(120)).await;
    ok(store.release(&grant).await);
}

/// Holders who sleep past their end and write late, to something that remembers the greatest token.
pub async fn a_fenced_counter_counts_right<S: Leases + 'static>(store: S) {
    let store = Arc::new(store);
    // The greatest token seen, and whose writes were taken.
    let counter = Arc::new(Mutex::new((0_u64, Vec::new())));
    let mut sleepers = Vec::new();
    for round in 0..5 {
        let now = time(round * 100);
        let grant = granted(&*store, now + SignedDuration::from_secs(50), now).await;
        sleepers.push(grant);
    }
    let awake = sleepers.last().cloned();
    // The one that is awake writes first, then all the others wake up.
    for grant in awake.iter().chain(&sleepers) {
        let mut counter = counter.lock().expect("no panic");
        if grant.token >= counter.0 {
            counter.0 = grant.token;
            counter.1.push(grant.until);
        }
    }
    let taken = counter.lock().expect("no panic").1.clone();
    assert_eq!(taken, [time(450), time(450)], "only the last holder's writes count");
}
