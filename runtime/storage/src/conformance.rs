//! The promises of the traits as tests, for every adapter alike.
//!
//! An adapter outside this crate runs them, one test for each promise, with
//! [`conformance_tests!`](crate::conformance_tests). A case gets an empty store of its own and
//! panics when a promise is broken.
//!
//! Concurrent calls start together at a barrier, on as many tasks; nothing waits for real time.

mod client_calls;
mod grants;
mod idempotency;
mod inbox;
mod key_values;
mod leases;
mod media_checks;
mod objects;
mod uploads;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    Access, Account, Accounts, Claim, CodeHash, Identity, KEPT_KEYS, LEASE, Lease, LoginCodes, REFUSAL,
    REPLAY, SessionKeys, StoreError, UserId,
};

pub use client_calls::*;
pub use grants::*;
pub use idempotency::*;
pub use inbox::*;
pub use key_values::*;
pub use leases::*;
pub use media_checks::*;
pub use objects::*;
pub use uploads::*;

/// Makes one test of each case. The expression is awaited and gives an empty store, and what has to live
/// until the case has ended, such as a temporary folder, or `()`.
///
/// The traits whose promises are tested stand in front: `accounts`, `session_keys`, `login_codes` (whose
/// store implements [`Accounts`] too), `client_calls`, `key_values`, `leases`, `idempotency`, `inbox`,
/// `uploads`, `grants`, `media_checks`.
/// Without them all are. `objects` stands by itself, for an [`ObjectStore`](crate::ObjectStore).
///
/// The crate that calls it needs tokio with the features `macros` and `rt-multi-thread`.
///
/// ```ignore
/// mod conformance {
///     queqiao_storage::conformance_tests!([key_values leases] super::empty_store());
/// }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ([$($group:ident)+] $store:expr) => {
        $($crate::conformance_tests! { @group $group $store })+
    };
    (@group accounts $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            one_identity_is_one_user
            what_was_stored_is_read_back
            identities_of_two_apps_are_linked_by_unionid
            a_unionid_that_comes_later_is_stored
            an_empty_unionid_links_nobody
            identities_that_met_too_late_stay_apart
            an_identity_without_a_name_is_a_conflict
            concurrent_first_logins_make_one_user
            concurrent_first_logins_in_two_apps_make_one_user
            roles_are_a_set
            raised_epochs_count_up_without_loss
            revoked_sessions_end
            unknown_users_are_told
            awkward_texts_stay_whole
        }
    };
    (@group session_keys $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            the_newest_keys_are_kept
            a_key_that_comes_again_pushes_none_out
            keys_belong_to_one_user_of_one_app
            awkward_names_of_keys_stay_whole
            concurrent_keys_leave_the_newest
        }
    };
    (@group login_codes $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            one_claimer_of_many
            a_finished_code_gives_its_user_for_five_minutes
            a_refused_code_is_remembered_for_a_minute
            a_released_code_is_free_at_once
            a_crashed_claimer_blocks_no_longer_than_its_lease
            a_late_claimer_cannot_undo_its_successor
            a_late_success_counts
            codes_of_two_apps_are_two
        }
    };
    (@group client_calls $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            calls_add_up_by_client_and_operation
            concurrent_counts_are_not_lost
            a_reader_never_sees_half_of_an_addition
            contracts_beyond_the_limit_are_counted_together
            an_unknown_contract_that_is_silent_for_long_gives_its_place
            the_packages_seen_last_are_kept
        }
    };
    (@group key_values $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            a_value_is_what_was_put
            a_value_ends_at_its_end
            awkward_keys_are_not_taken_for_each_other
            keys_and_values_have_their_limits
            a_value_changes_only_from_what_was_expected
            a_value_that_came_again_is_another
            concurrent_changes_are_not_lost
            of_many_who_expect_nothing_one_writes
            of_many_who_take_one_gets_it
            ended_values_do_not_hide_the_others
        }
    };
    (@group leases $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            one_holder_of_many
            tokens_grow_with_each_grant
            a_lease_ends_by_itself
            a_late_holder_cannot_renew_or_release
            a_renewed_lease_lasts_longer
            a_fenced_counter_counts_right
        }
    };
    (@group idempotency $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            of_many_repeats_one_is_executed
            an_answer_is_given_again_for_a_day
            another_body_is_refused
            a_crashed_request_stays_unknown
            a_crashed_request_that_had_no_effect_comes_again
            a_crash_is_judged_as_it_was_begun
            a_request_that_was_given_up_is_unknown
            a_request_is_remembered_as_long_as_it_asks
            a_late_answer_counts
            an_abandoned_request_may_come_again
            requests_of_two_users_are_two
            an_answer_has_its_limit
        }
    };
    (@group inbox $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            one_of_many_deliveries_is_dealt_with
            takers_take_different_messages
            a_crashed_holder_gives_way_and_changes_nothing_after
            a_failure_is_tried_again_when_it_is_due
            a_reply_is_not_lost_with_its_holder
            a_dead_letter_is_seen_and_can_be_revived
            what_was_dealt_with_is_remembered_for_a_day
        }
    };
    (@group uploads $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            an_upload_counts_when_it_is_confirmed
            an_abandoned_upload_is_swept
            a_removed_upload_is_swept
            a_key_is_uploaded_once
            sweepers_take_different_uploads
            an_upload_is_confirmed_or_swept_and_never_both
        }
    };
    (@group grants $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            a_yes_counts_once_though_two_tell
            a_late_witness_is_known_by_the_time_it_tells_of
            witnesses_at_once_are_not_counted_twice
            a_grant_is_for_one_message
            a_message_that_was_not_taken_uses_no_grant
            a_grant_of_unknown_end_is_not_lost
            a_crashed_sender_gives_way
            a_refusal_sets_the_ledger_right
            a_withdrawal_voids_what_was_before
            a_message_that_did_not_arrive_is_known
            grants_have_their_limit
            void_grants_have_their_limit
        }
    };
    (@group media_checks $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            a_verdict_finds_its_medium_once
            one_of_many_tellers_gets_the_medium
            a_check_without_a_verdict_is_known
            old_and_abandoned_checks_are_forgotten
        }
    };
    (@group objects $store:expr) => {
        $crate::conformance_tests! { @cases $store;
            an_object_is_there_when_its_writer_has_finished
            an_unfinished_object_leaves_nothing
            an_object_is_read_in_ranges
            a_large_object_is_whole
            an_empty_object_is_one
            a_key_that_is_written_again_has_the_new_object
            concurrent_writers_of_a_key_leave_one_object
            a_deleted_object_is_gone
            a_prefix_lists_its_objects
            a_store_that_works_says_so
        }
    };
    (@cases $store:expr; $($case:ident)*) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _guard) = $store.await;
                $crate::conformance::$case(store).await;
            }
        )*
    };
    ($store:expr) => {
        $crate::conformance_tests! {
            [accounts session_keys login_codes client_calls key_values leases idempotency inbox uploads grants media_checks] $store
        }
    };
}

