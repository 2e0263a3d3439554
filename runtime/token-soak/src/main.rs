//! The command behind `cargo xtask soak token`.
//!
//! One process stands in WeChat's place and judges; the others are instances of a backend that share a store and
//! ask for the access token of one app. All read one clock, which runs fast.

#![forbid(unsafe_code)]

mod member;
mod place;
mod upstream;

use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use queqiao_storage::Clock;
use serde::Serialize;

use member::{Member, Report};
use place::Place;
use upstream::{Upstream, Window};

/// Access tokens under stress, on a store that processes share.
#[derive(Parser, Debug, Clone)]
#[command(bin_name = "cargo xtask soak token")]
struct Arguments {
    /// The store: redis://… or postgres://…; may be given several times.
    #[arg(long, required = true)]
    store: Vec<String>,
    /// How many processes.
    #[arg(long, default_value_t = 8)]
    processes: usize,
    /// Tasks in each process.
    #[arg(long, default_value_t = 200)]
    tasks: usize,
    /// Hours of the emulated clock.
    #[arg(long, default_value_t = 10)]
    hours: u32,
    /// How many times faster than the real clock the emulated one runs.
    #[arg(long, default_value_t = 60)]
    speed: u32,
    /// Decides which calls for a token fail, and how.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Of a hundred calls for a token so many fail.
    #[arg(long, default_value_t = 60)]
    faults: u64,
    /// Milliseconds between two calls of one task, on average.
    #[arg(long, default_value_t = 15_000)]
    pause: u64,
    /// Writes the summary as JSON into a file.
    #[arg(long)]
    record: Option<PathBuf>,
    /// The commit that is tested, for the summary.
    #[arg(long)]
    commit: Option<String>,
    /// Makes this process a member, with its orders as JSON.
    #[arg(long, hide = true)]
    member: Option<String>,
}

#[derive(Serialize)]
struct Summary {
    seed: u64,
    processes: usize,
    tasks: usize,
    emulated_hours: u32,
    speed: u32,
    faults_in_hundred: u64,
    commit: Option<String>,
    stores: Vec<OnStore>,
}

/// What was seen on one store.
#[derive(Serialize)]
struct OnStore {
    store: &'static str,
    seconds: u64,
    windows: usize,
    /// How often a member fetched a token and stored it.
    refreshes: usize,
    /// For each token: how often an answer with it was sent, and not broken by a fault; more than once where a member
    /// had lost patience.
    given: Vec<u64>,
    /// Calls for a token, those that failed among them.
    token_calls: u64,
    faults: std::collections::BTreeMap<&'static str, u64>,
    /// Calls of the API, each with the token that its process had.
    api_calls: u64,
    stale_tokens: u64,
    failed_of_stale_tokens: u64,
    /// Calls that failed because WeChat gave no token.
    without_a_token: u64,
    failures: Vec<String>,
    fencing: Fencing,
    broken: Vec<String>,
}

