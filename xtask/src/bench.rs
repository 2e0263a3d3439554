//! `cargo xtask bench`: what the generated client weighs, how fast it is made, how it fares beside others, and what a
//! request costs the server.

use anyhow::Result;
use clap::Subcommand;

use crate::command::{cargo, program, root, run};
use crate::requirements;
use crate::server_bench;
use crate::steps::node;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Weighs generated clients, minified by terser, and times the generator beside orval.
    ///
    /// Prints each measure with its budget, and fails if one is exceeded. The result is recorded in bench/client.
    Client {
        /// Only the sizes: quick, and nothing is recorded.
        #[arg(long)]
        sizes: bool,
        /// Prints the result as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Puts other request layers of mini-programs to the same tests as the generated client.
    ///
    /// The result is recorded in bench/peers; the book must quote its table.
    Peers {
        /// Prints the outcomes as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Counts the instructions of a request, answered by queqiao and by plain axum, under valgrind's callgrind.
    ///
    /// The result is recorded in bench/server. callgrind's files stay in target/bench/server, for callgrind_annotate.
    Server {
        /// How many requests of each kind are counted.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        requests: u32,
        /// Prints the result as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
}

const PEERS: &str = "bench/peers";
const PEERS_WORK: &str = "target/bench/peers";
const PEERS_CHAPTER: &str = "book/src/comparison.md";

const CLIENT: &str = "bench/client";
const WORK: &str = "target/bench/client";
const DOCUMENTS: &str = "target/documents/in";

/// Runs a benchmark; an exceeded budget is an error.
pub(crate) fn start(bench: &Bench) -> Result<()> {
    std::env::set_current_dir(root())?;
    match bench {
        Bench::Client { sizes: true, json } => client_sizes(*json),
        Bench::Client { sizes: false, json } => client(*json),
        Bench::Peers { json: true } => peers(&["--json", "--record", PEERS]),
        Bench::Peers { json: false } => peers(&["--record", PEERS]),
        Bench::Server { requests, json } => server_bench::start(*requests, *json),
    }
}

fn client_sizes(json: bool) -> Result<()> {
    requirements::node_modules_of(CLIENT)?;
    run(cargo(&["build", "--quiet", "--package", "queqiao-client-bench"]))?;
    measure("target/debug/queqiao-client-bench", &[], json)
}

fn client(json: bool) -> Result<()> {
    requirements::node_modules_of(CLIENT)?;
    requirements::node_modules_of("bench/client/orval")?;
    node("documents.mjs", &["--collect", DOCUMENTS])?;
    run(cargo(&["build", "--quiet", "--release", "--package", "queqiao-client-bench"]))?;
    measure(
        "target/release/queqiao-client-bench",
        &["--documents", DOCUMENTS, "--time", "--record", CLIENT],
        json,
    )
}

fn measure(generator: &str, more: &[&str], json: bool) -> Result<()> {
    let script = format!("{CLIENT}/measure.mjs");
    let base = [script.as_str(), "--generator", generator, "--work", WORK];
    let json: &[&str] = if json { &["--json"] } else { &[] };
    run(program("node", &[&base[..], more, json].concat()))
}

/// Step `sizes` of the tests: within the budget, or no heavier than recorded.
pub(crate) fn sizes() -> Result<()> {
    requirements::node_modules_of(CLIENT)?;
    run(cargo(&["build", "--quiet", "--package", "queqiao-client-bench"]))?;
    let recorded = format!("{CLIENT}/sizes.json");
    measure("target/debug/queqiao-client-bench", &["--recorded", &recorded], false)
}

/// Step `peers` of the tests: what the book says of others, and of the client, is still so.
pub(crate) fn check_peers() -> Result<()> {
    peers(&["--check", PEERS_CHAPTER])
}

fn peers(more: &[&str]) -> Result<()> {
    requirements::node_modules_of(PEERS)?;
    let (document, out) = (format!("{PEERS_WORK}/openapi.json"), format!("{PEERS_WORK}/client"));
    let script = format!("{PEERS}/run.mjs");
    run(program("node", &[&script, "--contract", &document]))?;
    let generate = ["run", "--quiet", "--package", "cargo-queqiao", "--", "queqiao", "generate"];
    let options = ["--openapi", &document, "--out", &out, "--method-override"];
    run(cargo(&[&generate[..], &options].concat()))?;
    run(program("node", &[&[script.as_str(), "--client", &out], more].concat()))
}
