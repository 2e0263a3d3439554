//! `kill -9` between an effect and its answer.

use crate::engines::{Place, redis};
use crate::process::{Server, Settings};

const KEY: &str = "one-key-before-and-after";

async fn crashes(place: Place, further: Settings<'_>) {
    let mut settings = vec![("QUEQIAO__DATABASE__URL", place.url.as_str())];
    settings.extend(further);
    let restarted = async |path: &'static str, stop: &'static str| {
        let server = Server::start(&settings).await;
        let article = format!("{path} {stop}");
        let key = format!("{KEY} {stop}").replace(' ', "-");
        server.paused(path, &key, &article, stop).await;
        server.kill();
        (Server::start(&settings).await, key, article)
    };
    let count = async |server: &Server, article: &str| {
        server.orders().await.iter().filter(|ordered| *ordered == article).count()
    };

    // The effect is there, and the answer is not.
    let (server, key, article) = restarted("/orders", "inside").await;
    assert_eq!(count(&server, &article).await, 1);
    let again = server.order("/orders", &key, &article, "").await.unwrap();
    assert_eq!((again.status, again.code()), (409, "idempotency.running"));
    server.advance(120).await;
    for _ in 0..2 {
        let again = server.order("/orders", &key, &article, "").await.unwrap();
        assert_eq!((again.status, again.code()), (409, "idempotency.unknown"));
    }
    assert_eq!(count(&server, &article).await, 1);
    drop(server);

    // In the transaction: neither is there, and it is carried out.
    let (server, key, article) = restarted("/safe-orders", "inside").await;
    assert_eq!(count(&server, &article).await, 0);
    server.advance(120).await;
    let again = server.order("/safe-orders", &key, &article, "").await.unwrap();
    assert_eq!((again.status, again.replayed), (201, false), "{again:?}");
    assert_eq!(count(&server, &article).await, 1);
    drop(server);

    // Both are there, and only the phone does not know.
    for path in ["/orders", "/safe-orders"] {
        let (server, key, article) = restarted(path, "outside").await;
        assert_eq!(count(&server, &article).await, 1);
        let again = server.order(path, &key, &article, "").await.unwrap();
        assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
        assert_eq!(count(&server, &article).await, 1);
    }
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    crashes(Place::sqlite().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    crashes(Place::postgres().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb() {
    crashes(Place::mysql().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_records_in_redis() {
    let (url, prefix) = redis();
    let settings = [
        ("QUEQIAO__REDIS__URL", url.as_str()),
        ("QUEQIAO__REDIS__PREFIX", prefix.as_str()),
        ("QUEQIAO__STORAGE__IDEMPOTENCY", "redis"),
    ];
    crashes(Place::sqlite().await, &settings).await;
}
