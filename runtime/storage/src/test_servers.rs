//! The real servers that the tests run against, each test in a place of its own that is removed again.
//!
//! Where they are is told by `QUEQIAO_TEST_POSTGRES`, `QUEQIAO_TEST_MYSQL`, `QUEQIAO_TEST_REDIS` and
//! `QUEQIAO_TEST_S3`; a server that is not there fails the tests, with the remedy. `cargo xtask test` starts them.

/// A place on a server, removed with what is in it when it is dropped.
pub(crate) struct Place {
    pub(crate) url: String,
    remove: Option<Box<dyn FnOnce() + Send>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(remove) = self.remove.take() {
            // A thread of its own, because the test's runtime may be ending.
            let removed = std::thread::spawn(remove).join();
            assert!(removed.is_ok() || std::thread::panicking(), "the test's place could not be removed");
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis", feature = "s3"))]
fn server(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
fn name() -> String {
    format!("queqiao_test_{}", uuid::Uuid::new_v4().simple())
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Runs one statement on a server.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn run(url: &str, sql: String) {
    let database = crate::Database::open(url, &crate::PoolOptions::default()).await;
    let database = database.unwrap_or_else(|error| {
        panic!("the tests need a server: {error}; `cargo xtask test --only storage` starts it")
    });
    database.execute(sqlx::AssertSqlSafe(sql), &[]).await.unwrap();
    database.close().await;
}

/// A schema of its own in PostgreSQL.
#[cfg(feature = "postgres")]
pub(crate) async fn postgres() -> Place {
    let server = server("QUEQIAO_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test");
    let name = name();
    run(&server, format!("CREATE SCHEMA {name}")).await;
    let url = format!("{server}?options[search_path]={name}");
    let remove = move || now(run(&server, format!("DROP SCHEMA {name} CASCADE")));
    Place { url, remove: Some(Box::new(remove)) }
}

/// A database of its own in MySQL or MariaDB.
#[cfg(feature = "mysql")]
pub(crate) async fn mysql() -> Place {
    let server = server("QUEQIAO_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test");
    let name = name();
    run(&server, format!("CREATE DATABASE {name}")).await;
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    let remove = move || now(run(&server, format!("DROP DATABASE {name}")));
    Place { url, remove: Some(Box::new(remove)) }
}

/// A file of its own.
pub(crate) async fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/store.db", folder.path().display());
    Place { url, remove: Some(Box::new(move || folder.close().unwrap())) }
}

/// A prefix of its own in Redis.
#[cfg(feature = "redis")]
pub(crate) async fn redis() -> (crate::RedisStore, Place) {
    let server = server("QUEQIAO_TEST_REDIS", "redis://127.0.0.1:6379/0");
    let prefix = format!("{}:", name());
    let store = crate::RedisStore::connect(&server, &prefix, &crate::RedisOptions::default()).await;
    let store = store.unwrap_or_else(|error| {
        panic!("the tests need a server: {error}; `cargo xtask test --only storage` starts it")
    });
    let remove = {
        let server = server.clone();
        move || {
            let mut connection = redis::Client::open(server).unwrap().get_connection().unwrap();
            let keys: Vec<String> =
                redis::cmd("KEYS").arg(format!("{prefix}*")).query(&mut connection).unwrap();
            for key in keys {
                let _: i64 = redis::cmd("DEL").arg(key).query(&mut connection).unwrap();
            }
        }
    };
    (store, Place { url: server, remove: Some(Box::new(remove)) })
}

/// The bucket `queqiao-test` of a server of the S3 API, in path style; told as `http://key:secret@host:port`.
#[cfg(feature = "s3")]
pub(crate) fn s3() -> crate::BucketObjects {
    let server = server("QUEQIAO_TEST_S3", "http://queqiao_test:queqiao_test_secret@127.0.0.1:9014");
    let (scheme, rest) = server.split_once("://").unwrap();
    let (key, host) = rest.split_once('@').unwrap();
    let (id, secret) = key.split_once(':').unwrap();
    let bucket = crate::Bucket {
        service: crate::Service::S3,
        name: "queqiao-test".into(),
        endpoint: format!("{scheme}://{host}"),
        region: "us-east-1".into(),
        access_key_id: id.into(),
        access_key_secret: secret.into(),
        path_style: true,
    };
    crate::BucketObjects::new(bucket).unwrap()
}
