//! The generated client in the tools of those who write mini-programs: npm, WeChat's own compiler,
//! uni-app, Taro.

use anyhow::Result;

use crate::command::{cargo, program, root, run};
use crate::requirements;
use crate::steps::{EXAMPLES, node};

/// Where the todo client is written as an npm package.
const PACKAGE: &str = "target/npm/todo-client";
/// The same with a file for each tag.
const SPLIT: &str = "target/npm/split";
const COMPILER: &str = "xtask/node/compiler";
const UNI_APP: &str = "xtask/node/uni-app";
const TARO: &str = "xtask/node/taro";

fn generate_package(folder: &str, how: &[&str]) -> Result<()> {
    let document = ["--openapi", "examples/todo/openapi.json", "--base-url", "https://api.example.com"];
    let generate = ["run", "--quiet", "--package", "cargo-queqiao", "--", "queqiao", "generate"];
    run(cargo(&[&generate[..], &document[..], &["--npm", folder], how].concat()))
}

/// Step `npm`.
pub(crate) fn npm() -> Result<()> {
    let work = ["--work", "target/npm/form"];
    generate_package(PACKAGE, &[])?;
    node("npm-form.mjs", &[&["--package", PACKAGE], &work[..]].concat())?;
    for how in [&["--split"][..], &["--split", "--minify"]] {
        generate_package(SPLIT, how)?;
        node("npm-form.mjs", &[&["--package", SPLIT, "--split"], &work[..]].concat())?;
    }
    Ok(())
}

/// Step `compiler`.
pub(crate) fn compiler() -> Result<()> {
    requirements::node_modules_of(COMPILER)?;
    generate_package(PACKAGE, &[])?;
    generate_package(SPLIT, &["--split", "--minify"])?;
    let folders: Vec<String> =
        EXAMPLES.iter().map(|example| format!("examples/{example}/miniprogram")).rev().collect();
    let mut arguments = vec!["--mistakes", "--package", PACKAGE, "--split", SPLIT];
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

/// Step `taro`.
pub(crate) fn taro() -> Result<()> {
    requirements::chromium()?;
    requirements::node_modules_of(COMPILER)?;
    requirements::node_modules_of(TARO)?;
    // Where npm would put it.
    generate_package(&format!("{TARO}/node_modules/todo-client"), &[])?;
    let mut build = program("node_modules/.bin/taro", &["build", "--type", "weapp"]);
    build.current_dir(root().join(TARO));
    run(build)?;
    let app = root().join("target/taro");
    let app = app.to_string_lossy();
    compile(&["--miniprogram", &app])?;
    run(cargo(&["build", "--quiet", "--package", "todo"]))?;
    node("e2e.mjs", &["--server", "target/debug/todo", "--miniprogram", &app, "--example", "taro"])
}

fn compile(arguments: &[&str]) -> Result<()> {
    let script = format!("{COMPILER}/compile.mjs");
    run(program("node", &[&[script.as_str()], arguments].concat()))
}