/// Tasks that start together in the concurrent cases.
const CROWD: usize = 24;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap_or_default() + SignedDuration::from_secs(seconds)
}

fn identity(openid: &str) -> Identity {
    Identity::new("wx1", openid)
}

/// Runs `task` [`CROWD`] times at once.
async fn crowd<S, T, F>(store: &Arc<S>, task: impl Fn(Arc<S>, usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(CROWD));
    let tasks: Vec<JoinHandle<T>> = (0..CROWD)
        .map(|n| {
            let (start, work) = (start.clone(), task(store.clone(), n));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("a concurrent call panicked"));
    }
    results
}

fn ok<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store failed: {error}"))
}

async fn user<S: Accounts>(store: &S, openid: &str) -> UserId {
    ok(store.sign_in(&identity(openid), time(0)).await).id
}

/// Signing in again finds the user; another openid makes another.
pub async fn one_identity_is_one_user<S: Accounts>(store: S) {
    let first = ok(store.sign_in(&identity("o1"), time(0)).await);
    let again = ok(store.sign_in(&identity("o1"), time(500)).await);
    assert_eq!(again, first);
    assert_ne!(ok(store.sign_in(&identity("o2"), time(0)).await).id, first.id);
    assert_ne!(ok(store.sign_in(&Identity::new("wx2", "o1"), time(0)).await).id, first.id);
    assert_eq!(ok(store.count().await), 3);
}

