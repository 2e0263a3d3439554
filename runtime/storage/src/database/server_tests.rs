//! What a database server does beyond the promises of the stores: starting together, and failing.

use std::sync::Arc;
use std::time::Duration;

use crate::test_servers::{self, Place};
use crate::{Cipher, Database, Migration, PoolOptions, SqlStore, StoreError, values};

const ONE: Migration = Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE a (x INT); -- one; two\nINSERT INTO a (x) VALUES (1); CREATE TABLE b (x INT)",
};
const TWO: Migration = Migration { version: 2, name: "second", sql: "CREATE TABLE c (x INT)" };

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn impatient() -> PoolOptions {
    PoolOptions {
        acquire_timeout: Duration::from_millis(700),
        busy_timeout: Duration::from_secs(1),
        ..PoolOptions::default()
    }
}

async fn open(url: &str) -> Database {
    Database::open(url, &PoolOptions::default()).await.unwrap()
}

async fn count(database: &Database, table: &str) -> i64 {
    let select = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    database.row(select, &[]).await.unwrap().unwrap().get(0).unwrap()
}

/// Two instances start at once on an empty database: one migrates, both serve.
async fn two_start_at_once(place: impl AsyncFn() -> Place) {
    for _ in 0..10 {
        let place = place().await;
        let start = Arc::new(tokio::sync::Barrier::new(2));
        let instances = [0, 1].map(|_| {
            let (url, start) = (place.url.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                let database = open(&url).await;
                let store = SqlStore::new(database.clone(), Cipher::new([(1, [7; 32])]).unwrap()).await;
                let store = store.unwrap();
                database.migrate("app_migrations", &[ONE, TWO]).await.unwrap();
                crate::Accounts::count(&store).await.unwrap();
                database.close().await;
            })
        });
        for instance in instances {
            instance.await.unwrap();
        }
        let database = open(&place.url).await;
        let own = crate::sql::migrations(database.engine()).len();
        assert_eq!(count(&database, crate::MIGRATIONS_TABLE).await, own as i64);
        assert_eq!((count(&database, "app_migrations").await, count(&database, "a").await), (2, 1));
        database.close().await;
    }
}

/// What every engine says of migrations that do not fit.
async fn migrations_that_do_not_fit_are_told(place: Place) {
    let database = open(&place.url).await;
    database.migrate("m", &[ONE, TWO]).await.unwrap();
    database.migrate("m", &[TWO, ONE]).await.unwrap();
    let edited = Migration { sql: "CREATE TABLE c (x INT, y INT)", ..TWO };
    let error = database.migrate("m", &[ONE, edited]).await.unwrap_err().to_string();
    assert!(error.contains("migration 2 (second) in table m") && error.contains("edited"), "{error}");
    let error = database.migrate("m", &[ONE]).await.unwrap_err().to_string();
    assert!(error.contains("put it back"), "{error}");
    let broken =
        Migration { version: 3, name: "broken", sql: "CREATE TABLE d (x INT); CREATE TABEL e (x INT)" };
    let error = database.migrate("m", &[ONE, TWO, broken]).await.unwrap_err().to_string();
    assert!(error.contains("migration 3 (broken)") && error.contains("TABEL"), "{error}");
    // Corrected, it goes on, whether the engine has undone its first statement or not.
    let corrected = Migration { sql: "CREATE TABLE d (x INT); CREATE TABLE e (x INT)", ..broken };
    database.migrate("m", &[ONE, TWO, corrected]).await.unwrap();
    database.migrate("m", &[ONE, TWO, corrected]).await.unwrap();
    assert_eq!((count(&database, "d").await, count(&database, "e").await), (0, 0));
    database.close().await;
}

