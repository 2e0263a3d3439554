//! The generated client in the tools of those who write mini-programs: npm, WeChat's own compiler.

use anyhow::Result;

use crate::command::{cargo, program, run};
use crate::requirements;
use crate::steps::{EXAMPLES, node};

/// The todo client as an npm package, made anew.
const PACKAGE: &str = "target/npm/todo-client";
const COMPILER: &str = "xtask/node/compiler";

fn generate_package() -> Result<()> {
    let document = ["--openapi", "examples/todo/openapi.json", "--base-url", "https://api.example.com"];
    let generate = ["run", "--quiet", "--package", "cargo-queqiao", "--", "queqiao", "generate"];
    run(cargo(&[&generate[..], &document[..], &["--npm", PACKAGE]].concat()))
}

/// Step `npm`.
pub(crate) fn npm() -> Result<()> {
    generate_package()?;
    node("npm-form.mjs", &["--package", PACKAGE, "--work", "target/npm/form"])
}

/// Step `compiler`.
pub(crate) fn compiler() -> Result<()> {
    requirements::node_modules_of(COMPILER)?;
    generate_package()?;
    let folders: Vec<String> =
        EXAMPLES.iter().map(|example| format!("examples/{example}/miniprogram")).rev().collect();
    let mut arguments = vec!["--package", PACKAGE];
    arguments.extend(folders.iter().flat_map(|folder| ["--miniprogram", folder.as_str()]));
    compile(&arguments)
}

fn compile(arguments: &[&str]) -> Result<()> {
    let script = format!("{COMPILER}/compile.mjs");
    run(program("node", &[&[script.as_str()], arguments].concat()))
}
