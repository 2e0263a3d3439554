//! Generates a client for each document of a folder, loads it in QuickJS with a mini-program's globals, and calls every
//! operation with made-up values: each must reach `wx.request`, or be refused by the client itself.
//!
//! `cargo run -p queqiao-codegen --example documents -- <folder of documents> <folder for clients>`; `cargo xtask test
//! --only documents` collects the documents first, and type-checks the clients afterwards.

#![forbid(unsafe_code)]

mod values;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use queqiao_codegen::{BaseUrl, Generated, Options, generate, read};
use queqiao_quickjs_host::{Failure, Fault, Host};
use serde_json::Value;

/// Nothing is sent to it: every request fails before.
const SERVER: &str = "https://documents.invalid";
/// So many documents at least, and one of them with so many operations.
const LEAST: (usize, usize) = (10, 500);
/// How often generation is timed; the shortest counts.
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(documents), Some(clients)) = (arguments.next(), arguments.next()) else {
        return Err("give the folder of documents and the folder for clients".into());
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&documents)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    // Clients of documents that are gone would be checked too.
    let _ = std::fs::remove_dir_all(&clients);
    println!("| document | KiB | operations | left out | models | runtime KiB | ms | called |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    let mut all_well = true;
    let (mut clients_made, mut most_operations) = (0, 0);
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(file)?;
        let document: Value = serde_json::from_str(&text)?;
        let options =
            Options { base_url: BaseUrl::One(SERVER.into()), method_override: true, ..Options::default() };
        let client = generate(&document, &options).map_err(|error| format!("{name}: {error}"))?;
        write(&client, &clients.join(&*name).join("api"))?;
        let called = call(&document, &options, &client).await?;
        all_well &= called.problems.is_empty();
        clients_made += 1;
        most_operations = most_operations.max(client.operations);
        let lost = client.left_out.iter().filter(|one| !one.what.contains(": ")).count();
        println!(
            "| {name} | {} | {} | {lost} | {} | {:.1} | {:.1} | {} |",
            text.len() / 1024,
            client.operations,
            client.models,
            kib(&client),
            milliseconds(&document, &options),
            called.told(),
        );
    }
    if clients_made < LEAST.0 || most_operations < LEAST.1 {
        return Err(format!(
            "{clients_made} documents, the largest with {most_operations} operations: there should be {} at least, and one with {}",
            LEAST.0, LEAST.1
        )
        .into());
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn kib(client: &Generated) -> f64 {
    client.files.get("runtime.js").map_or(0.0, |text| text.len() as f64 / 1024.0)
}

fn write(client: &Generated, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in &client.files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn milliseconds(document: &Value, options: &Options) -> f64 {
    let time = |_| {
        let started = Instant::now();
        // It has succeeded before.
        let _ = generate(document, options);
        started.elapsed()
    };
    (0..RUNS).map(time).min().unwrap_or_default().as_secs_f64() * 1000.0
}

/// How the calls went.
struct Called {
    operations: usize,
    requests: usize,
    refused: u64,
    problems: Vec<String>,
}

impl Called {
    fn told(&self) -> String {
        match self.problems.as_slice() {
            [] if self.refused == 0 => "all".to_owned(),
            [] => format!("all; {} refused by the client", self.refused),
            problems => format!("**{} of {}**: {}", self.requests, self.operations, problems.join("; ")),
        }
    }
}

async fn call(document: &Value, options: &Options, client: &Generated) -> Result<Called, Box<dyn Error>> {
    let contract = read(document, options)?;
    let mut script = values::PROLOGUE.to_owned();
    for operation in &contract.operations {
        script.push_str(&values::call(operation, &contract.models));
    }
    script.push_str("return await settle();");
    let unsent = |_: &_| Some(Fault::Unsent(Failure::new("request:fail")));
    let host = Host::new(client.files.clone()).fault(unsent).start()?;
    let result = tokio::time::timeout(Duration::from_secs(60), host.eval_async(&script)).await??;
    let refused = result["refused"].as_u64().unwrap_or_default();
    let problems = result["problems"].as_array().cloned().unwrap_or_default();
    let mut problems: Vec<String> = problems.iter().map(Value::to_string).collect();
    let (operations, requests) = (contract.operations.len(), host.counts().requests);
    if requests as u64 + refused != operations as u64 {
        problems.push(format!("{requests} requests and {refused} refusals for {operations} operations"));
    }
    Ok(Called { operations, requests, refused, problems })
}