/// The kinds of errors of connecting, none of which repeats a password.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn connecting_fails_clearly(good: &str, no_database: &str, wrong_password: Option<&str>) {
    let nobody_there = format!("{}://me:hunter2@127.0.0.1:1/db", good.split_once(':').unwrap().0);
    let nameless = format!("{}://me:hunter2@127.0.0.1", good.split_once(':').unwrap().0);
    let unknown = format!("{good}{}speed=hunter2", if good.contains('?') { '&' } else { '?' });
    let mut cases = vec![
        (nobody_there.as_str(), "Unavailable", "Connection refused"),
        (nameless.as_str(), "BadUrl", "names no database"),
        (unknown.as_str(), "BadUrl", "parameter `speed` is unknown"),
        (no_database, "Missing", "CREATE DATABASE"),
    ];
    cases.extend(wrong_password.map(|url| (url, "Credentials", "user name and password")));
    for (url, kind, says) in cases {
        let error = Database::open(url, &impatient()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{url}: {error:?}");
        assert!(error.to_string().contains(says), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

/// Reads, writes and transactions of an application, the same text on every engine.
async fn an_application_reads_and_writes(place: Place) {
    let database = open(&place.url).await;
    let create =
        "CREATE TABLE t (id BIGINT PRIMARY KEY, title VARCHAR(100), done BOOLEAN, price DOUBLE PRECISION,
                  raw INT)";
    database.execute(create, &[]).await.unwrap();
    let insert = "INSERT INTO t (id, title, done, price, raw) VALUES ($1, $2, $3, $4, $1)";
    let (no_text, no_bool, no_real): (Option<&str>, Option<bool>, Option<f64>) = (None, None, None);
    assert_eq!(database.execute(insert, &values![1, "奶 '1'", true, 1.5]).await, Ok(1));
    assert_eq!(database.execute(insert, &values![2, no_text, no_bool, no_real]).await, Ok(1));
    let row = database.row("SELECT * FROM t WHERE id = $1", &values![1]).await.unwrap().unwrap();
    assert_eq!(row.get("title"), Ok("奶 '1'".to_owned()));
    assert_eq!((row.get("done"), row.get("price"), row.get("raw")), (Ok(true), Ok(1.5), Ok(1_i64)));
    let row = database.row("SELECT title, done FROM t WHERE price IS NULL", &[]).await.unwrap().unwrap();
    assert_eq!((row.get::<Option<String>>(0), row.get::<Option<bool>>(1)), (Ok(None), Ok(None)));
    let again = database.execute(insert, &values![1, "again", true, 1.5]).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict { .. }), "{again:?}");
    assert!(!again.to_string().contains("again'"), "{again}");

    // What is dropped is undone; the update tells the rows that it found, changed or not.
    let mut transaction = database.begin().await.unwrap();
    assert_eq!(transaction.execute("UPDATE t SET done = TRUE WHERE id = $1", &values![1]).await, Ok(1));
    transaction.execute("DELETE FROM t", &[]).await.unwrap();
    drop(transaction);
    assert_eq!(count(&database, "t").await, 2);
    database.close().await;
    let closed = database.ping().await.unwrap_err();
    assert!(matches!(closed, StoreError::Unavailable { .. }), "{closed:?}");
}

/// A hundred callers share few connections, and one who finds none free is told in time.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn a_pool_is_bounded(place: Place) {
    let options = PoolOptions { max_connections: 2, ..impatient() };
    let database = Database::open(&place.url, &options).await.unwrap();
    let all = (0..100).map(|_| {
        let database = database.clone();
        tokio::spawn(async move { database.ping().await })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    let held = (database.begin().await.unwrap(), database.begin().await.unwrap());
    let error = database.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_transient(), "{error:?}");
    drop(held);
    database.ping().await.unwrap();
    database.close().await;
}