/// A process that stopped while it fetched, and woke when others had gone on.
#[derive(Serialize)]
struct Fencing {
    stopped_emulated_seconds: i64,
    late_writes_refused: usize,
    token_before: u64,
    token_after: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match &arguments.member {
                Some(orders) => member::run(&serde_json::from_str::<Member>(orders)?).await.map(|()| true),
                None => run(&arguments).await,
            }
        })
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Tells whether all held.
async fn run(arguments: &Arguments) -> Result<bool> {
    let run_on = async |url: &String| {
        let place = Place::new(url).await?;
        let seen = on_store(arguments, &place).await;
        place.remove().await?;
        seen
    };
    let stores = try_join_all(arguments.store.iter().map(run_on)).await?;
    let good = stores.iter().all(|seen| seen.broken.is_empty());
    let summary = Summary {
        seed: arguments.seed,
        processes: arguments.processes,
        tasks: arguments.tasks,
        emulated_hours: arguments.hours,
        speed: arguments.speed,
        faults_in_hundred: arguments.faults,
        commit: arguments.commit.clone(),
        stores,
    };
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    print!("{text}");
    if let Some(file) = arguments.record.as_ref().filter(|_| good) {
        std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(good)
}

async fn on_store(arguments: &Arguments, place: &Place) -> Result<OnStore> {
    let started = Instant::now();
    let origin = Timestamp::now();
    let clock = Clock::fast(origin, arguments.speed);
    let upstream = Upstream::start(clock, arguments.seed, arguments.faults).await?;
    let end = origin + jiff::SignedDuration::from_hours(arguments.hours.into());
    let orders = |number: usize| Member {
        number,
        upstream: upstream.url(number),
        store: place.url().to_owned(),
        prefix: place.prefix().to_owned(),
        origin,
        speed: arguments.speed,
        tasks: arguments.tasks,
        pause: Duration::from_millis(arguments.pause),
        timeout: upstream::PATIENCE,
        end,
    };
    let members =
        (1..=arguments.processes).map(|number| spawn(&orders(number))).collect::<Result<Vec<_>>>()?;
    let (mut reports, mut refreshes) = (Vec::new(), 0);
    for member in members {
        let (report, told) = finished(member).await?;
        refreshes += told.matches("an access token was fetched").count();
        reports.push(report);
    }
    let mut broken = Vec::new();
    let failed: u64 = reports.iter().map(|report| report.failed).sum();
    let refused: u64 = reports.iter().map(|report| report.refused).sum();
    let Window { given, token_calls, faults, api_calls, stale } = upstream.windows();
    // The answer with the last token may have been lost when the run ended.
    let windows = given.len() - usize::from(given.last() == Some(&0));
    if refreshes != windows {
        broken.push(format!("{refreshes} refreshes in {windows} windows"));
    }
    let least = usize::try_from(arguments.hours * 3600 / 7200)?;
    if windows < least {
        broken.push(format!("{windows} windows in {} hours", arguments.hours));
    }
    if stale > 0 || refused > 0 {
        broken.push(format!("{stale} calls had a stale token, and {refused} failed of it"));
    }
    let fencing = fencing(place, &mut broken).await?;
    Ok(OnStore {
        store: place.kind(),
        seconds: started.elapsed().as_secs(),
        windows,
        refreshes,
        given,
        token_calls,
        faults,
        api_calls,
        stale_tokens: stale,
        failed_of_stale_tokens: refused,
        without_a_token: failed,
        failures: reports.into_iter().flat_map(|report| report.failures).take(5).collect(),
        fencing,
        broken,
    })
}

/// The clock of the fencing: a window is over in seconds.
const FENCING_SPEED: u32 = 1000;

/// Stops a process in the middle of its fetch, for longer than a token lives, and lets it go on.
async fn fencing(place: &Place, broken: &mut Vec<String>) -> Result<Fencing> {
    let origin = Timestamp::now();
    let clock = Clock::fast(origin, FENCING_SPEED);
    let upstream = Arc::new(Upstream::start(clock.clone(), 0, 0).await?);
    let orders = |number: usize, seconds: i64| Member {
        number,
        upstream: upstream.url(number),
        store: place.url().to_owned(),
        prefix: format!("{}fencing:", place.prefix()),
        origin,
        speed: FENCING_SPEED,
        tasks: 1,
        pause: Duration::from_millis(20),
        // What the sleeper waited for is there when it wakes.
        timeout: Duration::from_secs(600),
        end: clock.now() + jiff::SignedDuration::from_secs(seconds),
    };
    upstream.hold();
    let sleeper = spawn(&orders(1, 12_000))?;
    upstream.held().await?;
    let stopped_at = clock.now();
    signal(&sleeper, "STOP")?;
    // The answer now waits at the sleeper's door.
    let before = upstream.let_go();
    let other = spawn(&orders(2, 9_500))?;
    let (awake, _) = finished(other).await?;
    let after = awake.last_token;
    if after <= before {
        broken.push(format!("the others did not go on: token {after} after {before}"));
    }
    let stopped = clock.now().duration_since(stopped_at).as_secs();
    signal(&sleeper, "CONT")?;
    let (woken, told) = finished(sleeper).await?;
    let late = told.matches("came too late").count();
    if late != 1 {
        broken.push(format!("{late} late writes were noticed instead of one; {told}"));
    }
    if woken.first_token < after || !woken.failures.is_empty() {
        broken.push(format!(
            "the sleeper used token {} after {after}; {:?}",
            woken.first_token, woken.failures
        ));
    }
    let stale = upstream.windows().stale;
    if stale > 0 {
        broken.push(format!("{stale} calls had a stale token around the stopped process"));
    }
    Ok(Fencing {
        stopped_emulated_seconds: stopped,
        late_writes_refused: late,
        token_before: before,
        token_after: woken.first_token,
    })
}

fn spawn(orders: &Member) -> Result<Child> {
    let here = std::env::current_exe().context("where this program lies is unknown")?;
    Command::new(here)
        .args(["--store", "-", "--member", &serde_json::to_string(orders)?])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("a process cannot be started")
}

/// What a member reports, and what it logged.
async fn finished(member: Child) -> Result<(Report, String)> {
    let output = tokio::task::spawn_blocking(move || member.wait_with_output()).await??;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("a member failed ({}): {told}", output.status);
    }
    Ok((serde_json::from_slice(&output.stdout).context("a member reports nothing")?, told))
}

fn signal(process: &Child, signal: &str) -> Result<()> {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status().context("kill cannot be started")?;
    if !sent.success() {
        bail!("process {id} cannot be sent SIG{signal}");
    }
    Ok(())
}
