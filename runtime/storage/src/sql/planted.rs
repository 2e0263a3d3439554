//! Mistakes planted into a copy of the adapter, each of which the conformance suite has to catch.

use std::future::Future;

use super::SqlStore;
use super::tests::at;
use crate::conformance as promise;
use crate::test_servers::{self, Place};

/// Whether the case fails on a store with the mistake, and not on one without.
///
/// A mistake of concurrency shows when the calls meet, so that it gets some chances.
async fn caught<F>(
    place: impl AsyncFn() -> Place,
    defect: fn(&str) -> String,
    case: impl Fn(SqlStore) -> F,
) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    const CHANCES: u32 = 10;
    let (store, _place) = at(place().await).await;
    tokio::spawn(case(store)).await.expect("the adapter itself keeps the promise");
    for _ in 0..CHANCES {
        let (mut store, _place) = at(place().await).await;
        store.database = store.database.with_defect(defect);
        if tokio::spawn(case(store)).await.is_err() {
            return true;
        }
    }
    false
}

/// The statement with a part replaced, which has to be there if the rest is.
fn replaced(sql: &str, of: &str, part: &str, by: &str) -> String {
    if !sql.contains(of) {
        return sql.to_owned();
    }
    assert!(sql.contains(part), "the mistake is no longer one: {sql}");
    sql.replace(part, by)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_that_is_ignored_is_caught() {
    let ignore = |sql: &str| replaced(sql, "SELECT value, version", ", expires_at", ", NULL AS expires_at");
    assert!(caught(test_servers::sqlite, ignore, promise::a_value_ends_at_its_end).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_without_fencing_is_caught() {
    let forget =
        |sql: &str| replaced(sql, "UPDATE queqiao_leases SET token", "token = $2", "token = token + 0 * $2");
    assert!(caught(test_servers::sqlite, forget, promise::tokens_grow_with_each_grant).await);
    assert!(caught(test_servers::sqlite, forget, promise::a_late_holder_cannot_renew_or_release).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_that_any_holder_renews_is_caught() {
    let any =
        |sql: &str| replaced(sql, "UPDATE queqiao_leases SET expires_at", "token = $2", "token <> 0 * $2");
    assert!(caught(test_servers::sqlite, any, promise::a_late_holder_cannot_renew_or_release).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_of_an_older_attempt_is_caught() {
    let any = |sql: &str| {
        replaced(sql, "UPDATE queqiao_idempotency SET status =", "attempt = $2", "attempt <> $2 || '.'")
    };
    assert!(caught(test_servers::sqlite, any, promise::a_late_answer_counts).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_epoch_that_is_read_and_written_back_is_caught() {
    let overwrite = |sql: &str| replaced(sql, "SET epoch", "epoch + 1", "1");
    assert!(caught(test_servers::sqlite, overwrite, promise::raised_epochs_count_up_without_loss).await);
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_lost_without_locks_are_caught_on_postgres() {
    let unlocked =
        |sql: &str| replaced(sql, "pg_advisory_xact_lock(29025, C", "pg_advisory_xact_lock(29025, ", "(");
    assert!(caught(test_servers::postgres, unlocked, promise::concurrent_changes_are_not_lost).await);
    assert!(caught(test_servers::postgres, unlocked, promise::concurrent_first_logins_make_one_user).await);
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_lost_without_locks_are_caught_on_mysql() {
    let unlocked = |sql: &str| replaced(sql, "FROM queqiao_locks", " FOR UPDATE", "");
    assert!(caught(test_servers::mysql, unlocked, promise::concurrent_changes_are_not_lost).await);
    assert!(caught(test_servers::mysql, unlocked, promise::concurrent_first_logins_make_one_user).await);
}

/// MariaDB can read what is not committed; PostgreSQL and SQLite cannot be made to.
#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dirty_read_is_caught() {
    let mut dirty = false;
    for _ in 0..10 {
        let (store, _place) = at(test_servers::mysql().await).await;
        let pool = store.database.mysql().unwrap();
        let mut connections = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            let mut connection = pool.acquire().await.unwrap();
            let set = "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED";
            sqlx::query(set).execute(&mut *connection).await.unwrap();
            connections.push(connection);
        }
        drop(connections);
        dirty = tokio::spawn(promise::a_reader_never_sees_half_of_an_addition(store)).await.is_err();
        if dirty {
            break;
        }
    }
    assert!(dirty);
}
