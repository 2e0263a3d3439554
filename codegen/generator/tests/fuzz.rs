//! Mutated documents give an error with a remedy, or a client and a Postman collection that are right: no panic, no hang, no invalid JavaScript.
//!
//! A few cases in every test run; for longer, `cargo xtask soak generator`, which sets the variables below. What is right
//! is judged by oxc_parser, by the syntax of ECMAScript 5, and by QuickJS, which must be able to load it.

mod checks;
mod mutation;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use queqiao_codegen::{Generated, Options, PostmanOptions, generate, postman};
use queqiao_quickjs_host::{Files, parts};
use serde_json::{Value, json};

use mutation::{Dice, mutate, part};

/// How long one case may take: a case takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
const CASES: u64 = 250;
const MUTATIONS: u64 = 4;

struct Outcome {
    seed: u64,
    clients: bool,
    took: Duration,
    mistakes: Vec<String>,
}

fn documents() -> Vec<Value> {
    let parsed = |text: &str| serde_json::from_str(text).expect("JSON");
    let own =
        [include_str!("data/todo.json"), include_str!("data/shapes.json"), include_str!("data/foreign.json")];
    let mut documents: Vec<Value> = own.map(parsed).into();
    let Some(folder) = std::env::var_os("QUEQIAO_FUZZ_DOCUMENTS") else { return documents };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the documents")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    documents.extend(files.into_iter().map(|file| parsed(&std::fs::read_to_string(file).expect("readable"))));
    documents
}

/// What is wrong with a client.
fn mistakes(client: &Generated) -> Vec<String> {
    let mut found: Vec<String> =
        client.files.iter().flat_map(|(name, text)| checks::mistakes(name, text)).collect();
    match parts::exports(&Files::from(client.files.clone())) {
        Ok(functions) if functions < client.operations => {
            found.push(format!("{functions} functions for {} operations", client.operations));
        }
        Ok(_) => {}
        Err(error) => found.push(error.to_string()),
    }
    found
}

fn case(documents: &[Value], seed: u64) -> Outcome {
    let mut dice = Dice::new(seed);
    let document = dice.of(documents).cloned().unwrap_or_default();
    let mut document = part(&document, &mut dice);
    for _ in 0..=dice.below(MUTATIONS) {
        mutate(&mut document, &mut dice);
    }
    let started = Instant::now();
    let options = Options { method_override: dice.below(2) == 0, ..Options::default() };
    let result = generate(&document, &options);
    let collection = postman(&document, &PostmanOptions::default());
    let took = started.elapsed();
    let clients = result.is_ok();
    let mut mistakes: Vec<String> = match result {
        Ok(client) => mistakes(&client),
        Err(error) if error.remedy().is_empty() => vec![format!("no remedy: {error}")],
        Err(_) => Vec::new(),
    };
    match collection {
        Ok(made) if serde_json::from_str::<Value>(&made.collection).is_err() => {
            mistakes.push("the Postman collection is no JSON".into());
        }
        Err(error) if error.remedy().is_empty() => mistakes.push(format!("no remedy: {error}")),
        _ => {}
    }
    Outcome { seed, clients, took, mistakes }
}

#[test]
fn mutated_documents_never_break_the_generator() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("QUEQIAO_FUZZ_SEED").unwrap_or(1);
    let minutes = number("QUEQIAO_FUZZ_MINUTES");
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let documents = documents();
    let kinds = documents.len();
    let (sender, outcomes) = mpsc::sync_channel(0);
    std::thread::spawn(move || {
        for index in 0_u64.. {
            let over = until.map_or(index >= CASES, |until| Instant::now() >= until);
            if over || sender.send(case(&documents, first.wrapping_add(index))).is_err() {
                return;
            }
        }
    });
    let (mut cases, mut clients, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    loop {
        match outcomes.recv_timeout(PATIENCE) {
            Ok(outcome) => {
                assert_eq!(outcome.mistakes, Vec::<String>::new(), "seed {}", outcome.seed);
                cases += 1;
                clients += u64::from(outcome.clients);
                slowest = slowest.max(outcome.took);
            }
            Err(RecvTimeoutError::Timeout) => panic!("seed {} hangs", first.wrapping_add(cases)),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let complete = until.map_or(cases == CASES, |until| Instant::now() >= until);
    assert!(complete, "seed {} panics", first.wrapping_add(cases));
    let errors = cases - clients;
    println!("{cases} cases, {clients} clients, {errors} errors, slowest {} ms", slowest.as_millis());
    if let Some(file) = std::env::var_os("QUEQIAO_FUZZ_RECORD") {
        let record = json!({
            "seed": first,
            "minutes": minutes,
            "documents": kinds,
            "cases": cases,
            "clients": clients,
            "errors": errors,
            "slowestMilliseconds": slowest.as_millis() as u64,
        });
        std::fs::write(&file, format!("{record:#}\n")).expect("a file that can be written");
    }
    // Too many errors, and nothing is tested but the refusals.
    assert!(clients * 5 > cases, "only {clients} of {cases} documents gave a client");
}
