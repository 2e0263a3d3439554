//! `cargo xtask soak kill`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::engine::{Engine, Place, open};
use crate::ledger::Ledger;
use crate::load::{Load, Told};
use crate::random::Random;
use crate::verify::{self, Migrated};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Decides who is killed when, in each round.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many rounds, on all engines together.
    #[arg(long, default_value_t = 1000)]
    rounds: u32,
    /// On one engine only.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
}

/// Every so many rounds, everything since the first is looked at.
const THOROUGH: u32 = 50;
/// How long a round's load may take.
const LONGEST_LOAD: Duration = Duration::from_secs(5);
/// How long a server may need until it serves again, once its database does.
const RECOVERY: Duration = Duration::from_secs(15);

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    engine: &'static str,
    rounds: u32,
    servers_killed: u32,
    databases_killed: u32,
    killed_while_starting: u32,
    /// Killed while migrations were to be applied: the next start went on.
    migrations_interrupted: u32,
    migrations_applied: u32,
    writes_attempted: u64,
    writes_acknowledged: u64,
    /// The answer was lost with the process: allowed.
    writes_there_and_not_acknowledged: u64,
    logins_acknowledged: u64,
    /// By status; 0 where the connection broke.
    refused: BTreeMap<u16, u64>,
    /// Times that a server served again after its database came back, without being restarted.
    recovered: u32,
    slowest_recovery_milliseconds: u128,
    seconds: u64,
    broken: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> Result<(bool, Value)> {
    // Most where both may be killed; some where a change of the schema cannot be undone.
    let shares: Vec<(Engine, u32)> = match options.engine {
        Some(engine) => vec![(engine, options.rounds)],
        None => {
            let (sqlite, mariadb) = (options.rounds * 4 / 10, options.rounds / 10);
            vec![
                (Engine::Sqlite, sqlite),
                (Engine::Postgres, options.rounds - sqlite - mariadb),
                (Engine::Mariadb, mariadb),
            ]
        }
    };
    let mut summaries = Vec::new();
    for (engine, rounds) in shares {
        summaries.push(on(engine, rounds, options.seed).await.with_context(|| engine.name())?);
    }
    let held = summaries.iter().all(|summary| summary.broken.is_empty());
    Ok((held, json!({ "seed": options.seed, "rounds": options.rounds, "engines": summaries })))
}

async fn on(engine: Engine, rounds: u32, seed: u64) -> Result<Summary> {
    let folder = tempfile::tempdir()?;
    let mut cluster = None;
    let place = match engine {
        Engine::Postgres => {
            cluster = Some(Cluster::make(folder.path())?);
            None
        }
        _ => Some(Place::make(engine, folder.path(), "kill").await?),
    };
    let url = match (&cluster, &place) {
        (Some(cluster), _) => cluster.url(),
        (None, Some(place)) => place.url.clone(),
        (None, None) => bail!("the engine has no place"),
    };
    let summary = soak(engine, rounds, seed, folder.path(), &url, &mut cluster).await;
    let kept = summary.as_ref().is_ok_and(|summary| summary.broken.is_empty());
    if kept {
        drop(cluster);
        if let Some(place) = place {
            place.remove().await?;
        }
    } else {
        eprintln!("what is left of it is in {} and {url}", folder.keep().display());
    }
    summary
}

