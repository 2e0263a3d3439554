//! Servers that refuse to start, and stores that refuse to write: each says what is wrong and what to do.

use crate::engines::{PASSWORD, Place, Postgres, Redis, run};
use crate::process::{Server, refusal};

const URL: &str = "QUEQIAO__DATABASE__URL";

fn told(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "`{part}` is missing in: {told}");
    }
    assert!(!told.contains(PASSWORD) && !told.contains("battery-staple"), "a password is told: {told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_postgres() {
    let postgres = Postgres::start();
    told(
        &refusal(&[(URL, &postgres.url_of("owner", "battery-staple"))]),
        &["refuses to log in", "correct user name and password"],
    );
    told(&refusal(&[(URL, &postgres.url_of("nobody", "battery-staple"))]), &["refuses to log in"]);
    let elsewhere =
        postgres.url().replace("/postgres", "/nowhere").replace("postgres:/nowhere", "postgres://");
    told(&refusal(&[(URL, &elsewhere)]), &["no such database", "CREATE DATABASE"]);
    told(&refusal(&[(URL, &postgres.url().replace("postgres://", "postgress://"))]), &["no such engine"]);
    let nobody_listens = format!("postgres://owner:{PASSWORD}@127.0.0.1:1/postgres");
    let patience = ("QUEQIAO__DATABASE__ACQUIRE_TIMEOUT", "300ms");
    told(&refusal(&[(URL, &nobody_listens), patience]), &["not available", "check that it runs"]);

    // A user who may log in, and nothing else.
    run(&postgres.url(), &format!("CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")).await;
    run(&postgres.url(), "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    told(&refusal(&[(URL, &postgres.url_of("reader", PASSWORD))]), &["may not be used", "GRANT"]);

    // A database that only reads, as a replica does: at the start, and when it becomes one later.
    let url = postgres.url();
    let server = Server::start(&[(URL, &url)]).await;
    run(&postgres.url(), "ALTER DATABASE postgres SET default_transaction_read_only = on").await;
    told(&refusal(&[(URL, &format!("{url}?options[search_path]=pg_temp"))]), &["read-only", "primary"]);
    drop(server);
    let server = Server::start(&[(URL, &url)]).await;
    let refused = server.order("/plain-orders", "no-key-is-needed", "tea", "").await.unwrap();
    // It does not pass by itself: no invitation to come again.
    assert_eq!((refused.status, refused.code(), refused.retry_after), (500, "internal", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_redis() {
    let redis = Redis::start();
    let place = Place::sqlite().await;
    let with = |url: &str| {
        refusal(&[
            (URL, place.url.as_str()),
            ("QUEQIAO__REDIS__URL", url),
            ("QUEQIAO__REDIS__TIMEOUT", "500ms"),
            ("QUEQIAO__STORAGE__LEASES", "redis"),
        ])
    };
    told(&with(&redis.url_of("battery-staple")), &["refuses to log in"]);
    told(&with("redis://:battery-staple@127.0.0.1:1/0"), &["not available"]);
    told(&with("http://:battery-staple@127.0.0.1:1/0"), &["cannot be used", "redis://"]);
}

/// A disk without room: of the file system's own word, and not of a setting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(folder.path())
        .status()
        .is_ok_and(|status| status.success());
    assert!(mounted, "the test needs the right to mount a small file system: run it as root");
    let url = format!("sqlite:{}/app.db", folder.path().display());
    let server = Server::start(&[(URL, &url)]).await;
    let article = "x".repeat(90);
    let mut refused = None;
    for number in 0..60_000 {
        let told = server.order("/plain-orders", "no-key-is-needed", &article, "").await.unwrap();
        if told.status != 201 {
            refused = Some(told);
            break;
        }
        if number == 200 {
            // The rest of the room at once.
            std::fs::write(folder.path().join("ballast"), vec![0; 2 << 20]).ok();
        }
    }
    let refused = refused.expect("the disk is full");
    assert_eq!((refused.status, refused.code(), refused.retry_after), (500, "internal", None));
    let before = server.orders().await.len();
    // With room again, it goes on by itself.
    std::fs::remove_file(folder.path().join("ballast")).unwrap();
    assert_eq!(server.order("/plain-orders", "no-key-is-needed", "tea", "").await.unwrap().status, 201);
    assert_eq!(server.orders().await.len(), before + 1);
    server.kill();
    let unmounted = std::process::Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
}
