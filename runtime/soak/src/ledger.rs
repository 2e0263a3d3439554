//! The ledger's process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cluster::free_port;

/// How the ledger is started, round after round.
pub(crate) struct Ledger {
    folder: PathBuf,
    url: String,
    port: u16,
    emulator: u16,
}

/// A running one.
pub(crate) struct Running {
    child: Child,
    started: Instant,
}

impl Ledger {
    pub(crate) fn new(folder: &Path, url: &str) -> Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            url: url.to_owned(),
            port: free_port()?,
            emulator: free_port()?,
        })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn wechat(&self) -> String {
        format!("http://127.0.0.1:{}", self.emulator)
    }

    /// The program with its settings; more arguments make it do a task.
    pub(crate) fn command(&self) -> Result<Command> {
        let program = std::env::current_exe()?.with_file_name("ledger");
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(&self.folder)
            .env("QUEQIAO__SERVER__DATA", &self.folder)
            .env("QUEQIAO__DATABASE__URL", &self.url)
            .env("PORT", self.port.to_string())
            .env("EMULATOR_PORT", self.emulator.to_string())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null());
        Ok(command)
    }

    pub(crate) fn start(&self, generations: u32) -> Result<Running> {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("ledger.log"))?;
        let mut command = self.command()?;
        command.env("LEDGER_GENERATIONS", generations.to_string()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().context("the ledger cannot be started")?;
        Ok(Running { child, started: Instant::now() })
    }
}

impl Running {
    /// Waits until it answers, and returns how long that took since it was started.
    pub(crate) async fn ready(&mut self, client: &reqwest::Client, address: &str) -> Result<Duration> {
        loop {
            if let Ok(answer) = client.get(format!("{address}/readyz")).send().await
                && answer.status().is_success()
            {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the ledger ended ({status}); its log is ledger.log");
            }
            if self.started.elapsed() > Duration::from_secs(60) {
                bail!("the ledger is not ready after a minute; its log is ledger.log");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have been killed.
        let _ = self.kill();
    }
}
