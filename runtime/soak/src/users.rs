//! `cargo xtask soak users`

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::ProgressBar;
use jiff::Timestamp;
use queqiao_storage::{Identity, UserId, UserRecord};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::engine::{Engine, Place, open};
use crate::ledger::Ledger;
use crate::random::Random;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Decides who the users are, and when each step is killed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many users.
    #[arg(long, default_value_t = 1_000_000)]
    users: u64,
}

/// From engine to engine.
const JOURNEY: [Engine; 4] = [Engine::Sqlite, Engine::Postgres, Engine::Mariadb, Engine::Sqlite];
/// How much more memory a step may hold at its end than after its first quarter.
const GROWTH_KIB: u64 = 16 * 1024;
/// How often the memory of a run must have been looked at before its growth is judged.
const LONG: usize = 200;
/// What no step may hold, however short.
const MOST_KIB: u64 = 256 * 1024;

/// One export or import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    what: String,
    /// Of both runs of a step that was killed.
    seconds: f64,
    /// Where it was killed.
    killed_at_percent: u64,
    /// The most memory that either run held (VmHWM).
    peak_ki_b: u64,
    /// What it held after the first quarter of the longer run.
    at_a_quarter_ki_b: u64,
}

pub(crate) async fn run(options: &Options) -> Result<(bool, Value)> {
    let folder = tempfile::tempdir()?;
    let began = Instant::now();
    let first = folder.path().join("seed.ndjson");
    write_users(&first, options)?;
    let mut source = first;
    let (mut steps, mut digests, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for (hop, engine) in JOURNEY.into_iter().enumerate() {
        let mut random = Random::of(options.seed, 7 + hop as u64);
        let place = Place::make(engine, folder.path(), &format!("users{hop}")).await?;
        let data = folder.path().join(format!("server{hop}"));
        std::fs::create_dir(&data)?;
        let ledger = Ledger::new(&data, &place.url)?;
        let file = folder.path().join(format!("{hop}.ndjson"));

        let size = std::fs::metadata(&source)?.len();
        let source_text = source.display().to_string();
        let import =
            ["users", "import", &source_text, "--existing", "refuse", "--table", "members:user_id", "--json"];
        let at = 10 + random.below(60);
        let (step, told) = Killed { ledger: &ledger, name: format!("import into {}", engine.name()), at }
            .run(&import, &[], async || Ok(imported(&place.url).await? * 100 / options.users.max(1)))
            .await?;
        if told["resumed_after_line"].as_u64().is_none() {
            broken.push(format!("the {} was killed and did not go on where it was", step.what));
        }
        steps.push(step);

        let out = file.display().to_string();
        let part = PathBuf::from(format!("{out}.part"));
        let export = ["users", "export", "--out", &out, "--table", "members:user_id", "--json"];
        let at = 10 + random.below(60);
        let (step, told) = Killed { ledger: &ledger, name: format!("export from {}", engine.name()), at }
            .run(&export, &["--resume"], async || {
                Ok(std::fs::metadata(&part).map_or(0, |part| part.len()) * 100 / size.max(1))
            })
            .await?;
        if told["resumed"] != json!(true) {
            broken.push(format!("the {} was killed and did not go on where it was", step.what));
        }
        steps.push(step);
        let (lines, digest) = sorted_digest(&file)?;
        if lines != options.users {
            broken.push(format!("{} gave {lines} users", engine.name()));
        }
        digests.push(digest);
        place.remove().await?;
        source = file;
    }
    digests.dedup();
    if digests.len() != 1 {
        broken.push("the engines gave different users".into());
    }
    for step in &steps {
        if step.peak_ki_b > (step.at_a_quarter_ki_b + GROWTH_KIB).min(MOST_KIB) {
            broken.push(format!("the {} held more and more memory", step.what));
        }
    }
    let held = broken.is_empty();
    let journey: Vec<&str> = JOURNEY.map(Engine::name).to_vec();
    let summary = json!({ "seed": options.seed, "users": options.users, "journey": journey, "sha256OfSortedLines": digests,
        "steps": steps, "seconds": began.elapsed().as_secs(), "broken": broken });
    Ok((held, summary))
}

/// A task that is killed once, and said again.
struct Killed<'a> {
    ledger: &'a Ledger,
    name: String,
    /// After so much of it, in per cent.
    at: u64,
}

