//! The stores against the real servers: PostgreSQL, MariaDB, Redis and one of the S3 API, installed and started where
//! they are not.

use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, program, run};
use crate::object_store::{self, ObjectStore};

/// A database server of the tests.
struct Server {
    name: &'static str,
    /// Tells the tests where it is, if it is elsewhere: then it is not started here.
    variable: &'static str,
    port: u16,
    package: &'static str,
    /// What starts it, as Debian has it.
    start: &'static [&'static str],
    /// How the tests get in.
    login: Option<Login>,
}

/// The tests' default user, and another for servers that do not admit it.
struct Login {
    /// Succeeds if the default user may log in.
    check: &'static [&'static str],
    /// Makes the other user; run as the administrator.
    admit: &'static [&'static str],
    administrator: &'static str,
    /// Where the other user finds the server.
    url: &'static str,
}

const SERVERS: [Server; 3] = [
    Server {
        name: "PostgreSQL",
        variable: "QUEQIAO_TEST_POSTGRES",
        port: 5432,
        package: "postgresql",
        start: &["service", "postgresql", "start"],
        login: Some(Login {
            check: &["psql", "-h", "127.0.0.1", "-U", "root", "-w", "-d", "test", "-q", "-c", "SELECT 1"],
            admit: &[
                "psql",
                "-q",
                "-c",
                "DO $$ BEGIN CREATE ROLE queqiao_test SUPERUSER LOGIN PASSWORD 'queqiao_test'; \
                 EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            ],
            administrator: "postgres",
            url: "postgres://queqiao_test:queqiao_test@127.0.0.1:5432/postgres",
        }),
    },
    Server {
        name: "MariaDB",
        variable: "QUEQIAO_TEST_MYSQL",
        port: 3306,
        package: "mariadb-server",
        start: &["service", "mariadb", "start"],
        login: Some(Login {
            check: &["mariadb", "-h127.0.0.1", "-uroot", "test", "-e", "SELECT 1"],
            admit: &[
                "mariadb",
                "-e",
                "CREATE USER IF NOT EXISTS queqiao_test@'%' IDENTIFIED BY 'queqiao_test'; \
                 CREATE USER IF NOT EXISTS queqiao_test@localhost IDENTIFIED BY 'queqiao_test'; \
                 GRANT ALL ON *.* TO queqiao_test@'%'; GRANT ALL ON *.* TO queqiao_test@localhost; \
                 CREATE DATABASE IF NOT EXISTS test",
            ],
            administrator: "root",
            url: "mysql://queqiao_test:queqiao_test@127.0.0.1:3306/test",
        }),
    },
    Server {
        name: "Redis",
        variable: "QUEQIAO_TEST_REDIS",
        port: 6379,
        package: "redis-server",
        start: &["service", "redis-server", "start"],
        login: None,
    },
];

/// Runs the servers, and says where they are for whom they do not expect, as variables of the environment.
pub(crate) fn servers() -> Result<Vec<(&'static str, String)>> {
    let mut places = Vec::new();
    for server in &SERVERS {
        if std::env::var_os(server.variable).is_none() {
            server.run().with_context(|| server.remedy())?;
            places.extend(
                server.admit().with_context(|| server.remedy())?.map(|url| (server.variable, url.to_owned())),
            );
        }
    }
    Ok(places)
}

/// Every adapter keeps every promise, on the engines themselves.
pub(crate) fn storage() -> Result<()> {
    let mut places = servers()?;
    let objects = ObjectStore::start()?;
    places.push((object_store::VARIABLE, objects.url.clone()));
    let features = "postgres,mysql,redis,s3,oss,cos,conformance";
    run(cargo(&[
        "clippy",
        "--package",
        "queqiao-storage",
        "--all-targets",
        "--quiet",
        "--features",
        features,
        "--",
        "-D",
        "warnings",
    ]))?;
    let mut test = cargo(&["test", "--package", "queqiao-storage", "--features", features]);
    test.envs(places.clone());
    run(test)?;
    // The whole server on these engines, and what becomes of requests when an engine, or the server, is killed.
    let engines = "postgres,mysql,redis";
    let mut test = cargo(&[
        "test",
        "--package",
        "queqiao",
        "--features",
        engines,
        "--test",
        "servers",
        "--test",
        "idempotency",
    ]);
    test.envs(places);
    run(test)
}

impl Server {
    fn remedy(&self) -> String {
        format!(
            "{} is needed on 127.0.0.1:{}; as root: apt-get install {} && {}; or say where it is in {}",
            self.name,
            self.port,
            self.package,
            self.start.join(" "),
            self.variable
        )
    }

    fn answers(&self) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
    }

    fn installed(&self) -> bool {
        let status = output(program("dpkg-query", &["--show", "--showformat=${Status}", self.package]));
        status.is_some_and(|status| status.ends_with("ok installed"))
    }

    /// Lets the tests in; where, if not where they expect it.
    fn admit(&self) -> Result<Option<String>> {
        let Some(login) = &self.login else { return Ok(None) };
        let (check, arguments) = login.check.split_first().context("nothing checks the login")?;
        if output(program(check, arguments)).is_some() {
            return Ok(None);
        }
        let mut arguments = vec!["-u", login.administrator, "--"];
        arguments.extend(login.admit);
        run(program("runuser", &arguments))?;
        Ok(Some(login.url.to_owned()))
    }

    /// Installs and starts it; nothing if it answers already.
    fn run(&self) -> Result<()> {
        if self.answers() {
            return Ok(());
        }
        if !self.installed() {
            run(program("apt-get", &["update", "-qq"]))?;
            let mut install =
                program("apt-get", &["install", "-y", "-qq", "--no-install-recommends", self.package]);
            install.env("DEBIAN_FRONTEND", "noninteractive");
            run(install)?;
        }
        let (start, arguments) = self.start.split_first().context("nothing starts it")?;
        let mut start = program(start, arguments);
        start.stdout(Stdio::null());
        run(start)?;
        let end = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            if Instant::now() > end {
                bail!("{} was started and does not answer", self.name);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}
