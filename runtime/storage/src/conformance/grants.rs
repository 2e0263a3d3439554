//! The promises of [`SubscriptionGrants`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CROWD, crowd, ok, time};
use crate::{
    Counted, GrantCounts, GrantKey, MOST_GRANTS, PAIRING, REMEMBERED_GRANT, Receipt, Report, SENDING,
    Settled, SubscriptionGrants, Take, Taken, UNCERTAIN, Witness,
};

const KEY: GrantKey<'static> = GrantKey { app: "wx1", openid: "o1", template: "t1" };

async fn tell<S: SubscriptionGrants>(
    store: &S,
    witness: Witness,
    id: &str,
    at: Timestamp,
    now: Timestamp,
) -> Counted {
    ok(store.grant(&KEY, &Report { witness, id, at }, now).await)
}

async fn page<S: SubscriptionGrants>(store: &S, id: &str, at: i64) -> Counted {
    tell(store, Witness::Page, id, time(at), time(at)).await
}

async fn push<S: SubscriptionGrants>(store: &S, id: &str, at: i64) -> Counted {
    tell(store, Witness::Push, id, time(at), time(at)).await
}

async fn take<S: SubscriptionGrants>(store: &S, now: Timestamp) -> Taken {
    match ok(store.take_grant(&KEY, now).await) {
        Take::Yours(taken) => taken,
        other => panic!("a grant should be the caller's, and the store says {other:?}"),
    }
}

async fn counts<S: SubscriptionGrants>(store: &S, now: i64) -> (u32, u32) {
    let GrantCounts { unused, uncertain } = ok(store.grants(&KEY, time(now)).await);
    (unused, uncertain)
}

fn receipt(message: &str, at: i64) -> Receipt<'_> {
    Receipt { message, at: time(at), failure: None }
}

/// Whoever tells first, and however often.
pub async fn a_yes_counts_once_though_two_tell<S: SubscriptionGrants>(store: S) {
    assert_eq!(page(&store, "a", 0).await, Counted::Yes);
    assert_eq!(push(&store, "p", 1).await, Counted::Paired);
    assert_eq!(page(&store, "a", 2).await, Counted::Known);
    assert_eq!(push(&store, "p", 3).await, Counted::Known);
    assert_eq!(counts(&store, 4).await, (1, 0));
    assert_eq!(push(&store, "q", 10).await, Counted::Yes);
    assert_eq!(page(&store, "b", 11).await, Counted::Paired);
    assert_eq!(counts(&store, 12).await, (2, 0));
    // Each of two quick ones has its own witnesses.
    for (n, told) in [("c", Counted::Yes), ("d", Counted::Yes)] {
        assert_eq!(page(&store, n, 20).await, told);
    }
    for n in ["r", "s"] {
        assert_eq!(push(&store, n, 20).await, Counted::Paired);
    }
    assert_eq!(counts(&store, 21).await, (4, 0));
    // What is told of another user, template or app is another's.
    for other in
        [GrantKey { openid: "o2", ..KEY }, GrantKey { template: "t2", ..KEY }, GrantKey { app: "wx2", ..KEY }]
    {
        let report = Report { witness: Witness::Page, id: "a", at: time(0) };
        assert_eq!(ok(store.grant(&other, &report, time(0)).await), Counted::Yes);
        assert_eq!(ok(store.grants(&other, time(0)).await).unused, 1);
    }
    assert_eq!(counts(&store, 21).await, (4, 0));
}

/// A page that was closed tells when it is opened again; it says when the user answered.
pub async fn a_late_witness_is_known_by_the_time_it_tells_of<S: SubscriptionGrants>(store: S) {
    assert_eq!(push(&store, "p", 0).await, Counted::Yes);
    let taken = take(&store, time(5)).await;
    assert!(ok(store.settle(&taken, Settled::Sent, time(6)).await));
    let late = |at| tell(&store, Witness::Page, "a", time(at), time(100_000));
    assert_eq!(late(2).await, Counted::Paired);
    assert_eq!(counts(&store, 100_000).await, (0, 0));
    let apart = PAIRING.as_secs();
    assert_eq!(push(&store, "q", 200_000).await, Counted::Yes);
    assert_eq!(page(&store, "b", 200_000 + apart + 1).await, Counted::Yes);
    let old = tell(&store, Witness::Page, "c", time(0), time(0) + REMEMBERED_GRANT);
    assert_eq!(old.await, Counted::TooOld);
}

/// Also where all come at once.
pub async fn witnesses_at_once_are_not_counted_twice<S: SubscriptionGrants + 'static>(store: S) {
    let store = Arc::new(store);
    let told = crowd(&store, |store, n| async move {
        let pair = (n / 2).to_string();
        if n % 2 == 0 { page(&*store, &pair, 0).await } else { push(&*store, &pair, 0).await }
    })
    .await;
    let of = |counted| told.iter().filter(|told| **told == counted).count();
    assert_eq!((of(Counted::Yes), of(Counted::Paired)), (CROWD / 2, CROWD / 2));
    assert_eq!(counts(&*store, 1).await, (u32::try_from(CROWD / 2).unwrap_or_default(), 0));
    let again = crowd(&store, |store, _| async move { page(&*store, "x", 10_000).await }).await;
    assert_eq!(again.iter().filter(|told| **told == Counted::Yes).count(), 1);
}