impl Killed<'_> {
    async fn run(
        self,
        task: &[&str],
        again: &[&str],
        mut progress: impl AsyncFnMut() -> Result<u64>,
    ) -> Result<(Step, Value)> {
        let spinner = ProgressBar::new_spinner().with_message(self.name.clone());
        let started = Instant::now();
        let (mut memory, mut killed) = (Memory::default(), 0);
        let mut child = self.start(task)?;
        loop {
            spinner.tick();
            if let Some(status) = child.try_wait()? {
                bail!("the {} ended ({status}) before it was killed at {} %", self.name, self.at);
            }
            // It may be ending; the next look says so.
            let _ = memory.sample(child.id());
            let percent = progress().await.unwrap_or(0);
            if percent >= self.at {
                child.kill()?;
                child.wait()?;
                killed += percent;
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut rest = Memory::default();
        let child = self.start(&[task, again].concat())?;
        let id = child.id();
        // Its output is read by a thread of its own, so that it never waits for its reader.
        let output = std::thread::spawn(move || child.wait_with_output());
        while !output.is_finished() {
            spinner.tick();
            // It may be ending.
            let _ = rest.sample(id);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let output = output.join().map_err(|_| anyhow::anyhow!("the output cannot be read"))??;
        spinner.finish_and_clear();
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("the {} failed: {text}", self.name);
        }
        let longer = if rest.resident.len() > memory.resident.len() { &rest } else { &memory };
        let peak = memory.peak.max(rest.peak);
        // A run of a moment has not begun in earnest at its quarter.
        let quarter =
            longer.resident.get(longer.resident.len() / 4).filter(|_| longer.resident.len() >= LONG);
        let step = Step {
            what: self.name,
            seconds: started.elapsed().as_secs_f64(),
            killed_at_percent: killed,
            peak_ki_b: peak,
            at_a_quarter_ki_b: quarter.copied().unwrap_or(peak),
        };
        eprintln!("{:<24} {:>7.1} s, {} KiB at most", step.what, step.seconds, step.peak_ki_b);
        Ok((step, serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))?))
    }

    fn start(&self, task: &[&str]) -> Result<Child> {
        let mut command = self.ledger.command()?;
        command.arg("queqiao").args(task).stdout(Stdio::piped());
        Ok(command.stderr(Stdio::inherit()).spawn()?)
    }
}

/// What a process holds, as Linux tells it.
#[derive(Default)]
struct Memory {
    resident: Vec<u64>,
    peak: u64,
}

impl Memory {
    fn sample(&mut self, id: u32) -> Result<()> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_end_matches("kB").trim().parse::<u64>().ok()
        };
        self.resident.extend(kib("VmRSS:"));
        self.peak = self.peak.max(kib("VmHWM:").unwrap_or(0));
        Ok(())
    }
}

/// Lines that an import has done, by its mark.
async fn imported(url: &str) -> Result<u64> {
    let database = open(url).await?;
    let select = "SELECT value FROM queqiao_key_values WHERE name LIKE 'queqiao/users import/%'";
    let row = database.row(select, &[]).await;
    database.close().await;
    let Some(row) = row? else { return Ok(0) };
    let mark: Value = serde_json::from_slice(&row.get::<Vec<u8>>(0)?)?;
    Ok(mark["lines"].as_u64().unwrap_or(0))
}

/// Users of every kind, in no order of their ids.
fn write_users(file: &Path, options: &Options) -> Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for n in 0..options.users {
        let mut random = Random::of(options.seed, 1_000_000 + n);
        let created_at =
            Timestamp::from_millisecond(1_600_000_000_000 + random.below(200_000_000_000) as i64)?;
        let bytes = uuid::Builder::from_unix_timestamp_millis(
            u64::try_from(created_at.as_millisecond())?,
            &std::array::from_fn(|_| random.bits() as u8),
        );
        let mut first = Identity::new("wx0000000000000001", format!("o{n:027}"));
        if random.percent(40) {
            first = first.with_unionid(format!("u{n:027}"));
        }
        let mut identities = vec![first];
        if random.percent(10) {
            identities.push(Identity::new("wx0000000000000002", format!("p{n:027}")));
        }
        let roles = ["editor", "admin", "管理员"].into_iter().filter(|_| random.percent(4));
        let roles = roles.map(str::to_owned).collect();
        let record = UserRecord {
            id: Some(UserId(bytes.into_uuid())),
            created_at: Some(created_at),
            epoch: Some(random.below(4) as i64),
            roles: Some(roles),
            revoked_sessions: Default::default(),
            identities,
            own: random.percent(80).then(|| {
                let name = random.percent(95).then(|| format!("用户 {n} \"quoted\""));
                let score = random.below(1_000_000) as f64 / 997.0;
                let own = json!({ "name": name, "active": random.percent(70), "visits": random.bits() as i64 >> 8,
                    "score": score });
                own.as_object().cloned().unwrap_or_default().into_iter().collect()
            }),
        };
        writeln!(out, "{}", record.to_line()?)?;
    }
    Ok(out.flush()?)
}

/// How many lines a file has, and a digest of them that does not depend on their order.
fn sorted_digest(file: &Path) -> Result<(u64, String)> {
    let mut hashes: Vec<[u8; 32]> = Vec::new();
    let mut reader = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    while reader.by_ref().read_until(b'\n', &mut line)? > 0 {
        hashes.push(Sha256::digest(&line).into());
        line.clear();
    }
    hashes.sort_unstable();
    let mut all = Sha256::new();
    hashes.iter().for_each(|hash| all.update(hash));
    let digest = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hashes.len() as u64, digest))
}
