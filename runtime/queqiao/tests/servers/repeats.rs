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
                // As the generated client: again while it runs, or while the database is busy with all the others.
                loop {
                    let told =
                        server.order(path, "one-key-for-all-of-them", "tea", "").await.expect("an answer");
                    if !["idempotency.running", "store.unavailable"].contains(&told.code()) {
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

async fn on(place: impl AsyncFn() -> Place, further: Settings<'_>) {
    for path in ["/orders", "/safe-orders"] {
        let place = place().await;
        let mut settings = vec![("QUEQIAO__DATABASE__URL", place.url.as_str())];
        settings.extend(further);
        two_hundred_repeats(path, &settings).await;
        place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    on(Place::sqlite, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    on(Place::postgres, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb() {
    on(Place::mysql, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_records_in_memory() {
    let settings = [
        ("QUEQIAO__STORAGE__IDEMPOTENCY", "memory"),
        ("QUEQIAO__STORAGE__KEY_VALUES", "memory"),
        ("QUEQIAO__STORAGE__LEASES", "memory"),
    ];
    on(Place::sqlite, &settings).await;
}

/// All that may live in Redis does, by configuration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_records_in_redis() {
    for path in ["/orders", "/safe-orders"] {
        // The keys of one run end by themselves, and must not meet those of the next.
        let ((url, prefix), place) = (redis(), Place::sqlite().await);
        let settings = [
            ("QUEQIAO__DATABASE__URL", place.url.as_str()),
            ("QUEQIAO__REDIS__URL", url.as_str()),
            ("QUEQIAO__REDIS__PREFIX", prefix.as_str()),
            ("QUEQIAO__STORAGE__IDEMPOTENCY", "redis"),
            ("QUEQIAO__STORAGE__KEY_VALUES", "redis"),
            ("QUEQIAO__STORAGE__LEASES", "redis"),
            ("QUEQIAO__STORAGE__LOGIN_CODES", "redis"),
        ];
        two_hundred_repeats(path, &settings).await;
    }
}
