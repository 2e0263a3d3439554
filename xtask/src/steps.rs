//! The steps of `cargo xtask test`, cheapest first.

use anyhow::{Context, Result, bail};

use crate::command::{cargo, program, root, run};
use crate::{bench, host_tools, object_store, requirements, soak, storage};

/// One thing that must hold.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) proves: &'static str,
    pub(crate) run: fn() -> Result<()>,
}

pub(crate) const EXAMPLES: [&str; 3] = ["hello", "todo", "album"];

/// All of them.
pub(crate) fn all() -> Vec<Step> {
    vec![
        Step { name: "format", proves: "rustfmt would change nothing", run: format },
        Step {
            name: "licences",
            proves: "licences, sources and the one crypto provider are as deny.toml says",
            run: licences,
        },
        Step { name: "clippy", proves: "no warning in any crate, with all features", run: clippy },
        Step {
            name: "features",
            proves: "the runtime compiles without its default features, and with each engine alone",
            run: features,
        },
        Step { name: "rust", proves: "unit, integration, compile-fail and client tests", run: rust },
        Step {
            name: "storage",
            proves: "the stores keep their promises on SQLite, PostgreSQL, MariaDB, Redis and S3; planted mistakes are caught; servers outlive the killing of an engine, and requests that of a server",
            run: storage::storage,
        },
        Step {
            name: "uploads",
            proves: "files go into a real bucket of the S3 API, and one of 200 MiB needs no 20 MiB of memory",
            run: object_store::uploads,
        },
        Step {
            name: "kill",
            proves: "no acknowledged write is lost when the server or its database is killed; migrations go on (a few rounds of `soak kill`)",
            run: kill,
        },
        Step {
            name: "users",
            proves: "users move from SQLite to PostgreSQL to MariaDB and back, killed and resumed at each step (some of `soak users`)",
            run: users,
        },
        Step {
            name: "token",
            proves: "processes that share a Redis or a PostgreSQL fetch one access token a window, and none uses a stale one (some of `soak token`)",
            run: token,
        },
        Step {
            name: "rustdoc",
            proves: "the documentation builds and its links lead somewhere",
            run: rustdoc,
        },
        Step {
            name: "contracts",
            proves: "the checked-in clients and documents are what the code generates",
            run: contracts,
        },
        Step { name: "release", proves: "a release build refuses to start without keys", run: release },
        Step {
            name: "determinism",
            proves: "document, client and exports are the same bytes, whatever features other crates turn on",
            run: determinism,
        },
        Step {
            name: "openapi",
            proves: "the documents are valid by OpenAPI's meta-schema; Redocly and Spectral find nothing in them",
            run: openapi,
        },
        Step {
            name: "typecheck",
            proves: "pages and client types fit; planted mistakes are refused",
            run: typecheck,
        },
        Step { name: "es5", proves: "the clients run on every phone", run: es5 },
        Step {
            name: "documents",
            proves: "clients of public documents are typed, run on every phone, and every operation can be called",
            run: documents,
        },
        Step {
            name: "schemathesis",
            proves: "random calls find no difference between the running todo server and its document; planted lies are found",
            run: schemathesis,
        },
        Step {
            name: "sizes",
            proves: "generated clients are within their budget of bytes, or no heavier than recorded in bench/client",
            run: bench::sizes,
        },
        Step {
            name: "peers",
            proves: "what the book says of other request layers, and of the client, is what happens",
            run: bench::check_peers,
        },
        Step {
            name: "newman",
            proves: "as a Postman collection, converted or exported, every operation answers as documented; planted lies are found",
            run: newman,
        },
        Step {
            name: "npm",
            proves: "pages use the client's npm package by its name, and its tags by theirs if it is split, typed, with require and import",
            run: host_tools::npm,
        },
        Step { name: "templates", proves: "WeChat's compilers accept every page", run: templates },
        Step {
            name: "compiler",
            proves: "WeChat's own compiler builds the mini-programs and takes the client's npm package, whole and split",
            run: host_tools::compiler,
        },
        Step {
            name: "uni-app",
            proves: "the same page code works inside a uni-app: in Chromium against the real server, and built for WeChat",
            run: host_tools::uni_app,
        },
        Step {
            name: "taro",
            proves: "a Taro app whose client has Taro as its host, built for WeChat, goes to WeChat's compiler and works in Chromium against the real server",
            run: host_tools::taro,
        },
        Step {
            name: "browser",
            proves: "the mini-programs work in Chromium against the real servers",
            run: browser,
        },
        Step {
            name: "prism",
            proves: "what the todo client and its server say to each other in their tests is in the document; planted lies are found",
            run: prism,
        },
    ]
}

