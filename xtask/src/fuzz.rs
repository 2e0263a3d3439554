//! `cargo xtask soak fuzz`: the targets of `runtime/wechat/fuzz`, each for some minutes.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::command::{cargo, output, program, root, run as run_command};
use crate::requirements;
use crate::soak::RECORDS;

const FOLDER: &str = "runtime/wechat/fuzz";

/// Targets that run at a time.
const AT_ONCE: usize = 3;

/// The longest input, in bytes.
const LONGEST: u32 = 4096;

/// Tells whether no target failed.
pub(crate) fn run(minutes: u64, only: &[String], record: bool) -> Result<bool> {
    requirements::cargo_fuzz()?;
    let chosen = |name: &String| only.is_empty() || only.iter().any(|part| name.contains(part));
    let targets: Vec<String> = targets()?.into_iter().filter(chosen).collect();
    if targets.is_empty() {
        bail!("no target of {FOLDER} has a name that contains {}", only.join(" or "));
    }
    let mut build = cargo(&["fuzz", "build", "--fuzz-dir", FOLDER]);
    // The sanitizers are there on a stable compiler too.
    build.env("RUSTC_BOOTSTRAP", "1");
    run_command(build)?;
    let mut seen = BTreeMap::new();
    let mut good = true;
    for some in targets.chunks(AT_ONCE) {
        let running = some.iter().map(|target| start(target, minutes)).collect::<Result<Vec<_>>>()?;
        // All are heard at once: whoever nobody listens to stands still when its pipe is full.
        let heard = running.into_iter().map(|child| std::thread::spawn(|| child.wait_with_output()));
        let heard: Vec<_> = heard.collect();
        for (target, output) in some.iter().zip(heard) {
            let output = output.join().map_err(|_| anyhow!("{target} was not heard to the end"))??;
            let told = String::from_utf8_lossy(&output.stderr);
            if !output.status.success() {
                good = false;
                eprintln!("{target} failed ({}):\n{told}", output.status);
            }
            let result = summary(&told, output.status.success());
            eprintln!("{target}: {result}");
            seen.insert(target.clone(), result);
        }
    }
    let commit = output(program("git", &["rev-parse", "--short", "HEAD"]));
    let summary = json!({"minutesEach": minutes, "longestInput": LONGEST, "commit": commit, "targets": seen});
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    print!("{text}");
    if record && good {
        let file = root().join(RECORDS).join("fuzz.json");
        std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(good)
}

/// By the files, in their order.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(FOLDER).join("fuzz_targets"))? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn start(target: &str, minutes: u64) -> Result<Child> {
    let folder = |kind: &str| format!("{FOLDER}/{kind}/{target}");
    std::fs::create_dir_all(root().join(folder("corpus")))?;
    let (corpus, seeds) = (folder("corpus"), folder("seeds"));
    let mut command = cargo(&["fuzz", "run", "--fuzz-dir", FOLDER, target, &corpus, &seeds, "--"]);
    command.args([
        format!("-max_total_time={}", minutes * 60),
        format!("-max_len={LONGEST}"),
        "-timeout=10".into(),
        "-print_final_stats=1".into(),
    ]);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo cannot be started; is it installed?")
}

/// What libFuzzer says at its end.
fn summary(told: &str, good: bool) -> Value {
    let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    let executions =
        told.lines().rev().find(|line| line.contains("number_of_executed_units")).and_then(number);
    let coverage = told.lines().rev().find_map(|line| number(line.split_once(" cov: ")?.1));
    json!({"executions": executions, "coveredEdges": coverage, "crashes": u8::from(!good)})
}
