//! Two versions of the mini-program on people's phones, one unknown, and a server that counts and refuses them: real
//! generated clients in QuickJS, a real process that is stopped and started again, SQLite.

#![allow(clippy::unwrap_used)] // a test fails by panicking

#[expect(dead_code, reason = "for the tests of the real program")]
mod http;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http::{exchange, free_ports};
use queqiao::serde_json::{Value, json};
use queqiao_codegen::{Generated, Options, contract_id, generate};
use queqiao_quickjs_host::{Host, HostError, Update};
use todo::{Todos, api};

/// Carries the releases to the process that serves.
const RELEASES: &str = "TODO_TEST_RELEASES";

/// No test by itself: the other one starts this executable with the releases, to have a server in a process.
#[test]
fn the_server_of_the_other_test() {
    let Ok(releases) = std::env::var(RELEASES) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(queqiao::serve(api().releases(releases), Todos::connect)).unwrap();
}

struct Server {
    child: Child,
    port: u16,
    emulator: u16,
}

impl Server {
    fn start(folder: &Path, [port, emulator]: [u16; 2], releases: &str, settings: &[(&str, &str)]) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_server_of_the_other_test", "--nocapture"])
            .env_clear()
            .current_dir(folder)
            .env(RELEASES, releases)
            .env("QUEQIAO_CONFIG", concat!(env!("CARGO_MANIFEST_DIR"), "/queqiao.toml"))
            .env("QUEQIAO__SERVER__DATA", folder)
            .env("PORT", port.to_string())
            .env("EMULATOR_PORT", emulator.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, emulator };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// SIGTERM, and the end.
    fn stop(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success() && self.child.wait().unwrap().success());
    }

    fn curl(&self, path: &str) -> http::Answer {
        exchange(self.port, "GET", path, "", b"")
    }

    fn figures(&self) -> Value {
        self.curl("/clientz").json()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The client of today's contract without one of its operations.
fn client(without: Option<(&str, &str)>) -> Generated {
    let mut document = api().build().unwrap().document().value().clone();
    if let Some((path, method)) = without {
        document["paths"][path].as_object_mut().unwrap().remove(method).unwrap();
        document["x-queqiao"]["contract"] = json!(contract_id(&document));
    }
    generate(&document, &Options::default()).unwrap()
}

/// A phone that has this client, in the package that WeChat's emulation names.
async fn phone(client: &Generated, server: &Server) -> Host {
    let emulator = server.emulator;
    let host = Host::new(client.files.clone())
        .update(Update::Ready)
        .login(move || async move {
            let code = tokio::task::spawn_blocking(move || {
                exchange(
                    emulator,
                    "POST",
                    "/emulator/login-codes",
                    "content-type: application/json\r\n",
                    b"{}",
                )
                .json()
            });
            Ok(code.await.unwrap()["code"].as_str().unwrap().to_owned())
        })
        .start()
        .unwrap();
    run(&host, &format!("api.configure({{ baseUrl: 'http://127.0.0.1:{}' }})", server.port)).await;
    host
}

async fn run(host: &Host, script: &str) -> Value {
    host.eval_async(script).await.unwrap_or_else(|error| panic!("{error}: {:?}", host.log()))
}

async fn failure(host: &Host, script: &str) -> Value {
    match host.eval_async(script).await {
        Err(HostError::Thrown(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Labels, calls, refused calls, and calls by operation.
fn of(figures: &Value, contract: &str) -> Value {
    let clients = figures["clients"].as_array().unwrap();
    let client = clients.iter().find(|c| c["contract"] == contract || c["kind"] == contract).unwrap();
    let operations = client["operations"].as_object().unwrap();
    let operations: Vec<Value> =
        operations.iter().map(|(name, total)| json!([name, total["calls"]])).collect();
    json!([client["labels"], client["calls"], client["refused"], operations])
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_tell_versions_apart_and_the_floor_sends_the_old_one_to_update() {
    let (old, new) = (client(Some(("/admin/statistics", "get"))), client(None));
    let stranger = client(Some(("/todos/{id}", "delete")));
    let releases = json!({ "releases": [
        { "label": "1.0.0", "contract": old.contract, "released": "2026-11-01", "retired": false },
        { "label": "1.1.0", "contract": new.contract, "released": "2026-11-20", "retired": false },
    ] });
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();

    let server = Server::start(folder.path(), ports, &releases.to_string(), &[]);
    let old_phone = phone(&old, &server).await;
    let new_phone = phone(&new, &server).await;
    let strange_phone = phone(&stranger, &server).await;
    run(
        &old_phone,
        "for (var i = 0; i < 3; i++) await api.listTodos(); await api.addTodo({ title: '旧版' })",
    )
    .await;
    run(&new_phone, "var todo = await api.addTodo({ title: '新版' }); await api.finishTodo({ id: todo.id })")
        .await;
    run(&strange_phone, "await api.listTodos(); await api.listTodos()").await;
    assert_eq!(server.curl("/todos").code(), "auth.required");

    let first = json!([["1.0.0"], 5, 0, [["addTodo", 1], ["listTodos", 3], ["login", 1]]]);
    let second = json!([["1.1.0"], 3, 0, [["addTodo", 1], ["finishTodo", 1], ["login", 1]]]);
    let unknown = json!([[], 3, 0, [["listTodos", 2], ["login", 1]]]);
    let figures = server.figures();
    assert_eq!(of(&figures, &old.contract), first);
    assert_eq!(of(&figures, &new.contract), second);
    assert_eq!(of(&figures, &stranger.contract), unknown);
    assert_eq!(of(&figures, "absent"), json!([[], 1, 0, [["listTodos", 1]]]));
    let packages = &figures["clients"][0]["packages"];
    assert_eq!((&packages[0]["appid"], &packages[0]["package"]), (&json!("wx0000000000000000"), &json!("0")));

    // What nobody has looked at is written when the server is told to stop.
    run(&new_phone, "await api.listTodos()").await;
    server.stop();
    let floor = [("QUEQIAO__CLIENTS__FLOOR", "1.1.0")];
    let server = Server::start(folder.path(), ports, &releases.to_string(), &floor);
    let figures = server.figures();
    assert_eq!(of(&figures, &old.contract), first);
    let with_list =
        json!([["1.1.0"], 4, 0, [["addTodo", 1], ["finishTodo", 1], ["listTodos", 1], ["login", 1]]]);
    assert_eq!(of(&figures, &new.contract), with_list);
    assert_eq!(of(&figures, &stranger.contract), unknown);

    // The old one, logged in as it is, and freshly installed.
    let error = failure(&old_phone, "await api.listTodos()").await;
    assert_eq!(
        (&error["kind"], &error["code"], &error["status"]),
        (&json!("upgrade"), &json!("client.too_old"), &json!(410))
    );
    let guarded = "return await api.listTodos().then(null, function (e) { return api.listTodos.failed(e) })";
    assert_eq!(run(&old_phone, guarded).await, true);
    let fresh = phone(&old, &server).await;
    assert_eq!(failure(&fresh, "await api.listTodos()").await["operation"], "POST /auth/login");
    for phone in [&old_phone, &fresh] {
        run(phone, "await new Promise(function (resolve) { setTimeout(resolve, 50) })").await;
        assert_eq!((phone.modals().len(), phone.counts().updates), (1, 1), "one question, one restart");
        assert_eq!(phone.modals()[0]["title"], "小程序版本过旧。");
    }
    // Everybody else goes on.
    run(&new_phone, "await api.listTodos()").await;
    run(&strange_phone, "await api.listTodos()").await;
    assert_eq!((new_phone.modals().len(), strange_phone.modals().len()), (0, 0));
    assert_eq!(server.curl("/todos").code(), "auth.required");

    let figures = server.figures();
    let refused = json!([["1.0.0"], 8, 3, [["addTodo", 1], ["listTodos", 5], ["login", 2]]]);
    assert_eq!(of(&figures, &old.contract), refused);
    assert_eq!(of(&figures, &new.contract)[1], 5);
    assert_eq!(of(&figures, &stranger.contract), json!([[], 4, 0, [["listTodos", 3], ["login", 1]]]));
    server.stop();
}

/// What `cargo queqiao release` has stored, and the server that was compiled with it.
#[tokio::test]
async fn the_server_knows_the_stored_releases() {
    let stored: Value = queqiao::serde_json::from_str(queqiao::releases!()).unwrap();
    let app = queqiao::TestApp::with(api(), Todos::connect);
    let releases = stored["releases"].as_array().unwrap();
    assert!(releases.len() >= 2);
    for release in releases {
        let contract = release["contract"].as_str().unwrap();
        let file = format!("{}/contracts/{contract}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = queqiao::serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(queqiao_codegen::contract_id(&document), contract);
        assert_eq!(generate(&document, &Options::default()).unwrap().contract, contract);
        app.get("/todos").header("x-queqiao-client", contract).await;
        let figures: Value = app.get("/clientz").await.json();
        let clients = figures["clients"].as_array().unwrap();
        let client = clients.iter().find(|client| client["contract"] == contract).unwrap();
        assert_eq!(client["kind"], "released");
        assert!(client["labels"].as_array().unwrap().contains(&release["label"]), "{client}");
    }
}

#[test]
fn a_floor_without_its_release_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_todo"))
        .env_clear()
        .current_dir(folder.path())
        .env("QUEQIAO__SERVER__DATA", folder.path())
        .env("QUEQIAO__CLIENTS__FLOOR", "7.7.7")
        .env("PORT", free_ports()[0].to_string())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("clients.floor is `7.7.7`"), "{told}");
}
