//! What the operator says to the program: `todo queqiao …`.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod http;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::{exchange, free_ports};
use queqiao::serde_json::{self, Value, json};

const OLD: &str = "dGhlIG9sZCBrZXksIHRoaXJ0eS10d28gYnl0ZXMuLi4=";
const NEW: &str = "dGhlIG5ldyBrZXksIHRoaXJ0eS10d28gYnl0ZXMuLi4=";

fn todo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_todo"));
    command
        .args(arguments)
        .env_clear()
        .current_dir(folder)
        .env("QUEQIAO__SERVER__DATA", folder)
        .env("QUEQIAO__APP__MOST_TODOS", "3")
        .stdin(Stdio::null());
    command
}

/// The exit code, and the result as JSON.
fn say(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    told(todo(folder, arguments))
}

fn told(mut command: Command) -> (i32, Value) {
    let output = command.arg("--json").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}\n{told}"));
    (output.status.code().unwrap(), value)
}

fn states(value: &Value) -> Vec<String> {
    let own = |one: &&Value| one["table"] == "app_migrations";
    let migrations = value["migrations"].as_array().unwrap();
    migrations.iter().filter(own).map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn migrations_are_listed_applied_and_refused_by_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, status) = say(folder, &["queqiao", "db", "status"]);
    assert_eq!(
        (code, status["up_to_date"].as_bool(), states(&status)),
        (1, Some(false), vec!["pending".into(); 2])
    );
    let (code, migrated) = say(folder, &["queqiao", "db", "migrate"]);
    assert_eq!((code, states(&migrated)), (0, vec!["applied".to_owned(); 2]));
    let now = |value: &Value| {
        value["migrations"].as_array().unwrap().iter().filter(|one| one["applied_now"] == true).count()
    };
    assert!(now(&migrated) > 2, "the framework's are among them: {migrated}");
    let (code, again) = say(folder, &["queqiao", "db", "migrate"]);
    assert_eq!((code, now(&again)), (0, 0));
    assert_eq!(say(folder, &["queqiao", "db", "status"]).0, 0);

    let people = todo(folder, &["queqiao", "db", "status"]).output().unwrap();
    let people = String::from_utf8_lossy(&people.stdout).into_owned();
    assert!(people.contains("app_migrations") && people.contains("up to date (SQLite)"), "{people}");

    // Edited after it was applied.
    let script = "UPDATE app_migrations SET checksum = x'00' WHERE version = 1";
    queqiao_sql(folder, script);
    let (code, status) = say(folder, &["queqiao", "db", "status"]);
    assert_eq!((code, states(&status)), (3, vec!["changed".to_owned(), "applied".to_owned()]));
    let (code, refused) = say(folder, &["queqiao", "db", "migrate"]);
    assert_eq!(code, 3);
    assert!(refused["error"].as_str().unwrap().contains("put the change into a new migration"), "{refused}");
}

fn queqiao_sql(folder: &Path, script: &'static str) {
    let url = format!("sqlite:{}/app.db", folder.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = queqiao::Database::open(&url, &Default::default()).await.unwrap();
        database.execute(script, &[]).await.unwrap();
        database.close().await;
    });
}

#[test]
fn two_processes_migrate_at_once() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::thread::scope(|scope| {
            let both = [0, 1].map(|_| scope.spawn(|| say(path, &["queqiao", "db", "migrate"]).0));
            assert_eq!(both.map(|one| one.join().unwrap()), [0, 0]);
        });
    }
}

#[test]
fn what_is_said_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let say = |arguments: &[&str]| {
        let output = todo(folder.path(), arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
    };
    let (code, help) = say(&["queqiao", "db", "rotate-keys", "--help"]);
    assert!(code == 0 && help.contains("auth.previous_encryption_keys"), "{help}");
    let (code, text) = say(&["queqiao", "db", "statsu"]);
    assert!(code == 2 && text.contains("status"), "{text}");
    let (code, text) = say(&["queqiao", "users", "export"]);
    assert!(code == 2 && text.contains("db migrate"), "{text}");
}