/// An effect and its answer are one, both ways; of two attempts, one has an effect.
async fn answer_and_effect_are_one(place: Place) {
    use crate::{AfterCrash, Answer, Begun, IdempotencyRecords, IdempotentRequest};
    let database = open(&place.url).await;
    let store = SqlStore::new(database.clone(), Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap();
    database.execute("CREATE TABLE orders (id INT)", &[]).await.unwrap();
    let now = jiff::Timestamp::now();
    let soon = now + jiff::SignedDuration::from_secs(60);
    let begin = async |key: &str, at| {
        let request = IdempotentRequest { after_crash: AfterCrash::Again, ..order(key, now) };
        store.begin(&request, at).await.unwrap()
    };
    let answer = Answer { status: 201, headers: Vec::new(), body: Vec::new() };
    let insert = "INSERT INTO orders (id) VALUES (1)";
    for (key, crash) in [("crashes", true), ("lives", false)] {
        let Begun::Yours(attempt) = begin(key, now).await else { panic!("it is new") };
        let mut transaction = database.begin().await.unwrap();
        transaction.execute(insert, &[]).await.unwrap();
        store.answer_in(&mut transaction, &attempt, &answer).await.unwrap();
        if crash {
            drop(transaction);
            assert_eq!(count(&database, "orders").await, 0);
            assert!(matches!(begin(key, soon).await, Begun::Yours(_)));
        } else {
            transaction.commit().await.unwrap();
            assert_eq!(begin(key, soon).await, Begun::Answered(answer.clone()));
            assert_eq!(count(&database, "orders").await, 1);
        }
    }
    // One that was taken for crashed, and was only slow, has no effect any more.
    let Begun::Yours(slow) = begin("slow", now).await else { panic!("it is new") };
    let Begun::Yours(second) = begin("slow", soon).await else { panic!("it counts as crashed") };
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(insert, &[]).await.unwrap();
    let late = store.answer_in(&mut transaction, &slow, &answer).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
    drop(transaction);
    assert_eq!(count(&database, "orders").await, 1);
    // While the answer is being written, nobody else begins: one waits for the commit, and is answered.
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(insert, &[]).await.unwrap();
    store.answer_in(&mut transaction, &second, &answer).await.unwrap();
    let later = soon + jiff::SignedDuration::from_secs(600);
    let repeat = {
        let store = store.clone();
        let request = IdempotentRequest { after_crash: AfterCrash::Again, ..order("slow", now) };
        tokio::spawn(async move { store.begin(&request, later).await })
    };
    // Long enough for it to reach the lock, or to miss it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!repeat.is_finished(), "the repeat does not wait");
    transaction.commit().await.unwrap();
    assert_eq!(repeat.await.unwrap().unwrap(), Begun::Answered(answer));
    assert_eq!(count(&database, "orders").await, 2);
    database.close().await;
}

/// PostgreSQL undoes a transaction in which a statement failed, and says nothing of it at the commit.
async fn a_failed_commit_is_told(place: Place) {
    let database = open(&place.url).await;
    database.execute("CREATE TABLE orders (id INT)", &[]).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction.execute("INSERT INTO orders (id) VALUES (1)", &[]).await.unwrap();
    let failed = transaction.execute("INSERT INTO nothing (id) VALUES (1)", &[]).await.unwrap_err();
    let told = transaction.commit().await;
    assert_eq!(count(&database, "orders").await, i64::from(told.is_ok()));
    if database.engine().undoes_on_any_failure() {
        assert_eq!(told, Err(failed));
    }
    // One that is rolled back leaves nothing, and its connection is good.
    let mut transaction = database.begin().await.unwrap();
    transaction.execute("DELETE FROM orders", &[]).await.unwrap();
    transaction.execute("INSERT INTO orders (id) VALUES (2)", &[]).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(count(&database, "orders").await, i64::from(told.is_ok()));
    database.close().await;
}

/// A request with a minute's patience.
fn order(key: &str, now: jiff::Timestamp) -> crate::IdempotentRequest {
    crate::IdempotentRequest {
        scope: crate::Scope::new(None, "order", key),
        attempt: uuid::Uuid::new_v4(),
        body: crate::BodyHash::new(b""),
        patience: now + jiff::SignedDuration::from_secs(60),
        until: now + crate::REMEMBERED,
        after_crash: crate::AfterCrash::Unknown,
    }
}

/// 200 repeats of one request at once, over a pool of real connections.
async fn two_hundred_repeats_execute_once(place: Place) {
    use crate::{Begun, IdempotencyRecords};
    let store = SqlStore::new(open(&place.url).await, Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap();
    let now = jiff::Timestamp::now();
    let start = Arc::new(tokio::sync::Barrier::new(200));
    let repeats: Vec<_> = (0..200)
        .map(|_| {
            let (store, start) = (store.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                store.begin(&order("k", now), now).await.unwrap()
            })
        })
        .collect();
    let mut executed = 0;
    for repeat in repeats {
        executed += u32::from(matches!(repeat.await.unwrap(), Begun::Yours(_)));
    }
    assert_eq!(executed, 1);
    store.database().close().await;
}

macro_rules! on {
    ($engine:ident) => {
        mod $engine {
            use super::test_servers;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn two_start_at_once() {
                super::two_start_at_once(test_servers::$engine).await;
            }

            #[tokio::test]
            async fn migrations_that_do_not_fit_are_told() {
                super::migrations_that_do_not_fit_are_told(test_servers::$engine().await).await;
            }

            #[tokio::test]
            async fn an_application_reads_and_writes() {
                super::an_application_reads_and_writes(test_servers::$engine().await).await;
            }

            #[tokio::test]
            async fn answer_and_effect_are_one() {
                super::answer_and_effect_are_one(test_servers::$engine().await).await;
            }

            #[tokio::test]
            async fn a_transaction_that_failed_is_not_taken_for_a_commit() {
                super::a_failed_commit_is_told(test_servers::$engine().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn two_hundred_repeats_execute_once() {
                super::two_hundred_repeats_execute_once(test_servers::$engine().await).await;
            }
        }
    };
}

on!(sqlite);
#[cfg(feature = "postgres")]
on!(postgres);
#[cfg(feature = "mysql")]
on!(mysql);

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_says_what_is_wrong() {
    let place = test_servers::postgres().await;
    let (server, _) = place.url.split_once('?').unwrap();
    let (host, _) = server.rsplit_once('/').unwrap();
    let no_database = format!("{host}/queqiao_no_such_database");
    let wrong = "postgres://queqiao_nobody:hunter2@127.0.0.1:5432/test";
    connecting_fails_clearly(&place.url, &no_database, Some(wrong)).await;

    // A replica, and a user without rights.
    let read_only = format!("{}&options[default_transaction_read_only]=on", place.url);
    let one = PoolOptions { max_connections: 1, ..PoolOptions::default() };
    let replica = Database::open(&read_only, &one).await.unwrap();
    let error = replica.migrate("m", &[ONE]).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    let admin = open(&place.url).await;
    admin.migrate("m", &[ONE]).await.unwrap();
    replica.migrate("m", &[ONE]).await.unwrap();
    let mut transaction = admin.begin().await.unwrap();
    let role = format!("queqiao_test_{}", uuid::Uuid::new_v4().simple());
    transaction.execute(sqlx::AssertSqlSafe(format!("CREATE ROLE {role}")), &[]).await.unwrap();
    transaction.execute(sqlx::AssertSqlSafe(format!("SET LOCAL ROLE {role}")), &[]).await.unwrap();
    let error = transaction.execute("TABLE pg_authid", &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Permission { .. }), "{error:?}");
    drop(transaction);

    // A connection that the server ends is opened again.
    let id = replica.row("SELECT pg_backend_pid()", &[]).await.unwrap().unwrap().get::<i64>(0).unwrap();
    admin.rows("SELECT pg_terminate_backend(CAST($1 AS INT))", &values![id]).await.unwrap();
    replica.ping().await.unwrap();
    replica.close().await;
    admin.close().await;
    a_pool_is_bounded(test_servers::postgres().await).await;
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql_says_what_is_wrong() {
    let place = test_servers::mysql().await;
    let (host, _) = place.url.rsplit_once('/').unwrap();
    let no_database = format!("{host}/queqiao_no_such_database");
    let wrong = "mysql://queqiao_nobody:hunter2@127.0.0.1:3306/test";
    connecting_fails_clearly(&place.url, &no_database, Some(wrong)).await;

    let database =
        Database::open(&place.url, &PoolOptions { max_connections: 1, ..impatient() }).await.unwrap();
    database.migrate("m", &[ONE]).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction.script("COMMIT; SET TRANSACTION READ ONLY; START TRANSACTION").await.unwrap();
    let error = transaction.execute("INSERT INTO a (x) VALUES (1)", &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    drop(transaction);

    // A connection that the server ends is opened again.
    let id = database.row("SELECT CONNECTION_ID()", &[]).await.unwrap().unwrap().get::<u64>(0).unwrap();
    let admin = open(&place.url).await;
    admin.execute(sqlx::AssertSqlSafe(format!("KILL {id}")), &[]).await.unwrap();
    database.ping().await.unwrap();
    database.close().await;
    admin.close().await;
    a_pool_is_bounded(test_servers::mysql().await).await;
}

/// Interrupted before, in and after each statement, as a killed process leaves it.
#[cfg(feature = "mysql")]
#[tokio::test]
async fn an_interrupted_migration_continues() {
    const STEPS: Migration = Migration {
        version: 1,
        name: "steps",
        sql: "CREATE TABLE a (x INT); INSERT INTO a (x) VALUES (1); CREATE INDEX a_x ON a (x);
              ALTER TABLE a ADD COLUMN y INT; INSERT INTO a (x) VALUES (2); CREATE TABLE b (x INT)",
    };
    let whole = super::scan::statements(STEPS.sql);
    for done in 0..whole.len() {
        for executed in [false, true] {
            let place = test_servers::mysql().await;
            let database = open(&place.url).await;
            // A change of rows is undone with its note; one of the schema stays without it.
            let stays = !whole[done].starts_with("INSERT");
            for step in whole.iter().take(done + usize::from(executed && stays)) {
                database.execute(sqlx::AssertSqlSafe((*step).to_owned()), &[]).await.unwrap();
            }
            database.migrate("m", &[]).await.unwrap();
            let so_far = super::migrate::checksum(whole.iter().take(done).copied());
            let insert =
                "INSERT INTO m (version, description, success, checksum, execution_time, statements_done,
                          in_doubt) VALUES (1, 'steps', FALSE, $1, 0, $2, TRUE)";
            database.execute(insert, &values![so_far, i64::try_from(done).unwrap()]).await.unwrap();
            database.migrate("m", &[STEPS]).await.unwrap();
            assert_eq!(
                (count(&database, "a").await, count(&database, "b").await),
                (2, 0),
                "{done} {executed}"
            );
            database.execute("INSERT INTO a (x, y) VALUES (3, 3)", &[]).await.unwrap();
            database.migrate("m", &[STEPS]).await.unwrap();
            database.close().await;
        }
    }
    // Without a doubt, a table that is there is somebody else's.
    let place = test_servers::mysql().await;
    let database = open(&place.url).await;
    database.execute("CREATE TABLE b (x INT)", &[]).await.unwrap();
    for _ in 0..2 {
        let error = database.migrate("m", &[STEPS]).await.unwrap_err().to_string();
        assert!(error.contains("its statement 6 of 6 fails"), "{error}");
    }
    database.execute("DROP TABLE b", &[]).await.unwrap();
    database.migrate("m", &[STEPS]).await.unwrap();
    assert_eq!(count(&database, "a").await, 2);
    database.close().await;
}
