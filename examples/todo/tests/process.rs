//! The real program: started as an operator starts it, spoken to over a socket, stopped by a signal.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod http;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use http::{Answer, exchange, free_ports};
use queqiao::serde_json::{Value, json};

struct Server {
    child: Child,
    port: u16,
    emulator: u16,
    log: mpsc::Receiver<String>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port, emulator] = free_ports();
        let mut child = command(folder.path())
            .env("PORT", port.to_string())
            .env("EMULATOR_PORT", emulator.to_string())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, log) = mpsc::channel();
        let told: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in told {
            let sender = sender.clone();
            let lines = BufReader::new(stream).lines();
            std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        }
        let server = Self { child, port, emulator, log, _folder: folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "does not listen: {:?}", server.logged());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn call(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        exchange(self.port, method, path, headers, body)
    }

    /// Asks the emulated WeChat.
    fn wechat(&self, method: &str, path: &str, body: &str) -> Value {
        exchange(self.emulator, method, path, JSON, body.as_bytes()).json()
    }

    fn login_code(&self, user: &str) -> String {
        let answer = self.wechat("POST", "/emulator/login-codes", &json!({ "user": user }).to_string());
        answer["code"].as_str().unwrap().to_owned()
    }

    /// The user's session_key, got as only WeChat's own caller could.
    fn session_key(&self, user: &str) -> String {
        let code = self.login_code(user);
        let query = format!("appid={APPID}&secret={APP_SECRET}&js_code={code}&grant_type=authorization_code");
        let session = self.wechat("GET", &format!("/sns/jscode2session?{query}"), "");
        session["session_key"].as_str().unwrap().to_owned()
    }

    fn log_in(&self, user: &str) -> (String, String) {
        let code = self.login_code(user);
        let body = json!({ "code": code }).to_string();
        let session = self.call("POST", "/auth/login", JSON, body.as_bytes()).json();
        (code, session["token"].as_str().unwrap().to_owned())
    }

    fn logged(&self) -> Vec<String> {
        self.log.try_iter().collect()
    }

    fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The emulator's app.
const APPID: &str = "wx0000000000000000";
const APP_SECRET: &str = "00000000000000000000000000000000";
const JSON: &str = "content-type: application/json\r\n";

fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_todo"));
    command
        .env_clear()
        .current_dir(folder)
        .env("RUST_LOG", "trace")
        .env("QUEQIAO_CONFIG", concat!(env!("CARGO_MANIFEST_DIR"), "/queqiao.toml"))
        .env("QUEQIAO__SERVER__DATA", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

#[test]
fn it_tells_what_to_open_and_logs_no_secret() {
    let server = Server::start(&[]);
    // The emulated WeChat gives one user one session_key, so that the test knows what the server was given.
    let kept = server.wechat("POST", "/emulator/settings", &json!({ "new_session_key": false }).to_string());
    assert_eq!(kept["new_session_key"], false);
    let (code, token) = server.log_in("alice");
    let session_key = server.session_key("alice");
    assert_eq!(session_key, server.session_key("alice"));
    let bearer = format!("authorization: Bearer {token}\r\n");
    let added = server.call("POST", "/todos", &format!("{JSON}{bearer}"), br#"{"title":"one"}"#);
    assert_eq!(added.status, 201);
    server.call("GET", "/todos?cursor=secret-in-a-query", &bearer, b"");
    assert_eq!(server.call("GET", "/readyz", "", b"").status, 200);
    assert_eq!(server.call("GET", "/healthz", "", b"").status, 200);
    assert_eq!(server.call("GET", "/openapi.json", "", b"").json()["info"]["title"], "todo");
    assert_eq!(server.call("GET", "/docs/", "", b"").status, 200);

    std::thread::sleep(Duration::from_millis(200));
    let log = server.logged().join("\n");
    for told in ["/docs", "/openapi.json", "/emulator/login-codes", "miniprogram"] {
        assert!(log.contains(told), "{told} is not in:\n{log}");
    }
    for secret in [code.as_str(), token.as_str(), session_key.as_str(), APP_SECRET, "secret-in-a-query"] {
        assert!(!log.contains(secret), "{secret} is in:\n{log}");
    }
}

#[test]
fn what_an_attacker_sends_first_is_answered_by_problems() {
    let server = Server::start(&[]);
    let (_, alice) = server.log_in("alice");
    let (_, mallory) = server.log_in("mallory");
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let with_json = format!("{JSON}{}", bearer(&alice));
    let added = server.call("POST", "/todos", &with_json, br#"{"title":"one"}"#).json();
    let item = format!("/todos/{}", added["id"].as_str().unwrap());
    let post = |headers: &str, body: &[u8]| server.call("POST", "/todos", headers, body).code();

    assert_eq!(server.call("GET", "/todos", "", b"").code(), "auth.required");
    assert_eq!(server.call("GET", "/todos", &bearer("garbled"), b"").code(), "auth.invalid");
    assert_eq!(server.call("GET", &item, &bearer(&mallory), b"").code(), "todo.not_found");
    assert_eq!(post(&with_json, &vec![b' '; 10 * 1024 * 1024]), "body.too_large");
    assert_eq!(post(&with_json, b"{\"title\":\"\xff\"}"), "body.encoding");
    assert_eq!(post(&format!("content-type: text/plain\r\n{}", bearer(&alice)), b"{}"), "body.media_type");
    assert_eq!(post(&with_json, &vec![b'['; 100_000]), "body.too_deep");

    let body = json!({ "advance": 2 * 60 * 60 + 1 }).to_string();
    exchange(server.emulator, "POST", "/emulator/clock", JSON, body.as_bytes());
    assert_eq!(server.call("GET", "/todos", &bearer(&alice), b"").code(), "auth.expired");
}

#[test]
fn sigterm_lets_a_running_request_finish() {
    let mut server = Server::start(&[]);
    let (_, token) = server.log_in("alice");
    let body = br#"{"title":"slow phone"}"#;
    let mut phone = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let head = format!(
        "POST /todos HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n{JSON}authorization: Bearer {token}\r\n\r\n",
        body.len()
    );
    phone.write_all(head.as_bytes()).unwrap();
    phone.write_all(&body[..5]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err(), "takes new connections while stopping");
    phone.write_all(&body[5..]).unwrap();
    let mut answer = String::new();
    phone.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn a_public_emulator_is_refused_with_the_remedy() {
    for (name, value) in [("QUEQIAO__EMULATOR__HOST", "0.0.0.0"), ("HOST", "0.0.0.0")] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(folder.path()).env(name, value).output().unwrap();
        assert!(!output.status.success());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("emulator.lan = true"), "{told}");
    }
}

#[test]
fn a_taken_port_is_told_with_the_remedy() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path()).env("PORT", server.port.to_string()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("PORT=<number>"), "{told}");
}
