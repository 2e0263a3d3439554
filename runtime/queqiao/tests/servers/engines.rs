//! A place of its own on each engine, removed again; and engines of its own, which a test can stop.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use queqiao::{Database, sqlx, uuid::Uuid};

use crate::process::free_port;

fn server(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

fn name() -> String {
    format!("queqiao_test_{}", Uuid::new_v4().simple())
}

/// Runs one statement on a server.
pub(crate) async fn run(url: &str, sql: &str) {
    let database = Database::open(url, &Default::default()).await.unwrap_or_else(|error| {
        panic!("the tests need a server: {error}; `cargo xtask test --only storage` starts it")
    });
    database.execute(sqlx::AssertSqlSafe(sql.to_owned()), &[]).await.unwrap();
    database.close().await;
}

/// A database for one test.
pub(crate) struct Place {
    pub(crate) url: String,
    drop: Option<(String, String)>,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    pub(crate) async fn remove(self) {
        if let Some((server, sql)) = &self.drop {
            run(server, sql).await;
        }
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}/app.db", folder.path().display()), drop: None, _folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let server = server("QUEQIAO_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test");
        let name = name();
        run(&server, &format!("CREATE SCHEMA {name}")).await;
        let url = format!("{server}?options[search_path]={name}");
        Self { url, drop: Some((server, format!("DROP SCHEMA {name} CASCADE"))), _folder: None }
    }

    pub(crate) async fn mysql() -> Self {
        let server = server("QUEQIAO_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test");
        let name = name();
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        Self { url, drop: Some((server, format!("DROP DATABASE {name}"))), _folder: None }
    }
}

/// Where the shared Redis is, for keys under a prefix of one's own, which end by themselves.
pub(crate) fn redis() -> (String, String) {
    (server("QUEQIAO_TEST_REDIS", "redis://127.0.0.1:6379/0"), format!("{}:", name()))
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A PostgreSQL of this test's own, with a password, stopped and removed when it is dropped.
pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

/// The user of the cluster, who is no superuser of any other.
pub(crate) const PASSWORD: &str = "correct-horse";

impl Postgres {
    /// A cluster that lets users in as `auth` says: `trust`, or with `scram-sha-256`, which takes an unoptimized build its
    /// time for each connection.
    pub(crate) fn start(auth: &str) -> Self {
        let programs = std::fs::read_dir("/usr/lib/postgresql")
            .expect("the tests need PostgreSQL's programs: apt-get install postgresql")
            .filter_map(|version| Some(version.ok()?.path().join("bin")))
            .max()
            .expect("a version of PostgreSQL");
        let postgres = Self { folder: tempfile::tempdir().unwrap(), programs, port: free_port() };
        // PostgreSQL refuses to run as root; its own user needs a folder that it may enter.
        let password = postgres.folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        if postgres.as_other() {
            assert!(succeeds(Command::new("chown").args(["-R", "postgres"]).arg(postgres.folder.path())));
        }
        let mut init = postgres.program("initdb");
        init.args(["--username=owner", &format!("--auth={auth}"), "--no-sync", "--pwfile"]).arg(&password);
        assert!(succeeds(init.arg("-D").arg(postgres.data())), "initdb fails");
        postgres.resume();
        postgres
    }

    pub(crate) fn url(&self) -> String {
        self.url_of("owner", PASSWORD)
    }

    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Whether this is root, which has to step down.
    fn as_other(&self) -> bool {
        std::fs::metadata("/proc/self")
            .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !self.as_other() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
        command
    }

    fn control(&self, arguments: &[&str]) -> bool {
        let mut control = self.program("pg_ctl");
        succeeds(control.arg("-D").arg(self.data()).arg("-w").args(arguments))
    }

    /// Starts it again.
    pub(crate) fn resume(&self) {
        let folder = self.folder.path().display();
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}", self.port);
        let log = self.folder.path().join("log");
        assert!(
            self.control(&["-l", &log.to_string_lossy(), "-o", &options, "start"]),
            "PostgreSQL does not start"
        );
    }

    /// As a crash: nothing is said good-bye to.
    pub(crate) fn stop(&self) {
        assert!(self.control(&["-m", "immediate", "stop"]), "PostgreSQL does not stop");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.control(&["-m", "immediate", "stop"]);
    }
}

/// A Redis of this test's own, which writes down what it acknowledges.
pub(crate) struct Redis {
    folder: tempfile::TempDir,
    port: u16,
    child: std::process::Child,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let child = Self::spawn(folder.path(), port);
        Self { folder, port, child }
    }

    fn spawn(folder: &Path, port: u16) -> std::process::Child {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--requirepass", PASSWORD, "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("the tests need Redis: apt-get install redis-server");
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "Redis does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    pub(crate) fn url(&self) -> String {
        self.url_of(PASSWORD)
    }

    pub(crate) fn url_of(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}/0", self.port)
    }

    /// `kill -9`
    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn resume(&mut self) {
        self.child = Self::spawn(self.folder.path(), self.port);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