/// However many send at once; who has no grant does not wait for those who have.
pub async fn a_grant_is_for_one_message<S: SubscriptionGrants + 'static>(store: S) {
    let other = GrantKey { template: "t2", ..KEY };
    let report = Report { witness: Witness::Page, id: "other", at: time(0) };
    assert_eq!(ok(store.grant(&other, &report, time(0)).await), Counted::Yes);
    for n in 0..3 {
        page(&store, &n.to_string(), n * 1000).await;
    }
    let store = Arc::new(store);
    // Each tries until it has a grant, or there is none: two of one user never send at a time.
    let sent = crowd(&store, |store, _| async move {
        loop {
            match ok(store.take_grant(&KEY, time(5000)).await) {
                Take::Yours(taken) => {
                    assert_eq!(ok(store.take_grant(&other, time(5000)).await), Take::Busy);
                    let none = GrantKey { template: "t3", ..KEY };
                    assert_eq!(ok(store.take_grant(&none, time(5000)).await), Take::None);
                    assert!(ok(store.settle(&taken, Settled::Sent, time(5000)).await));
                    return 1;
                }
                Take::None => return 0,
                Take::Busy => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    assert_eq!(sent.iter().sum::<u32>(), 3);
    assert_eq!(counts(&*store, 5000).await, (0, 0));
}

/// The grant is as before; and the user can be sent to at once.
pub async fn a_message_that_was_not_taken_uses_no_grant<S: SubscriptionGrants>(store: S) {
    page(&store, "a", 0).await;
    let taken = take(&store, time(1)).await;
    assert_eq!(ok(store.take_grant(&KEY, time(1)).await), Take::Busy);
    assert!(ok(store.settle(&taken, Settled::Unused, time(2)).await));
    assert_eq!(counts(&store, 2).await, (1, 0));
    assert!(!ok(store.settle(&taken, Settled::Sent, time(2)).await), "it is not the caller's any more");
    assert_eq!(counts(&store, 2).await, (1, 0));
    take(&store, time(3)).await;
}

/// Nor used again before its end could be known; a receipt tells it.
pub async fn a_grant_of_unknown_end_is_not_lost<S: SubscriptionGrants>(store: S) {
    page(&store, "a", 0).await;
    let taken = take(&store, time(1)).await;
    assert!(ok(store.settle(&taken, Settled::Uncertain, time(2)).await));
    assert_eq!(counts(&store, 3).await, (0, 1));
    assert_eq!(ok(store.take_grant(&KEY, time(3)).await), Take::None);
    let rested = time(1) + UNCERTAIN;
    assert_eq!(ok(store.take_grant(&KEY, rested - SignedDuration::from_millis(1)).await), Take::None);
    let again = take(&store, rested).await;
    assert!(!ok(store.settle(&taken, Settled::Sent, rested).await), "another has it by now");
    assert!(ok(store.settle(&again, Settled::Uncertain, rested).await));
    let now = rested.as_second() - time(0).as_second();
    assert!(ok(store.note_receipt(&KEY, &receipt("m1", now), rested).await));
    assert_eq!(counts(&store, now).await, (0, 0));
    assert_eq!(ok(store.take_grant(&KEY, rested + UNCERTAIN).await), Take::None);
}

/// Its user is not blocked longer than a message takes.
pub async fn a_crashed_sender_gives_way<S: SubscriptionGrants>(store: S) {
    page(&store, "a", 0).await;
    page(&store, "b", 0).await;
    take(&store, time(0)).await;
    let until = time(0) + SENDING;
    assert_eq!(ok(store.take_grant(&KEY, until - SignedDuration::from_millis(1)).await), Take::Busy);
    let second = take(&store, until).await;
    assert!(ok(store.settle(&second, Settled::Sent, until).await));
    assert_eq!(counts(&store, SENDING.as_secs()).await, (0, 1));
}

/// WeChat knows better, of what was told until it was asked.
pub async fn a_refusal_sets_the_ledger_right<S: SubscriptionGrants>(store: S) {
    for n in 0..3 {
        page(&store, &n.to_string(), n * 1000).await;
    }
    let taken = take(&store, time(5000)).await;
    page(&store, "new", 5001).await;
    assert!(ok(store.settle(&taken, Settled::NotGranted, time(5002)).await));
    assert_eq!(counts(&store, 5003).await, (1, 0));
    // The other witness of what is void does not revive it.
    assert_eq!(push(&store, "p", 1000).await, Counted::Paired);
    assert_eq!(counts(&store, 5003).await, (1, 0));
}

/// Of what was granted until then, also where it is told later.
pub async fn a_withdrawal_voids_what_was_before<S: SubscriptionGrants>(store: S) {
    page(&store, "a", 0).await;
    page(&store, "b", 1000).await;
    assert_eq!(ok(store.withdraw(&KEY, time(2000), time(2000)).await), 2);
    assert_eq!(counts(&store, 2000).await, (0, 0));
    assert_eq!(push(&store, "late", 1900).await, Counted::TooOld);
    assert_eq!(page(&store, "c", 3000).await, Counted::Yes);
    // The same withdrawal, delivered again.
    assert_eq!(ok(store.withdraw(&KEY, time(2000), time(4000)).await), 0);
    assert_eq!(counts(&store, 4000).await, (1, 0));
    // A message that is under way then has no grant to give back.
    let taken = take(&store, time(4000)).await;
    assert_eq!(ok(store.withdraw(&KEY, time(4001), time(4001)).await), 1);
    assert!(!ok(store.settle(&taken, Settled::Unused, time(4002)).await));
    assert_eq!(counts(&store, 4002).await, (0, 0));
    page(&store, "d", 5000).await;
    take(&store, time(5000)).await;
}

/// With WeChat's words; once.
pub async fn a_message_that_did_not_arrive_is_known<S: SubscriptionGrants>(store: S) {
    assert!(!ok(store.note_receipt(&KEY, &receipt("m0", 0), time(0)).await), "no message was sent");
    page(&store, "a", 0).await;
    page(&store, "b", 1000).await;
    let lost = take(&store, time(1000)).await;
    assert!(ok(store.settle(&lost, Settled::Uncertain, time(1001)).await));
    let sent = take(&store, time(1002)).await;
    // WeChat may be quicker than its own answer.
    let failed = Receipt { failure: Some("user refused"), ..receipt("m1", 1002) };
    for _ in 0..2 {
        assert!(ok(store.note_receipt(&KEY, &failed, time(1003)).await));
    }
    assert_eq!(ok(store.take_grant(&KEY, time(1003)).await), Take::Busy, "its sender still waits");
    assert!(!ok(store.settle(&sent, Settled::Sent, time(1004)).await));
    assert_eq!(ok(store.take_grant(&KEY, time(1004)).await), Take::None);
    let failures = ok(store.failed_deliveries(10).await);
    assert_eq!(failures.len(), 1);
    let failure = &failures[0];
    assert_eq!(
        (failure.app.as_str(), failure.openid.as_str(), failure.template.as_str()),
        ("wx1", "o1", "t1")
    );
    assert_eq!((failure.message.as_str(), failure.failure.as_str()), ("m1", "user refused"));
    assert_eq!(failure.at, time(1002));
    assert_eq!(counts(&store, 1005).await, (0, 1), "the receipt was for the message that was under way");
}

/// And what was used is forgotten, in a week.
pub async fn grants_have_their_limit<S: SubscriptionGrants>(store: S) {
    for n in 0..MOST_GRANTS {
        assert_eq!(page(&store, &n.to_string(), 0).await, Counted::Yes);
    }
    assert_eq!(page(&store, "more", 0).await, Counted::TooMany);
    assert_eq!(counts(&store, 0).await, (MOST_GRANTS, 0));
    assert_eq!(ok(store.withdraw(&KEY, time(0), time(0)).await), u64::from(MOST_GRANTS));
    let week = time(0) + REMEMBERED_GRANT;
    for n in 0..10 {
        tell(&store, Witness::Page, &format!("later {n}"), week, week).await;
    }
    // Not even the withdrawal is known.
    assert_eq!(tell(&store, Witness::Push, "p", time(1), week).await, Counted::Yes);
}

/// Nor does a user who tells of more and more that was cancelled fill the store.
pub async fn void_grants_have_their_limit<S: SubscriptionGrants>(store: S) {
    let page = async |id: &str, at| tell(&store, Witness::Page, id, time(at), time(5000)).await;
    assert_eq!(ok(store.withdraw(&KEY, time(1000), time(1000)).await), 0);
    for n in 0..=MOST_GRANTS {
        assert_eq!(page(&n.to_string(), 10).await, Counted::TooOld);
    }
    // What is remembered is known.
    assert_eq!(page("0", 10).await, Counted::Known);
    assert_eq!(page(&MOST_GRANTS.to_string(), 10).await, Counted::TooOld);
    // Those of another user, or that count, have room.
    let other = GrantKey { openid: "o2", ..KEY };
    let report = Report { witness: Witness::Page, id: "a", at: time(10) };
    assert_eq!(ok(store.grant(&other, &report, time(5000)).await), Counted::Yes);
    for n in 0..MOST_GRANTS {
        assert_eq!(page(&format!("later {n}"), 2000).await, Counted::Yes);
    }
    assert_eq!(ok(store.withdraw(&KEY, time(3000), time(5000)).await), u64::from(MOST_GRANTS));
    assert_eq!((page("0", 10).await, page("later 0", 2000).await), (Counted::TooOld, Counted::Known));
    // So it is where WeChat refuses.
    for n in 0..MOST_GRANTS {
        assert_eq!(page(&format!("last {n}"), 4000).await, Counted::Yes);
    }
    let taken = take(&store, time(5000)).await;
    assert!(ok(store.settle(&taken, Settled::NotGranted, time(5000)).await));
    assert_eq!((page("later 0", 2000).await, page("last 0", 4000).await), (Counted::TooOld, Counted::Known));
}