/// An account is what `sign_in` said, times to the millisecond.
pub async fn what_was_stored_is_read_back<S: Accounts>(store: S) {
    assert_eq!(ok(store.count().await), 0);
    let now = time(0) + SignedDuration::from_nanos(123_456_789);
    let account = ok(store.sign_in(&identity("o1"), now).await);
    let id = account.id;
    let created_at = time(0) + SignedDuration::from_millis(123);
    assert_eq!(account, Account { id, epoch: 0, roles: BTreeSet::new(), created_at });
    assert_eq!(ok(store.account(id).await), Some(account));
    assert_eq!(ok(store.identities(id).await), [identity("o1")]);
    assert_eq!(ok(store.access(id, time(0)).await), Some(Access::default()));
}

/// A second app with a known unionid gets the same user.
pub async fn identities_of_two_apps_are_linked_by_unionid<S: Accounts>(store: S) {
    let one = Identity::new("wx1", "o1").with_unionid("u1");
    let two = Identity::new("wx2", "o2").with_unionid("u1");
    let first = ok(store.sign_in(&one, time(0)).await);
    assert_eq!(ok(store.sign_in(&two, time(1)).await).id, first.id);
    assert_ne!(ok(store.sign_in(&Identity::new("wx3", "o3").with_unionid("u2"), time(1)).await).id, first.id);
    assert_eq!(ok(store.identities(first.id).await), [one, two]);
}

/// A unionid that is new or changed is stored, an absent one forgets nothing, and from then on it links.
pub async fn a_unionid_that_comes_later_is_stored<S: Accounts>(store: S) {
    let first = user(&store, "o1").await;
    for unionid in ["u1", "u2"] {
        assert_eq!(ok(store.sign_in(&identity("o1").with_unionid(unionid), time(1)).await).id, first);
        assert_eq!(user(&store, "o1").await, first);
        assert_eq!(ok(store.identities(first).await), [identity("o1").with_unionid(unionid)]);
    }
    let elsewhere = Identity::new("wx2", "o2").with_unionid("u2");
    assert_eq!(ok(store.sign_in(&elsewhere, time(2)).await).id, first);
}

/// Some answers carry an empty unionid.
pub async fn an_empty_unionid_links_nobody<S: Accounts>(store: S) {
    let one = ok(store.sign_in(&Identity::new("wx1", "o1").with_unionid(""), time(0)).await);
    let two = ok(store.sign_in(&Identity::new("wx2", "o2").with_unionid(""), time(0)).await);
    assert_ne!(one.id, two.id);
    assert_eq!(ok(store.identities(one.id).await), [identity("o1")]);
}

/// Two users who turn out to be one person keep what they own; a third identity goes to the oldest.
pub async fn identities_that_met_too_late_stay_apart<S: Accounts>(store: S) {
    let older = ok(store.sign_in(&Identity::new("wx2", "o2"), time(0)).await).id;
    let younger = ok(store.sign_in(&Identity::new("wx1", "o1"), time(1)).await).id;
    for (appid, openid, user) in [("wx1", "o1", younger), ("wx2", "o2", older)] {
        let known = Identity::new(appid, openid).with_unionid("u1");
        assert_eq!(ok(store.sign_in(&known, time(2)).await).id, user);
    }
    let third = Identity::new("wx3", "o3").with_unionid("u1");
    assert_eq!(ok(store.sign_in(&third, time(3)).await).id, older);
}

/// An empty openid would be one user for everybody.
pub async fn an_identity_without_a_name_is_a_conflict<S: Accounts>(store: S) {
    for (appid, openid) in [("wx1", ""), ("", "o1")] {
        let outcome = store.sign_in(&Identity::new(appid, openid), time(0)).await;
        assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{outcome:?}");
    }
    assert_eq!(ok(store.count().await), 0);
}

/// Concurrent first logins of one openid.
pub async fn concurrent_first_logins_make_one_user<S: Accounts + 'static>(store: S) {
    let store = Arc::new(store);
    let users = crowd(&store, |store, _| async move { ok(store.sign_in(&identity("o1"), time(0)).await).id });
    let users: BTreeSet<UserId> = users.await.into_iter().collect();
    assert_eq!((users.len(), ok(store.count().await)), (1, 1));
}

/// Concurrent first logins of one unionid through several apps.
pub async fn concurrent_first_logins_in_two_apps_make_one_user<S: Accounts + 'static>(store: S) {
    let store = Arc::new(store);
    let users = crowd(&store, |store, n| async move {
        let identity = Identity::new(format!("wx{}", n % 3), "o1").with_unionid("u1");
        ok(store.sign_in(&identity, time(0)).await).id
    });
    let users: BTreeSet<UserId> = users.await.into_iter().collect();
    assert_eq!((users.len(), ok(store.count().await)), (1, 1));
}

