//! Generates the clients that a plan lists and times each; `cargo xtask bench client` calls it.
//!
//! `queqiao-client-bench <plan.json>`: the plan is a list of [`Wish`]es; the answer on standard output a list of [`Made`].

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use queqiao_codegen::{Container, Options, Part, generate, read};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// That of `cargo queqiao`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A client that is to be made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wish {
    name: String,
    document: PathBuf,
    /// Where its files go.
    out: PathBuf,
    /// The parts of the runtime that it does without.
    #[serde(default)]
    without: BTreeSet<Part>,
    /// Calls a container in place of a base URL.
    #[serde(default)]
    container: bool,
    /// How often generation is timed.
    runs: usize,
}

/// What has been made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    name: String,
    operations: usize,
    /// Bytes of the operations' names and paths, which no client can do without.
    names_and_paths: usize,
    /// Processor time of the median run in milliseconds: from the document as a value to the text of all files.
    milliseconds: Option<f64>,
}

fn main() -> Result<()> {
    let plan = std::env::args_os().nth(1).context("give the file of the plan")?;
    let wishes: Vec<Wish> = serde_json::from_slice(&std::fs::read(plan)?)?;
    let made: Vec<Made> = wishes.into_iter().map(make).collect::<Result<_>>()?;
    println!("{}", serde_json::to_string(&made)?);
    Ok(())
}

fn make(wish: Wish) -> Result<Made> {
    let name = wish.name;
    let text = std::fs::read(&wish.document).with_context(|| name.clone())?;
    let document: Value = serde_json::from_slice(&text).with_context(|| name.clone())?;
    let container = wish.container.then(|| Container { env: "prod-1".into(), service: "notes".into() });
    let options = Options { method_override: true, without: wish.without, container, ..Options::default() };
    let client = generate(&document, &options).with_context(|| name.clone())?;
    std::fs::create_dir_all(&wish.out)?;
    for (file, text) in &client.files {
        std::fs::write(wish.out.join(file), text)?;
    }
    let contract = read(&document, &options).with_context(|| name.clone())?;
    let names_and_paths =
        contract.operations.iter().map(|operation| operation.name.len() + operation.path.len()).sum();
    let mut times = Vec::new();
    for _ in 0..wish.runs {
        let clock = Clock::start();
        generate(&document, &options)?;
        times.push(clock.milliseconds());
    }
    times.sort_by(f64::total_cmp);
    let milliseconds = times.get(times.len() / 2).copied();
    Ok(Made { name, operations: client.operations, names_and_paths, milliseconds })
}

/// Time that this program has had a processor; what other programs take of the machine does not count. Where the system
/// does not tell (only Linux does, in `schedstat`), it is time on the clock.
struct Clock {
    started: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { started: Instant::now(), processor: processor_time() }
    }

    fn milliseconds(&self) -> f64 {
        let processor = processor_time().zip(self.processor).map(|(now, before)| now.saturating_sub(before));
        processor.unwrap_or_else(|| self.started.elapsed()).as_secs_f64() * 1000.0
    }
}

fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