#[test]
fn users_go_out_and_in_and_a_wrong_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = path.join("in.ndjson");
    std::fs::write(
        &file,
        "{\"openid\":\"o1\"}\n\n{\"openid\":\"o2\",\"roles\":[\"admin\"]}\r\n{\"openid\":\"o3\"}",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let import = ["queqiao", "users", "import", file, "--existing", "refuse", "--batch", "1"];
    let (code, refused) = say(path, &import);
    assert!(code == 2 && refused["error"].as_str().unwrap().contains("--appid"), "{refused}");
    let import = [&import[..], &["--appid", "wx1"]].concat();
    let (code, imported) = say(path, &import);
    assert_eq!((code, imported["created"].as_u64(), imported["lines"].as_u64()), (0, Some(3), Some(4)));
    let (code, refused) = say(path, &import);
    assert!(
        code == 2 && refused["error"].as_str().unwrap().contains("line 1: openid o1 of wx1"),
        "{refused}"
    );

    let out = path.join("out.ndjson");
    let export = ["queqiao", "users", "export", "--out", out.to_str().unwrap()];
    assert_eq!(say(path, &export).1["written"], 3);
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains(r#""openid":"o2","roles":["admin"],"epoch":0"#), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (code, refused) = say(path, &export);
    assert!(code == 2 && refused["error"].as_str().unwrap().contains("--restart"), "{refused}");

    // An import that stopped in the middle goes on behind what is done, with the same file only.
    let other = tempfile::tempdir().unwrap();
    let wrong = other.path().join("wrong.ndjson");
    std::fs::write(
        &wrong,
        "{\"openid\":\"a\"}\n{\"openid\":\"b\"}\n{\"openid\":\"c\",\"nickname\":\"Mo\"}\n",
    )
    .unwrap();
    let import = |restart: &[&str]| {
        let file = wrong.to_str().unwrap();
        let import =
            ["queqiao", "users", "import", file, "--existing", "refuse", "--batch", "2", "--appid", "wx1"];
        say(other.path(), &[&import, restart].concat())
    };
    let (code, stopped) = import(&[]);
    let told = stopped["error"].as_str().unwrap();
    assert!(
        code == 2 && told.contains("line 3: unknown field `nickname`") && told.contains("up to 2"),
        "{told}"
    );
    std::fs::write(&wrong, "{\"openid\":\"a\"}\n{\"openid\":\"x\"}\n{\"openid\":\"c\"}\n").unwrap();
    assert!(import(&[]).1["error"].as_str().unwrap().contains("another file"));
    std::fs::write(&wrong, "{\"openid\":\"a\"}\n{\"openid\":\"b\"}\n{\"openid\":\"c\"}\n").unwrap();
    let (code, imported) = import(&[]);
    assert_eq!((code, &imported["created"], &imported["resumed_after_line"]), (0, &json!(1), &json!(2)));
    let (code, refused) = import(&["--restart"]);
    assert!(code == 2 && refused["error"].as_str().unwrap().contains("line 1:"), "{refused}");
}

/// A server with an encryption key in front of the other.
struct Server {
    child: Child,
    port: u16,
    emulator: u16,
}

fn keys(mut command: Command, newest: &str, older: &str) -> Command {
    command
        .env("QUEQIAO__AUTH__ENCRYPTION_KEY", newest)
        .env("QUEQIAO__AUTH__PREVIOUS_ENCRYPTION_KEYS", older);
    command
}

impl Server {
    fn start(folder: &Path, newest: &str, older: &str) -> Self {
        let [port, emulator] = free_ports();
        let mut command = keys(todo(folder, &[]), newest, older);
        command.env("PORT", port.to_string()).env("EMULATOR_PORT", emulator.to_string());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port, emulator }
    }

    /// Logs in, which stores a session key.
    fn log_in(&self, user: &str) {
        let json_type = "content-type: application/json\r\n";
        let body = json!({ "user": user }).to_string();
        let code =
            exchange(self.emulator, "POST", "/emulator/login-codes", json_type, body.as_bytes()).json();
        let body = json!({ "code": code["code"] }).to_string();
        let answer = exchange(self.port, "POST", "/auth/login", json_type, body.as_bytes());
        assert_eq!((answer.status, answer.code()), (200, String::new()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The documented order, with logins on two servers all the while.
#[test]
fn secrets_get_a_new_key_while_two_servers_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rotate = || {
        let arguments = ["queqiao", "db", "rotate-keys", "--batch", "3"];
        told(keys(todo(path, &arguments), NEW, OLD))
    };
    let not_yet = Server::start(path, OLD, NEW);
    for user in 0..10 {
        not_yet.log_in(&format!("user-{user}"));
    }
    let restarted = Server::start(path, NEW, OLD);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for server in [&not_yet, &restarted] {
            let stop = &stop;
            scope.spawn(move || {
                for user in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    server.log_in(&format!("user-{}", user % 20));
                }
            });
        }
        let (_, rotated) = rotate();
        assert!(rotated["resealed"].as_u64().unwrap() > 0, "{rotated}");
        stop.store(true, Ordering::Relaxed);
    });
    drop(not_yet);
    restarted.log_in("user-0");
    let (code, rotated) = rotate();
    assert_eq!((code, &rotated["left"]), (0, &json!({})), "{rotated}");
    // Without the old key, nothing is unreadable: none is left to be told.
    let arguments = ["queqiao", "db", "rotate-keys"];
    let mut command = todo(path, &arguments);
    command.env("QUEQIAO__AUTH__ENCRYPTION_KEY", NEW);
    assert_eq!(told(command).0, 0);
    // With a key of which nothing is known, all is.
    let mut command = todo(path, &arguments);
    command.env("QUEQIAO__AUTH__ENCRYPTION_KEY", OLD);
    let (code, left) = told(command);
    assert_eq!((code, left["left"].as_object().unwrap().len()), (1, 1), "{left}");
}
