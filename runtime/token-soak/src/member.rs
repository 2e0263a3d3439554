//! One instance of a backend: tasks that call an API, each with the token of its process.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use queqiao_storage::{Cipher, Clock, Database, PoolOptions, RedisOptions, RedisStore, SqlStore};
use queqiao_wechat::{App, Class, Settings, TokenStore, WeChat};
use serde::{Deserialize, Serialize};

use crate::upstream::Answer;

/// A member's orders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) number: usize,
    pub(crate) upstream: String,
    pub(crate) store: String,
    pub(crate) prefix: String,
    pub(crate) origin: Timestamp,
    pub(crate) speed: u32,
    pub(crate) tasks: usize,
    pub(crate) pause: Duration,
    pub(crate) timeout: Duration,
    /// When to stop, by the fast clock.
    pub(crate) end: Timestamp,
}

/// What a member saw.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Calls that failed because the token was refused.
    pub(crate) refused: u64,
    /// All others that failed.
    pub(crate) failed: u64,
    /// The first few.
    pub(crate) failures: Vec<String>,
    /// The number of the token of the first call, and of the last.
    pub(crate) first_token: u64,
    pub(crate) last_token: u64,
}

/// Every member has it.
const KEY: [u8; 32] = [5; 32];

async fn store(orders: &Member) -> Result<TokenStore> {
    let cipher = Cipher::new([(1, KEY)])?;
    Ok(if orders.store.starts_with("redis") {
        let options = RedisOptions::default();
        TokenStore::shared(
            Arc::new(RedisStore::connect(&orders.store, &orders.prefix, &options).await?),
            cipher,
        )
    } else {
        let options = PoolOptions { max_connections: 4, ..PoolOptions::default() };
        let database = Database::open(&orders.store, &options).await?;
        TokenStore::shared(Arc::new(SqlStore::new(database, cipher.clone()).await?), cipher)
    })
}

/// Works until the end, and reports on standard output.
pub(crate) async fn run(orders: &Member) -> Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let clock = Clock::fast(orders.origin, orders.speed);
    let wechat = WeChat::new(Settings {
        base_url: orders.upstream.clone(),
        timeout: orders.timeout,
        retries: 0,
        token_store: store(orders).await?,
        // Three seconds of real time, longer than a fetch.
        token_lease: Duration::from_secs(3) * orders.speed,
        clock: clock.clone(),
        ..Settings::default()
    })?;
    // Those of the fencing have an app of their own on a store without prefixes.
    let app = App::new(if orders.prefix.ends_with("fencing:") { "wxfencing" } else { "wxsoak" }, "secret");
    let tasks: Vec<_> = (0..orders.tasks)
        .map(|task| {
            let (wechat, app, clock, orders) = (wechat.clone(), app.clone(), clock.clone(), orders.clone());
            tokio::spawn(async move { work(task, &wechat, &app, &clock, &orders).await })
        })
        .collect();
    let mut report = Report::default();
    for task in tasks {
        let of_task = task.await?;
        report.failed += of_task.failed;
        report.refused += of_task.refused;
        report.failures.extend(of_task.failures);
        report.failures.truncate(5);
        report.last_token = report.last_token.max(of_task.last_token);
        if report.first_token == 0 || of_task.first_token < report.first_token {
            report.first_token = of_task.first_token;
        }
    }
    std::io::stdout().write_all(&serde_json::to_vec(&report)?)?;
    Ok(())
}

async fn work(task: usize, wechat: &WeChat, app: &App, clock: &Clock, orders: &Member) -> Report {
    let mut report = Report::default();
    // All at once at first, then spread out.
    let mut pause = orders.pause.mul_f64((task % 20 + 1) as f64 / 20.0);
    while clock.now() < orders.end {
        match wechat.post::<Answer>(app, "/wxa/soak", &()).await {
            Ok(answer) => {
                report.last_token = answer.token;
                if report.first_token == 0 {
                    report.first_token = answer.token;
                }
            }
            Err(error) => {
                match error.class() {
                    Some(Class::Token) => report.refused += 1,
                    _ => report.failed += 1,
                }
                report.failures.push(format!("member {}: {error}", orders.number));
                report.failures.truncate(3);
            }
        }
        tokio::time::sleep(pause).await;
        pause = orders.pause;
    }
    report
}