async fn soak(
    engine: Engine,
    rounds: u32,
    seed: u64,
    folder: &Path,
    url: &str,
    cluster: &mut Option<Cluster>,
) -> Result<Summary> {
    let started = Instant::now();
    let mut run = Run {
        engine,
        seed,
        url: url.to_owned(),
        ledger: Ledger::new(folder, url)?,
        client: reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?,
        summary: Summary { engine: engine.name(), ..Summary::default() },
        users: BTreeSet::new(),
        generations: 0,
        applied: 0,
        served: false,
        start_up: Duration::from_millis(500),
    };
    let bar = ProgressBar::new(rounds.into());
    bar.set_style(ProgressStyle::with_template("{msg}: {bar:40} round {pos} of {len} ({eta})")?);
    bar.set_message(engine.name());
    for round in 1..=rounds {
        let outcome = run
            .round(round, round == rounds, cluster)
            .await
            .with_context(|| format!("round {round} of seed {seed}"));
        run.summary.rounds = round;
        if let Err(error) = outcome {
            run.summary.broken.push(format!("{error:#}"));
        }
        if !run.summary.broken.is_empty() {
            break;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    run.summary.migrations_applied = run.applied;
    run.summary.seconds = started.elapsed().as_secs();
    Ok(run.summary)
}

/// What goes on from round to round.
struct Run {
    engine: Engine,
    seed: u64,
    url: String,
    ledger: Ledger,
    client: reqwest::Client,
    summary: Summary,
    users: BTreeSet<String>,
    /// How many migrations the program has beside its first.
    generations: u32,
    /// How many of them a server that was ready has applied.
    applied: u32,
    /// Whether a server was ready once.
    served: bool,
    /// How long a start takes.
    start_up: Duration,
}

impl Run {
    async fn round(&mut self, round: u32, last: bool, cluster: &mut Option<Cluster>) -> Result<()> {
        let mut random = Random::of(self.seed, u64::from(round) * 100);
        let updated = random.percent(30);
        if updated {
            self.generations += 1 + u32::try_from(random.below(3))?;
        }
        // A kill while it starts; if there is something to migrate, more often.
        let early = random.percent(if updated { 60 } else { 10 });
        let mut server = self.ledger.start(self.generations)?;
        let load = Load::begin(&self.client, &self.ledger, self.seed, round);
        let mut told;
        if early {
            let start_up = u64::try_from(self.start_up.as_millis())?;
            tokio::time::sleep(random.milliseconds(start_up / 4, start_up)).await;
            server.kill()?;
            told = load.end().await;
            self.summary.servers_killed += 1;
            self.summary.killed_while_starting += 1;
            self.summary.migrations_interrupted += u32::from(self.generations > self.applied);
        } else {
            let took = server.ready(&self.client, &self.ledger.address()).await?;
            self.start_up = (self.start_up + took) / 2;
            (self.applied, self.served) = (self.generations, true);
            // By what is done, not by the clock: a busy machine is put under the same load.
            let enough = 5 + random.below(60);
            let began = Instant::now();
            while load.successes() < enough && began.elapsed() < LONGEST_LOAD {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(random.milliseconds(0, 20)).await;
            match cluster {
                Some(cluster) if random.percent(50) => {
                    self.kill_database(cluster, &load).await?;
                    server.kill()?;
                    told = load.end().await;
                    self.summary.databases_killed += 1;
                }
                _ => {
                    server.kill()?;
                    told = load.end().await;
                    self.summary.servers_killed += 1;
                }
            }
        }
        self.look(round, last, &mut told).await
    }

    /// The database is killed and comes back; the server stays, and must serve again by itself.
    async fn kill_database(&mut self, cluster: &mut Cluster, load: &Load) -> Result<()> {
        cluster.kill()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        cluster.start()?;
        let (back, before) = (Instant::now(), load.successes());
        while load.successes() <= before {
            if back.elapsed() > RECOVERY {
                bail!("the server does not serve again, {RECOVERY:?} after its database came back");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.summary.recovered += 1;
        let slowest = &mut self.summary.slowest_recovery_milliseconds;
        *slowest = (*slowest).max(back.elapsed().as_millis());
        Ok(())
    }

    async fn look(&mut self, round: u32, last: bool, told: &mut Told) -> Result<()> {
        let summary = &mut self.summary;
        summary.writes_attempted += told.attempted.len() as u64;
        summary.writes_acknowledged += told.acknowledged.len() as u64;
        summary.logins_acknowledged += told.users.len() as u64;
        for (status, count) in &told.refused {
            *summary.refused.entry(*status).or_default() += count;
        }
        self.users.append(&mut told.users);
        let database = open(&self.url).await?;
        let migrated = Migrated {
            applied: self.applied,
            begun: self.generations,
            in_part: self.engine == Engine::Mariadb,
        };
        let found = verify::round(&database, round, told, migrated).await?;
        summary.writes_there_and_not_acknowledged += found.unacknowledged;
        let mut broken = found.broken;
        if self.served && (last || round.is_multiple_of(THOROUGH)) {
            broken.extend(verify::all(&database, summary.writes_acknowledged, &self.users).await?);
        }
        database.close().await;
        summary
            .broken
            .extend(broken.into_iter().map(|what| format!("round {round} of seed {}: {what}", self.seed)));
        Ok(())
    }
}
