//! Stores that go and come back under load: typed refusals meanwhile, recovery by itself, nothing acknowledged lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::engines::{Place, Postgres, Redis};
use crate::process::{Server, Told};

const WRITERS: usize = 8;

/// What the writers saw.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: Vec<String>,
    /// By code.
    refused: BTreeMap<String, u32>,
}

/// Writes under a key each, as the generated client does: again until it is acknowledged.
async fn write(
    server: Arc<Server>,
    path: &'static str,
    writer: usize,
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU32>,
) -> Seen {
    let mut seen = Seen::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let article = format!("{writer}/{number}");
        let key = format!("key-of-writer-{writer}-number-{number}");
        loop {
            let told = server.order(path, &key, &article, "").await.expect("the server itself goes on");
            if told.status == 201 {
                seen.acknowledged.push(article.clone());
                written.fetch_add(1, Ordering::Relaxed);
                break;
            }
            assert!(refused(&told), "{told:?}");
            *seen.refused.entry(told.code().to_owned()).or_default() += 1;
            // Nobody knows, and the phone's user would look.
            if told.code() == "idempotency.unknown" || path == "/plain-orders" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    seen
}

/// Whether a refusal is one that a client can deal with.
fn refused(told: &Told) -> bool {
    match (told.status, told.code()) {
        (503, "store.unavailable") => told.retry_after.is_some(),
        (409, code) => code.starts_with("idempotency."),
        _ => false,
    }
}

/// Runs writers, takes the store away and brings it back in their midst; what they saw, and what is there then.
async fn outage(
    server: Server,
    path: &'static str,
    mut go: impl FnMut(),
    mut come: impl FnMut(),
) -> (Seen, Vec<String>) {
    let server = Arc::new(server);
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            tokio::spawn(write(Arc::clone(&server), path, writer, Arc::clone(&stop), Arc::clone(&written)))
        })
        .collect();
    let more = async |count: u32| {
        let goal = written.load(Ordering::Relaxed) + count;
        let patience = async {
            while written.load(Ordering::Relaxed) < goal {
                assert!(!writers.iter().any(tokio::task::JoinHandle::is_finished), "a writer failed");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), patience).await.expect("writes go through");
    };
    for _ in 0..2 {
        more(40).await;
        go();
        // Readiness follows the store.
        let told = server.get("/readyz").await.unwrap();
        assert_eq!((told.status, told.code()), (503, "not_ready"));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        come();
        server.ready().await;
        more(40).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut all = Seen::default();
    for writer in writers {
        let seen = writer.await.unwrap();
        all.acknowledged.extend(seen.acknowledged);
        for (code, count) in seen.refused {
            *all.refused.entry(code).or_default() += count;
        }
    }
    println!("{path}: {} acknowledged, refused {:?}", all.acknowledged.len(), all.refused);
    assert!(all.refused.contains_key("store.unavailable"), "the outage was not felt");
    let mut there = server.orders().await;
    there.sort();
    (all, there)
}

fn lost(seen: &Seen, there: &[String]) -> Vec<String> {
    seen.acknowledged.iter().filter(|article| there.binary_search(article).is_err()).cloned().collect()
}

fn twice(there: &[String]) -> Vec<String> {
    there.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect()
}

const IMPATIENT: (&str, &str) = ("QUEQIAO__DATABASE__ACQUIRE_TIMEOUT", "3s");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_postgres() {
    for path in ["/plain-orders", "/orders", "/safe-orders"] {
        let postgres = Postgres::start("trust");
        let url = postgres.url();
        let server = Server::start(&[("QUEQIAO__DATABASE__URL", url.as_str()), IMPATIENT]).await;
        let (seen, there) = outage(server, path, || postgres.stop(), || postgres.resume()).await;
        assert_eq!(lost(&seen, &there), [""; 0], "{path}: acknowledged and lost");
        assert_eq!(twice(&there), [""; 0], "{path}: carried out twice");
        if path == "/safe-orders" {
            // Each was acknowledged in the end, and nobody was left in doubt.
            assert!(!seen.refused.contains_key("idempotency.unknown"), "{seen:?}");
            assert_eq!(there.len(), seen.acknowledged.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_redis() {
    let mut redis = Redis::start();
    let (url, place) = (redis.url(), Place::sqlite().await);
    let settings = [
        ("QUEQIAO__DATABASE__URL", place.url.as_str()),
        ("QUEQIAO__REDIS__URL", url.as_str()),
        ("QUEQIAO__REDIS__TIMEOUT", "500ms"),
        ("QUEQIAO__STORAGE__IDEMPOTENCY", "redis"),
    ];
    let server = Server::start(&settings).await;
    let redis = std::cell::RefCell::new(&mut redis);
    let (go, come) = (|| redis.borrow_mut().stop(), || redis.borrow_mut().resume());
    let (seen, there) = outage(server, "/orders", go, come).await;
    assert_eq!(lost(&seen, &there), [""; 0], "acknowledged and lost");
    assert_eq!(twice(&there), [""; 0], "carried out twice");
}
