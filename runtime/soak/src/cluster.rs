//! A PostgreSQL of its own, to be killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long it may take to recover.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    /// PostgreSQL does not run as root.
    user: Option<(u32, u32)>,
    postmaster: Option<Child>,
}

impl Cluster {
    /// Makes an empty one, with `fsync` on.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let remedy =
            "PostgreSQL's programs are needed below /usr/lib/postgresql; as root: apt-get install postgresql";
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .context(remedy)?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        let programs = versions.pop().context(remedy)?;
        let user = match id(&["-u"])? {
            0 => Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)),
            _ => None,
        };
        let data = folder.join("postgres");
        std::fs::create_dir_all(&data)?;
        if let Some((uid, gid)) = user {
            // The folder of the run is the owner's alone: let the database through.
            use std::os::unix::fs::{PermissionsExt as _, chown};
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?;
            chown(&data, Some(uid), Some(gid))?;
        }
        let mut cluster = Self { programs, data, port: free_port()?, user, postmaster: None };
        let mut init = cluster.program("initdb");
        init.args([
            "--auth=trust",
            "--username=root",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
        ]);
        let made = init.arg(&cluster.data).stdout(Stdio::null()).output()?;
        if !made.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        }
        cluster.start()?;
        Ok(cluster)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://root@127.0.0.1:{}/postgres", self.port)
    }

    fn program(&self, name: &str) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(self.programs.join(name));
        command.stdin(Stdio::null()).current_dir(&self.data);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Starts it, and waits until it takes connections; the memory of one that was killed may be in use for a moment.
    pub(crate) fn start(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            let log = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.data.with_extension("log"))?;
            let mut command = self.program("postgres");
            command.arg("-D").arg(&self.data).args(["-p", &self.port.to_string(), "-c"]);
            command.arg(format!("unix_socket_directories={}", self.data.display()));
            command.args(["-c", "fsync=on", "-c", "listen_addresses=127.0.0.1"]);
            let mut child = command.stdout(Stdio::null()).stderr(log).spawn()?;
            loop {
                let ready = self
                    .program("pg_isready")
                    .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                    .status()?;
                if ready.success() {
                    self.postmaster = Some(child);
                    return Ok(());
                }
                if child.try_wait()?.is_some() {
                    break;
                }
                if started.elapsed() > PATIENCE {
                    let _ = child.kill();
                    bail!(
                        "PostgreSQL does not recover; its log is {}",
                        self.data.with_extension("log").display()
                    );
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            if started.elapsed() > PATIENCE {
                bail!("PostgreSQL does not start; its log is {}", self.data.with_extension("log").display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGKILL for all of its processes.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut postmaster) = self.postmaster.take() else { return Ok(()) };
        let children = children(postmaster.id());
        postmaster.kill()?;
        for child in children {
            // It may have ended by itself, now that its parent is gone.
            let _ = Command::new("kill").args(["-KILL", &child.to_string()]).stderr(Stdio::null()).status();
        }
        postmaster.wait()?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-o", "pid=", "--ppid", &parent.to_string()]).output();
    let text = listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn id(arguments: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(arguments).output().context("`id` is needed")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| format!("`id {}` says {text}", arguments.join(" ")))
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