/// Granting twice is granting once; withdrawing what is not there changes nothing.
pub async fn roles_are_a_set<S: Accounts>(store: S) {
    let (alice, bob) = (user(&store, "alice").await, user(&store, "bob").await);
    for role in ["editor", "admin", "admin", "管理员 \"1\"", "to go"] {
        ok(store.grant_role(alice, role).await);
    }
    ok(store.withdraw_role(alice, "to go").await);
    ok(store.withdraw_role(alice, "never had").await);
    let expected: BTreeSet<String> = ["admin", "editor", "管理员 \"1\""].map(String::from).into();
    assert_eq!(ok(store.account(alice).await).map(|a| a.roles), Some(expected.clone()));
    assert_eq!(ok(store.access(alice, time(0)).await).map(|a| a.roles), Some(expected.clone()));
    assert_eq!(ok(store.sign_in(&identity("alice"), time(0)).await).roles, expected);
    assert_eq!(ok(store.account(bob).await).map(|a| a.roles), Some(BTreeSet::new()));
}

/// Each raise returns its own number, also of many at once.
pub async fn raised_epochs_count_up_without_loss<S: Accounts + 'static>(store: S) {
    let (alice, bob) = (user(&store, "alice").await, user(&store, "bob").await);
    let store = Arc::new(store);
    let mut epochs = crowd(&store, |store, _| async move { ok(store.raise_epoch(alice).await) }).await;
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=CROWD as i64).collect::<Vec<_>>());
    assert_eq!(ok(store.access(alice, time(0)).await).map(|a| a.epoch), Some(CROWD as i64));
    assert_eq!(ok(store.account(alice).await).map(|a| a.epoch), Some(CROWD as i64));
    assert_eq!(ok(store.access(bob, time(0)).await).map(|a| a.epoch), Some(0));
}

/// A revoked session is reported until its end, to its user only; the later end counts.
pub async fn revoked_sessions_end<S: Accounts>(store: S) {
    let (alice, bob) = (user(&store, "alice").await, user(&store, "bob").await);
    let (short, long) = (Uuid::new_v4(), Uuid::new_v4());
    ok(store.revoke_session(short, alice, time(10)).await);
    ok(store.revoke_session(long, alice, time(20)).await);
    ok(store.revoke_session(long, alice, time(5)).await);
    let revoked = async |user, at| ok(store.access(user, at).await).map(|access| access.revoked_sessions);
    assert_eq!(revoked(alice, time(9)).await, Some([short, long].into()));
    assert_eq!(revoked(alice, time(10)).await, Some([long].into()));
    assert_eq!(revoked(alice, time(20)).await, Some([].into()));
    assert_eq!(revoked(bob, time(9)).await, Some([].into()));
}

/// Reads of an unknown user find nothing, writes say so.
pub async fn unknown_users_are_told<S: Accounts>(store: S) {
    let nobody = UserId::new(time(0));
    assert_eq!(ok(store.account(nobody).await), None);
    assert_eq!(ok(store.access(nobody, time(0)).await), None);
    assert_eq!(ok(store.identities(nobody).await), []);
    let unknown = StoreError::UnknownUser(nobody);
    assert_eq!(store.grant_role(nobody, "admin").await, Err(unknown.clone()));
    assert_eq!(store.withdraw_role(nobody, "admin").await, Err(unknown.clone()));
    assert_eq!(store.raise_epoch(nobody).await, Err(unknown.clone()));
    assert_eq!(store.revoke_session(Uuid::new_v4(), nobody, time(0)).await, Err(unknown));
}

/// Texts that a careless store changes, or takes for each other.
const AWKWARD: [&str; 7] = ["o'; DROP TABLE users; --", "张三", "🦄", "O1", "o1", "o1 ", "a%b_c"];

/// Quotes, other scripts, and case are neither lost nor taken for each other.
pub async fn awkward_texts_stay_whole<S: Accounts>(store: S) {
    let mut users = BTreeSet::new();
    for text in AWKWARD {
        let identity = Identity::new("wx'\"1", text).with_unionid(format!("u{text}"));
        let id = ok(store.sign_in(&identity, time(0)).await).id;
        users.insert(id);
        assert_eq!(ok(store.identities(id).await), [identity]);
    }
    assert_eq!(users.len(), AWKWARD.len());
}