fn format() -> Result<()> {
    run(cargo(&["fmt", "--all", "--check"]))
}

fn licences() -> Result<()> {
    requirements::cargo_deny()?;
    run(cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"]))
}

fn clippy() -> Result<()> {
    let engines = "queqiao/postgres,queqiao/mysql,queqiao/redis";
    let features = ["--features", engines, "--", "-D", "warnings"];
    run(cargo(&[&["clippy", "--workspace", "--all-targets", "--quiet"][..], &features[..]].concat()))
}

fn features() -> Result<()> {
    for features in ["", "server", "postgres", "mysql", "redis"] {
        let mut command = cargo(&[
            "check",
            "--package",
            "queqiao",
            "--no-default-features",
            "--quiet",
            "--features",
            features,
        ]);
        command.env("RUSTFLAGS", "");
        run(command)?;
    }
    Ok(())
}

fn rust() -> Result<()> {
    run(cargo(&["test", "--workspace", "--no-fail-fast"]))
}

fn kill() -> Result<()> {
    let soak = ["--package", "queqiao-soak", "--features", "engines", "--all-targets", "--quiet"];
    run(cargo(&[&["clippy"], &soak[..], &["--", "-D", "warnings"]].concat()))?;
    run(soak::storage_soak(&["kill", "--rounds", "20"])?)
}

fn users() -> Result<()> {
    run(soak::storage_soak(&["users", "--users", "20000"])?)
}

fn token() -> Result<()> {
    run(soak::token(&soak::Tokens { seed: 1, processes: 3, tasks: 20, hours: 3, speed: 120 })?)
}

fn rustdoc() -> Result<()> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--quiet", "--exclude", "xtask"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run(command)
}

fn contracts() -> Result<()> {
    for example in EXAMPLES {
        run(cargo(&[
            "run",
            "--quiet",
            "--package",
            "cargo-queqiao",
            "--",
            "queqiao",
            "check",
            "--package",
            example,
        ]))?;
    }
    Ok(())
}

/// Whether a build is for production is decided in `queqiao` alone, by its debug assertions: switching off those
/// of this one crate shows the refusal without compiling every dependency again.
fn release() -> Result<()> {
    let without = "profile.dev.package.queqiao.debug-assertions=false";
    run(cargo(&["build", "--quiet", "--package", "hello", "--config", without]))?;
    let mut command = program(&root().join("target/debug/hello").to_string_lossy(), &[]);
    let output = command.env_clear().output().context("hello cannot be started")?;
    let told = String::from_utf8_lossy(&output.stderr);
    for remedy in ["QUEQIAO__AUTH__SECRET", "QUEQIAO__WECHAT__APPID"] {
        if output.status.success() || !told.contains(remedy) {
            bail!("a release build without keys must refuse to start and name {remedy}; it said: {told}");
        }
    }
    Ok(())
}

/// Runs a script of `xtask/node`.
pub(crate) fn node(script: &str, arguments: &[&str]) -> Result<()> {
    requirements::node_modules()?;
    let script = format!("xtask/node/{script}");
    let mut all = vec![script.as_str()];
    all.extend(arguments);
    run(program("node", &all))
}

/// The contract of all types of the conformance crate, made into everything that is made of a contract.
const CONTRACT: &str = "target/contract";

fn contract(folder: &str, features: &[&str]) -> Result<()> {
    let example = ["run", "--quiet", "--package", "queqiao-conformance", "--example", "contract"];
    run(cargo(&[&example, features, &["--", folder]].concat()))
}

/// In what order `serde_json` keeps the keys of an object is for any crate of a build to say.
fn determinism() -> Result<()> {
    let ordered = "target/contract-preserve-order";
    contract(CONTRACT, &[])?;
    contract(ordered, &["--features", "preserve-order"])?;
    for entry in std::fs::read_dir(root().join(CONTRACT))? {
        let name = entry?.file_name();
        let read = |folder: &str| {
            let path = root().join(folder).join(&name);
            std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
        };
        if read(CONTRACT)? != read(ordered)? {
            bail!("{} is not the same in {CONTRACT} and in {ordered}", name.to_string_lossy());
        }
    }
    Ok(())
}

