//! The generated client in the tools of those who write mini-programs: npm, WeChat's own compiler,
//! uni-app.

use anyhow::Result;

use crate::command::{cargo, program, root, run};
use crate::requirements;
use crate::steps::{EXAMPLES, node};

/// The todo client as an npm package, made anew.
const PACKAGE: &str = "target/npm/todo-client";
const COMPILER: &str = "xtask/node/compiler";
const UNI_APP: &str = "xtask/node/uni-app";

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
    let mut arguments = vec!["--mistakes", "--package", PACKAGE];
    arguments.extend(folders.iter().flat_map(|folder| ["--miniprogram", folder.as_str()]));
    compile(&arguments)
}

/// Step `uni-app`.
pub(crate) fn uni_app() -> Result<()> {
    requirements::chromium()?;
    requirements::node_modules_of(COMPILER)?;
    requirements::node_modules_of(UNI_APP)?;
    let [browser, wechat] =
        ["h5", "mp-weixin"].map(|target| (target, root().join("target/uni-app").join(target)));
    for (target, out) in [&browser, &wechat] {
        let mut build = program("node_modules/.bin/uni", &["build", "--platform", target]);
        build.current_dir(root().join(UNI_APP)).env("UNI_OUTPUT_DIR", out);
        run(build)?;
    }
    compile(&["--miniprogram", &wechat.1.to_string_lossy()])?;
    run(cargo(&["build", "--quiet", "--package", "todo"]))?;
    let app = browser.1.to_string_lossy();
    node("uni-app/h5.mjs", &["--server", "target/debug/todo", "--app", &app])
}

fn compile(arguments: &[&str]) -> Result<()> {
    let script = format!("{COMPILER}/compile.mjs");
    run(program("node", &[&[script.as_str()], arguments].concat()))
}
