//! 200 repeats of one key at once, over HTTP: one is carried out, on every adapter.

use std::sync::Arc;

use tokio::sync::Barrier;

use crate::engines::{Place, redis};
use crate::process::{Server, Settings};

const CROWD: usize = 200;

async fn two_hundred_repeats(path: &'static str, settings: Settings<'_>) {
    let server = Arc::new(Server::start(settings).await);
    let start = Arc::new(Barrier::new(CROWD));
    let calls: Vec<_> = (0..CROWD)
        .map(|_| {
            let (server, start) = (Arc::clone(&server), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                // As the generated client: again while it runs.
                loop {
                    let told =
                        server.order(path, "one-key-for-all-of-them", "tea", "").await.expect("an answer");
                    if told.code() != "idempotency.running" {
                        return told;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    let first: Vec<_> = answers.iter().filter(|told| !told.replayed).collect();
    assert_eq!(first.len(), 1, "{first:?}");
    for told in &answers {
        assert_eq!((told.status, &told.body), (201, &first[0].body), "{told:?}");
    }
    assert_eq!(server.orders().await, ["tea"]);
}

async fn on(place: Place, further: Settings<'_>) {
    for path in ["/orders", "/safe-orders"] {
        let mut settings = vec![("QUEQIAO__DATABASE__URL", place.url.as_str())];
        settings.extend(further);
        two_hundred_repeats(path, &settings).await;
        if !place.url.starts_with("sqlite") {
            crate::engines::run(&place.url, "DELETE FROM orders").await;
        } else {
            let _ = std::fs::remove_file(place.url.trim_start_matches("sqlite:"));
        }
    }
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    on(Place::sqlite().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    on(Place::postgres().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb() {
    on(Place::mysql().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_records_in_memory() {
    let settings = [
        ("QUEQIAO__STORAGE__IDEMPOTENCY", "memory"),
        ("QUEQIAO__STORAGE__KEY_VALUES", "memory"),
        ("QUEQIAO__STORAGE__LEASES", "memory"),
    ];
    on(Place::sqlite().await, &settings).await;
}

/// All that may live in Redis does, by configuration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_records_in_redis() {
    let (url, prefix) = redis();
    let settings = [
        ("QUEQIAO__REDIS__URL", url.as_str()),
        ("QUEQIAO__REDIS__PREFIX", prefix.as_str()),
        ("QUEQIAO__STORAGE__IDEMPOTENCY", "redis"),
        ("QUEQIAO__STORAGE__KEY_VALUES", "redis"),
        ("QUEQIAO__STORAGE__LEASES", "redis"),
        ("QUEQIAO__STORAGE__LOGIN_CODES", "redis"),
    ];
    on(Place::sqlite().await, &settings).await;
}