fn openapi() -> Result<()> {
    contract(CONTRACT, &[])?;
    let arguments = EXAMPLES.map(|example| format!("examples/{example}/openapi.json"));
    let arguments: Vec<&str> =
        arguments.iter().flat_map(|document| ["--document", document.as_str()]).collect();
    node("openapi-lint.mjs", &[&arguments[..], &["--valid", "target/contract/openapi.json"]].concat())
}

fn typecheck() -> Result<()> {
    node(
        "typecheck.mjs",
        &[
            "--miniprogram",
            "examples/todo/miniprogram",
            "--miniprogram",
            "examples/hello/miniprogram",
            "--miniprogram",
            "examples/album/miniprogram",
            "--mistakes",
            "xtask/node/mistakes/todo-types",
        ],
    )
}

fn es5() -> Result<()> {
    node(
        "es5.mjs",
        &[
            "--client",
            "examples/todo/miniprogram/api",
            "--client",
            "examples/hello/miniprogram/api",
            "--client",
            "examples/album/miniprogram/api",
        ],
    )
}

/// The public OpenAPI documents, each in a file of this folder.
pub(crate) fn collect_documents() -> Result<&'static str> {
    let documents = "target/documents/in";
    node("documents.mjs", &["--collect", documents])?;
    Ok(documents)
}

fn documents() -> Result<()> {
    let (documents, clients) = (collect_documents()?, "target/documents/clients");
    let example = [
        "run",
        "--quiet",
        "--package",
        "queqiao-codegen",
        "--example",
        "documents",
        "--",
        documents,
        clients,
    ];
    run(cargo(&example))?;
    node("documents.mjs", &["--typecheck", clients])?;
    let folders: Vec<_> = std::fs::read_dir(root().join(clients))?
        .map(|entry| entry.map(|entry| entry.path().join("api").to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    let arguments: Vec<&str> = folders.iter().flat_map(|folder| ["--client", folder.as_str()]).collect();
    node("es5.mjs", &arguments)
}

/// Builds the two examples, and the server whose document lies.
fn servers() -> Result<()> {
    run(cargo(&["build", "--quiet", "--package", "todo", "--package", "hello"]))?;
    run(cargo(&["build", "--quiet", "--package", "queqiao", "--example", "liar"]))
}

const LIAR: [&str; 6] =
    ["--liar", "target/debug/examples/liar", "--lie", "POST /seats", "--lie", "GET /best-seat"];

fn schemathesis() -> Result<()> {
    requirements::python_modules()?;
    servers()?;
    let todo = ["--python", requirements::PYTHON, "--server", "target/debug/todo", "--role", "admin"];
    node("schemathesis.mjs", &[&todo[..], &LIAR[..]].concat())
}

fn newman() -> Result<()> {
    servers()?;
    run(cargo(&["build", "--quiet", "--package", "cargo-queqiao"]))?;
    let both = ["--server", "target/debug/todo", "--server", "target/debug/hello", "--role", "admin"];
    let export = ["--export", "target/debug/cargo-queqiao queqiao export"];
    node("newman.mjs", &[&both[..], &export[..], &LIAR[..]].concat())
}

fn templates() -> Result<()> {
    node(
        "templates.mjs",
        &[
            "--miniprogram",
            "examples/todo/miniprogram",
            "--miniprogram",
            "examples/hello/miniprogram",
            "--miniprogram",
            "examples/album/miniprogram",
        ],
    )
}

fn browser() -> Result<()> {
    requirements::chromium()?;
    run(cargo(&["build", "--quiet", "--package", "todo", "--package", "hello", "--package", "album"]))?;
    for example in EXAMPLES {
        let miniprogram = format!("examples/{example}/miniprogram");
        let server = root().join("target/debug").join(example);
        node(
            "e2e.mjs",
            &[
                "--server",
                &server.to_string_lossy(),
                "--miniprogram",
                &miniprogram,
                "--example",
                example,
                "--screenshots",
                "target/screenshots",
            ],
        )?;
    }
    Ok(())
}

fn prism() -> Result<()> {
    requirements::chromium()?;
    servers()?;
    // Compiled before it is timed.
    run(cargo(&["test", "--quiet", "--package", "todo", "--test", "client", "--no-run"]))?;
    let todo = [
        "--document",
        "examples/todo/openapi.json",
        "--run",
        "cargo test --quiet --package todo --test client",
        "--run",
        "node xtask/node/e2e.mjs --example todo --server target/debug/todo --miniprogram examples/todo/miniprogram",
        "--wrong",
        "POST /todos: body.title maxLength",
    ];
    node("prism.mjs", &[&todo[..], &LIAR[..]].concat())
}
