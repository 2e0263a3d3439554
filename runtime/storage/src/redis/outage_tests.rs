//! A Redis of its own, killed and started again under load.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::*;
use crate::KeyValues;

struct Server(Child);

impl Server {
    fn start(folder: &Path, port: u16) -> Self {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--appendfsync", "always", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is needed; as root: apt-get install redis-server");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "Redis does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_serves_again_by_itself_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Some(Server::start(folder.path(), port));
    let options = RedisOptions { timeout: Duration::from_secs(2), ..RedisOptions::default() };
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{port}/0"), "t:", &options).await.unwrap();
    let now = Timestamp::now();
    let (stop, written, failed) =
        (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..4)
        .map(|caller| {
            let (store, stop, written, failed) =
                (store.clone(), stop.clone(), written.clone(), failed.clone());
            tokio::spawn(async move {
                for number in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{caller}/{number}");
                    match store.put(&key, key.as_bytes(), None, now).await {
                        Ok(_) => written.lock().unwrap().push(key),
                        Err(error) => {
                            assert!(error.is_transient(), "{error:?}");
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            })
        })
        .collect();
    let count = || written.lock().unwrap().len();
    for _ in 0..3 {
        let before = (count(), failed.load(Ordering::Relaxed));
        let started = Instant::now();
        while count() < before.0 + 20 {
            assert!(started.elapsed() < Duration::from_secs(20), "it does not serve again");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(server.take());
        while failed.load(Ordering::Relaxed) == before.1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server = Some(Server::start(folder.path(), port));
    }
    let before = count();
    while count() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in load {
        caller.await.unwrap();
    }
    let written = std::mem::take(&mut *written.lock().unwrap());
    for key in &written {
        let entry = store.get(key, now).await.unwrap();
        assert_eq!(entry.map(|entry| entry.value), Some(key.as_bytes().to_vec()), "{key} is lost");
    }
    drop(server);
}
