//! `cargo xtask bench server`: what one request costs, in instructions, by queqiao and by axum.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::command::{cargo, output, program, run};
use crate::requirements;

const PROGRAM: &str = "target/release/queqiao-server-bench";
const WORK: &str = "target/bench/server";
const RECORDED: &str = "bench/server";
/// The ways in which the API is written.
const SIDES: [&str; 3] = ["axum", "queqiao", "layers"];

/// Instructions of one request, by its case and by its side, in the order of the table.
type Costs = Vec<(String, BTreeMap<&'static str, u64>)>;

/// Counts, prints and records.
pub(crate) fn start(requests: u32, as_json: bool) -> Result<()> {
    requirements::valgrind()?;
    run(cargo(&["build", "--quiet", "--release", "--package", "queqiao-server-bench"]))?;
    std::fs::create_dir_all(WORK)?;
    let mut costs = Costs::new();
    for side in SIDES {
        for (case, cost) in count(side, requests)? {
            match costs.iter_mut().find(|(known, _)| *known == case) {
                Some((_, sides)) => drop(sides.insert(side, cost)),
                None => costs.push((case, BTreeMap::from([(side, cost)]))),
            }
        }
    }
    let result = result(&costs, requests);
    std::fs::write(format!("{RECORDED}/hotpath.json"), format!("{result:#}\n"))?;
    let table = table(&costs, requests);
    std::fs::write(format!("{RECORDED}/hotpath.md"), format!("# What a request costs\n\n{table}"))?;
    if as_json {
        println!("{result:#}")
    } else {
        print!("{table}")
    }
    Ok(())
}

/// The cases of one side with the instructions of one request of each.
fn count(side: &'static str, requests: u32) -> Result<Vec<(String, u64)>> {
    // One file for each time that the function is left.
    for old in std::fs::read_dir(WORK)?.filter_map(Result::ok) {
        if old.file_name().to_string_lossy().starts_with(&format!("{side}.")) {
            std::fs::remove_file(old.path())?;
        }
    }
    let file = format!("--callgrind-out-file={WORK}/{side}");
    let measured = "queqiao_server_bench::measured";
    let (toggle, dump) = (format!("--toggle-collect={measured}"), format!("--dump-after={measured}"));
    let requests_text = requests.to_string();
    let arguments = ["--tool=callgrind", "--collect-atstart=no", &toggle, &dump, &file];
    let told = output(program("valgrind", &[&arguments[..], &[PROGRAM, side, &requests_text]].concat()));
    let told = told.with_context(|| {
        format!("the requests of `{side}` did not all succeed; `{PROGRAM} {side} {requests}` says why")
    })?;
    let counted = told.lines().enumerate().map(|(index, case)| {
        let instructions = instructions(&format!("{WORK}/{side}.{}", index + 1))?;
        Ok((case.to_owned(), instructions / u64::from(requests)))
    });
    counted.collect()
}

/// What a file of callgrind's says in all.
fn instructions(file: &str) -> Result<u64> {
    let text = std::fs::read_to_string(Path::new(file)).with_context(|| file.to_owned())?;
    let total = text.lines().find_map(|line| line.strip_prefix("summary: ")?.trim().parse().ok());
    match total {
        None | Some(0) => bail!("{file}: callgrind has counted nothing; is `measured` still a function?"),
        Some(total) => Ok(total),
    }
}

fn result(costs: &Costs, requests: u32) -> Value {
    let cases: Vec<Value> =
        costs.iter().map(|(case, sides)| json!({ "case": case, "instructions": sides })).collect();
    json!({ "requests": requests, "cases": cases })
}

fn table(costs: &Costs, requests: u32) -> String {
    let mut text = format!(
        "Instructions of one request in process, the mean of {requests}, as callgrind counts them (`cargo xtask bench server`): \
         axum with its extractors; the same handlers with queqiao, mounted by `Api::into_router`; and axum with tower-http's \
         layers for ids, log lines, time, size and panics. queqiao also checks constraints, limits the body, and answers \
         failures as problem documents in the caller's language, where axum answers a line of text or nothing. Both check the \
         token with the same code, and nobody listens to the log. What `serve` adds is not in it.\n\n\
         | | axum | queqiao | ratio | axum with layers |\n\
         | --- | ---: | ---: | ---: | ---: |\n"
    );
    for (case, sides) in costs {
        let [axum, queqiao, layers] = SIDES.map(|side| sides.get(side).copied().unwrap_or_default());
        let ratio = queqiao as f64 / axum as f64;
        let _ = writeln!(text, "| {case} | {axum} | {queqiao} | {ratio:.2} | {layers} |");
    }
    text
}
