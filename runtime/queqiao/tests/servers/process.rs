//! The server in a process of its own, which a test can kill.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use queqiao::serde_json::{Value, json};

use crate::shop::{self, PAUSE};

/// Tells the executable of these tests that it is to be the server.
const SERVER: &str = "QUEQIAO_TEST_SERVER";
/// For what must come, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// No test by itself: the others start this executable with it, to have a server in a process.
#[test]
fn server() {
    if std::env::var_os(SERVER).is_some() {
        shop::serve();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) type Settings<'a> = &'a [(&'a str, &'a str)];

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    base: String,
    emulator: String,
    lines: Mutex<mpsc::Receiver<String>>,
    pub(crate) client: reqwest::Client,
    _folder: tempfile::TempDir,
}

fn command(folder: &tempfile::TempDir, settings: Settings<'_>) -> (Command, u16, u16) {
    let (port, emulator) = (free_port(), free_port());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::server", "--nocapture"])
        .current_dir(folder.path())
        .env_remove("CARGO_MANIFEST_DIR")
        .env(SERVER, "1")
        .env("PORT", port.to_string())
        .env("EMULATOR_PORT", emulator.to_string())
        .env("RUST_LOG", "warn")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(if std::env::var_os("QUEQIAO_TEST_LOG").is_some() {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
    (command, port, emulator)
}

fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    std::thread::spawn(move || stdout.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// What a server says that refuses to start.
pub(crate) fn refusal(settings: Settings<'_>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (mut command, ..) = command(&folder, settings);
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it starts: {told}");
    told
}

impl Server {
    pub(crate) async fn start(settings: Settings<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut command, port, emulator) = command(&folder, settings);
        let mut child = command.spawn().unwrap();
        let lines = lines(&mut child);
        let server = Self {
            child,
            base: format!("http://127.0.0.1:{port}"),
            emulator: format!("http://127.0.0.1:{emulator}"),
            lines: Mutex::new(lines),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            _folder: folder,
        };
        server.ready().await;
        server
    }

    /// What it has printed since.
    fn told(&self) -> Vec<String> {
        self.lines.lock().unwrap().try_iter().collect()
    }

    /// Waits until it can work.
    pub(crate) async fn ready(&self) {
        let started = Instant::now();
        while self.get("/readyz").await.is_none_or(|answer| answer.status != 200) {
            assert!(started.elapsed() < PATIENCE, "not ready: {:?}", self.told());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Told> {
        Told::of(self.client.get(format!("{}{path}", self.base)).send().await.ok()?).await
    }

    /// Nothing if the connection broke.
    pub(crate) async fn order(&self, path: &str, key: &str, article: &str, pause: &str) -> Option<Told> {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("idempotency-key", key).header(PAUSE, pause).json(article);
        Told::of(request.send().await.ok()?).await
    }

    /// What was ordered.
    pub(crate) async fn orders(&self) -> Vec<String> {
        let told = self.get("/orders").await.unwrap();
        queqiao::serde_json::from_value(told.body).unwrap()
    }

    /// Sends an order that stops at a place, and waits until it is there.
    pub(crate) async fn paused(&self, path: &str, key: &str, article: &str, place: &str) {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("idempotency-key", key).header(PAUSE, place).json(article);
        let sent = tokio::spawn(request.send());
        let started = Instant::now();
        let told = format!("paused {place}");
        while !self.told().iter().any(|line| line.ends_with(&told)) {
            assert!(started.elapsed() < PATIENCE && !sent.is_finished(), "it does not stop {place}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sent.abort();
    }

    /// Moves the server's clock.
    pub(crate) async fn advance(&self, seconds: u32) {
        let clock = self.client.post(format!("{}/emulator/clock", self.emulator));
        let moved = clock.json(&json!({ "advance": seconds })).send().await.unwrap();
        assert!(moved.status().is_success(), "{moved:?}");
    }

    /// `kill -9`
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Told {
    async fn of(response: reqwest::Response) -> Option<Self> {
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        Some(Self {
            status: response.status().as_u16(),
            replayed: header("idempotent-replayed").is_some(),
            retry_after: header("retry-after"),
            body: response.json().await.ok()?,
        })
    }

    /// Empty for a success.
    pub(crate) fn code(&self) -> &str {
        if self.status < 400 { "" } else { self.body["code"].as_str().unwrap_or_default() }
    }
}
