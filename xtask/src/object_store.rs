//! A real server of the S3 API, for the time of a step.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, program, root, run};
use crate::requirements;

/// Tells the tests where it is; if it is set, none is started here.
pub(crate) const VARIABLE: &str = "QUEQIAO_TEST_S3";
/// What the tests write to.
const BUCKET: &str = "queqiao-test";
const KEY: (&str, &str) = ("queqiao_test", "queqiao_test_secret");

/// The server; stopped, and what it holds removed, when it is dropped.
pub(crate) struct ObjectStore {
    process: Option<Child>,
    folder: std::path::PathBuf,
    /// As the tests read it from [`VARIABLE`].
    pub(crate) url: String,
}

impl ObjectStore {
    /// Installs and starts one with an empty bucket, unless the environment names another.
    pub(crate) fn start() -> Result<Self> {
        let folder = root().join(format!("target/s3-{}", std::process::id()));
        if let Ok(url) = std::env::var(VARIABLE) {
            return Ok(Self { process: None, folder, url });
        }
        requirements::s3_server()?;
        std::fs::create_dir_all(folder.join(BUCKET))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let (id, secret) = KEY;
        let port_text = port.to_string();
        let arguments =
            ["--host", "127.0.0.1", "--port", &port_text, "--access-key", id, "--secret-key", secret];
        let mut command = program("s3s-fs", &arguments);
        command.arg(&folder).stdout(Stdio::null()).stderr(Stdio::null()).env("RUST_LOG", "error");
        let process = command.spawn().context("s3s-fs cannot be started")?;
        let url = format!("http://{id}:{secret}@127.0.0.1:{port}");
        let store = Self { process: Some(process), folder, url };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            if Instant::now() > end {
                bail!("s3s-fs was started and does not answer");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(store)
    }
}

/// The tests of uploads that need a bucket.
pub(crate) fn uploads() -> Result<()> {
    let store = ObjectStore::start()?;
    // The program whose memory is measured.
    run(cargo(&["build", "--quiet", "--package", "queqiao", "--features", "s3", "--example", "uploads"]))?;
    let tests = ["--test", "upload_bucket", "--test", "direct_bucket", "--test", "upload_memory"];
    let mut test = cargo(&[&["test", "--package", "queqiao", "--features", "s3"], &tests[..]].concat());
    test.env(VARIABLE, &store.url);
    run(test)
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
