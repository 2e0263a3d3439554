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
    let postgres = Postgres::start("scram-sha-256");
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

    // A database that only reads, as a replica does: from the start, and from later on.
    run(&postgres.url(), "CREATE DATABASE replica").await;
    run(&postgres.url(), "ALTER DATABASE replica SET default_transaction_read_only = on").await;
    let replica = postgres.url().replace("/postgres", "/replica");
    told(&refusal(&[(URL, &replica)]), &["read-only", "primary"]);
    let url = postgres.url();
    let server = Server::start(&[(URL, &url)]).await;
    run(&url, "ALTER DATABASE postgres SET default_transaction_read_only = on").await;
    run(&url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()").await;
    let refused = loop {
        let refused = server.order("/plain-orders", "no-key-is-needed", "tea", "").await.unwrap();
        // As long as the pool finds connections that were cut.
        if refused.code() != "store.unavailable" {
            break refused;
        }
    };
    // It does not pass by itself: no invitation to come again.
    assert_eq!((refused.status, refused.code(), refused.retry_after.as_deref()), (500, "internal", None));
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

/// A file system of this size, and no more.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        let mounted = mount.status().is_ok_and(|status| status.success());
        assert!(mounted, "the test needs the right to mount a small file system: run it as root");
        Self(folder)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// A disk without room, by the word of the file system.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_full_disk() {
    let disk = Small::mount("8m");
    let url = format!("sqlite:{}/app.db", disk.0.path().display());
    let server = Server::start(&[(URL, &url)]).await;
    let order = async || server.order("/plain-orders", "no-key-is-needed", "tea", "").await.unwrap();
    assert_eq!(order().await.status, 201);
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 8 << 20]).unwrap_err();
    let mut there = 1;
    let refused = loop {
        let told = order().await;
        if told.status != 201 {
            break told;
        }
        there += 1;
    };
    // It does not pass by itself: no invitation to come again.
    assert_eq!((refused.status, refused.code(), refused.retry_after.as_deref()), (500, "internal", None));
    assert_eq!(server.orders().await.len(), there);
    // With room again, it goes on.
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(order().await.status, 201);
    assert_eq!(server.orders().await.len(), there + 1);
    server.kill();
}