/// The same for the owners of session keys.
pub async fn awkward_names_of_keys_stay_whole<S: SessionKeys>(store: S) {
    for text in AWKWARD {
        ok(store.put("wx'\"1", text, &SecretString::from(format!("{text} key")), time(0)).await);
    }
    for text in AWKWARD {
        assert_eq!(keys(&store, "wx'\"1", text).await, [format!("{text} key")]);
    }
}

async fn keys<S: SessionKeys>(store: &S, appid: &str, openid: &str) -> Vec<String> {
    let keys = ok(store.newest(appid, openid).await);
    assert!(keys.is_sorted_by(|a, b| a.issued_at >= b.issued_at), "the newest comes first");
    keys.iter().map(|key| key.key.expose_secret().to_owned()).collect()
}

async fn put<S: SessionKeys>(store: &S, key: &str, at: Timestamp) {
    ok(store.put("wx1", "o1", &key.into(), at).await);
}

/// Of many keys the newest three stay, with their times, newest first, in whatever order they came.
pub async fn the_newest_keys_are_kept<S: SessionKeys>(store: S) {
    assert_eq!(keys(&store, "wx1", "o1").await, [""; 0]);
    for (key, at) in [("b", 2), ("a", 1), ("e", 5), ("c", 3), ("d", 4)] {
        put(&store, key, time(at)).await;
    }
    assert_eq!(keys(&store, "wx1", "o1").await, ["e", "d", "c"]);
    assert_eq!(KEPT_KEYS, 3);
    let newest = ok(store.newest("wx1", "o1").await);
    assert_eq!(newest.first().map(|key| key.issued_at), Some(time(5)));
    // Of two with one time, the one that came later is the newer.
    put(&store, "f", time(5)).await;
    assert_eq!(keys(&store, "wx1", "o1").await, ["f", "e", "d"]);
}

/// WeChat often answers with the key it gave before.
pub async fn a_key_that_comes_again_pushes_none_out<S: SessionKeys>(store: S) {
    for (key, at) in [("a", 1), ("b", 2), ("c", 3), ("c", 4), ("c", 5), ("a", 6)] {
        put(&store, key, time(at)).await;
    }
    assert_eq!(keys(&store, "wx1", "o1").await, ["a", "c", "b"]);
    let times: Vec<Timestamp> = ok(store.newest("wx1", "o1").await).iter().map(|k| k.issued_at).collect();
    assert_eq!(times, [time(6), time(5), time(2)]);
    // One that comes late makes it no older.
    put(&store, "a", time(0)).await;
    assert_eq!(keys(&store, "wx1", "o1").await, ["a", "c", "b"]);
}

/// Neither another app nor another user sees a key.
pub async fn keys_belong_to_one_user_of_one_app<S: SessionKeys>(store: S) {
    put(&store, "mine", time(0)).await;
    ok(store.put("wx2", "o1", &"other app".into(), time(0)).await);
    ok(store.put("wx1", "o2", &"other user".into(), time(0)).await);
    assert_eq!(keys(&store, "wx1", "o1").await, ["mine"]);
    assert_eq!(keys(&store, "wx2", "o1").await, ["other app"]);
}

/// Concurrent logins of one user.
pub async fn concurrent_keys_leave_the_newest<S: SessionKeys + 'static>(store: S) {
    let store = Arc::new(store);
    crowd(&store, |store, n| async move { put(&*store, &format!("{n}"), time(n as i64)).await }).await;
    let expected: Vec<String> = (0..CROWD).rev().take(KEPT_KEYS).map(|n| n.to_string()).collect();
    assert_eq!(keys(&*store, "wx1", "o1").await, expected);
}

fn code(text: &str) -> CodeHash {
    CodeHash::new("wx1", text)
}

async fn claimed<S: LoginCodes>(store: &S, code: &CodeHash, now: Timestamp) -> Lease {
    match ok(store.claim(code, now).await) {
        Claim::Yours(lease) => lease,
        other => panic!("the claim should be granted, and is {other:?}"),
    }
}

/// Of concurrent claims one is granted; the others hear until when.
pub async fn one_claimer_of_many<S: LoginCodes + 'static>(store: S) {
    let store = Arc::new(store);
    let claims = crowd(&store, |store, _| async move { ok(store.claim(&code("c"), time(0)).await) }).await;
    let granted = claims.iter().filter(|claim| matches!(claim, Claim::Yours(_))).count();
    let busy = Claim::Busy { until: time(0) + LEASE };
    assert_eq!((granted, claims.iter().filter(|claim| **claim == busy).count()), (1, CROWD - 1));
}

/// A finished code gives its user, then is forgotten.
pub async fn a_finished_code_gives_its_user_for_five_minutes<S: Accounts + LoginCodes>(store: S) {
    let alice = user(&store, "alice").await;
    let lease = claimed(&store, &code("c"), time(0)).await;
    ok(store.finish(&lease, alice, time(1)).await);
    let just_before = time(1) + REPLAY - SignedDuration::from_secs(1);
    assert_eq!(ok(store.claim(&code("c"), time(1)).await), Claim::Done(alice));
    assert_eq!(ok(store.claim(&code("c"), just_before).await), Claim::Done(alice));
    // What is done is done.
    ok(store.release(&lease).await);
    ok(store.refuse(&lease, time(2)).await);
    assert_eq!(ok(store.claim(&code("c"), just_before).await), Claim::Done(alice));
    claimed(&store, &code("c"), time(1) + REPLAY).await;
}

/// A refused code is refused again without asking, then forgotten.
pub async fn a_refused_code_is_remembered_for_a_minute<S: LoginCodes>(store: S) {
    let lease = claimed(&store, &code("c"), time(0)).await;
    ok(store.refuse(&lease, time(1)).await);
    assert_eq!(ok(store.claim(&code("c"), time(2)).await), Claim::Refused);
    claimed(&store, &code("d"), time(2)).await;
    claimed(&store, &code("c"), time(1) + REFUSAL).await;
}

/// After a failure that says nothing about the code, the next may try.
pub async fn a_released_code_is_free_at_once<S: LoginCodes>(store: S) {
    let lease = claimed(&store, &code("c"), time(0)).await;
    ok(store.release(&lease).await);
    claimed(&store, &code("c"), time(0)).await;
}

/// A lease ends by itself.
pub async fn a_crashed_claimer_blocks_no_longer_than_its_lease<S: LoginCodes>(store: S) {
    let lease = claimed(&store, &code("c"), time(0)).await;
    assert_eq!(lease.until, time(0) + LEASE);
    let just_before = lease.until - SignedDuration::from_secs(1);
    assert_eq!(ok(store.claim(&code("c"), just_before).await), Claim::Busy { until: lease.until });
    claimed(&store, &code("c"), lease.until).await;
}

/// One whose lease has gone to another neither frees nor condemns the code.
pub async fn a_late_claimer_cannot_undo_its_successor<S: LoginCodes>(store: S) {
    let late = claimed(&store, &code("c"), time(0)).await;
    let successor = claimed(&store, &code("c"), late.until).await;
    assert_ne!(late.id, successor.id);
    ok(store.release(&late).await);
    ok(store.refuse(&late, late.until).await);
    let busy = Claim::Busy { until: successor.until };
    assert_eq!(ok(store.claim(&code("c"), late.until).await), busy);
}

/// A success is a fact, however late; the successor, whom WeChat refuses, cannot take it back, and the
/// first success stays.
pub async fn a_late_success_counts<S: Accounts + LoginCodes>(store: S) {
    let (alice, bob) = (user(&store, "alice").await, user(&store, "bob").await);
    let late = claimed(&store, &code("c"), time(0)).await;
    let successor = claimed(&store, &code("c"), late.until).await;
    ok(store.finish(&late, alice, late.until).await);
    ok(store.refuse(&successor, late.until).await);
    ok(store.release(&successor).await);
    assert_eq!(ok(store.claim(&code("c"), late.until).await), Claim::Done(alice));
    ok(store.finish(&successor, bob, late.until).await);
    assert_eq!(ok(store.claim(&code("c"), late.until).await), Claim::Done(alice));
}

/// The same code in another app is another code.
pub async fn codes_of_two_apps_are_two<S: LoginCodes>(store: S) {
    claimed(&store, &CodeHash::new("wx1", "c"), time(0)).await;
    claimed(&store, &CodeHash::new("wx2", "c"), time(0)).await;
}
