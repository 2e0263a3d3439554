//! `cargo queqiao generate`.

use std::io::Write;

use console::style;
use miette::IntoDiagnostic as _;
use serde_json::json;

use crate::files::refuse_foreign;
use crate::plan::{Plan, sentence, shown};

pub(crate) fn run(plan: &Plan, force: bool, as_json: bool, out: &mut dyn Write) -> miette::Result<()> {
    if !force {
        refuse_foreign(&plan.client)?;
    }
    let mut files = Vec::new();
    for file in plan.openapi.iter().chain(&plan.client) {
        files.push((file, file.write()?));
    }
    if as_json {
        let files: Vec<_> = files
            .iter()
            .map(|(file, written)| json!({"path": file.path, "written": written, "bytes": file.text.len()}))
            .collect();
        let result = json!({"contract": plan.contract, "files": files, "notes": plan.notes,
            "left_out": plan.left_out, "bytes": plan.bytes, "operations": plan.operations});
        return writeln!(out, "{result:#}").into_diagnostic();
    }
    let written = files.iter().filter(|(_, written)| *written).count();
    for (file, written) in &files {
        let mark = if *written { style("written  ").green() } else { style("unchanged").dim() };
        writeln!(out, "  {mark}  {}", shown(&file.path)).into_diagnostic()?;
    }
    for note in &plan.notes {
        writeln!(out, "  {} {note}", style("note:").yellow()).into_diagnostic()?;
    }
    for one in &plan.left_out {
        writeln!(out, "  {} {}", style("left out:").yellow(), sentence(one)).into_diagnostic()?;
    }
    let verb = if written == 0 { "is up to date" } else { "has been generated" };
    writeln!(
        out,
        "The client of {} {verb} (contract {}; {} operations, {} of JavaScript).",
        plan.source,
        plan.contract,
        plan.operations,
        crate::budget::shown(plan.bytes)
    )
    .into_diagnostic()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Target;
    use crate::configuration::Client;
    use crate::plan;

    // With the mark that some programs put before their JSON.
    const FOREIGN: &str = "\u{feff}{
        \"openapi\": \"3.0.0\", \"info\": { \"title\": \"pets\", \"version\": \"1\" },
        \"paths\": { \"/pets\": { \"get\": { \"responses\": {} }, \"patch\": { \"responses\": {} } } }
    }";

    fn plan(target: Target) -> miette::Result<Plan> {
        plan::follow("pets.json".into(), "cargo queqiao generate".into(), FOREIGN, &target, Client::default())
    }

    #[test]
    fn documents_in_yaml() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = Target { out: Some(folder.path().join("api")), ..Target::default() };
        let follow = |text: &str| {
            plan::follow("a.yaml".into(), "cargo queqiao generate".into(), text, &target, Client::default())
        };
        let text = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n        \
                    200: {description: '', content: {application/json: {schema: {enum: [y, no]}}}}\n";
        let plan = follow(text).expect("a plan");
        assert!(plan.client.iter().any(|file| file.text.contains("Call<'y' | 'no'>")), "{:?}", plan.client);
        let error = follow("openapi: [").expect_err("refused").to_string();
        assert!(error.contains("a.yaml cannot be read"), "{error}");
    }

    #[test]
    fn an_npm_package() {
        let folder = tempfile::tempdir().expect("a folder");
        let npm = folder.path().join("package");
        let target = |name: Option<&str>| Target {
            npm: Some(npm.clone()),
            npm_name: name.map(str::to_owned),
            ..Target::default()
        };
        let write = |name| run(&plan(target(name)).expect("a plan"), false, false, &mut Vec::new());
        write(None).expect("written, with no other folder given");
        let read = |file: &str| std::fs::read_to_string(npm.join(file)).expect("readable");
        let manifest: serde_json::Value = serde_json::from_str(&read("package.json")).expect("JSON");
        assert_eq!(manifest["name"], "pets-client");
        for member in ["main", "types"] {
            assert!(npm.join(manifest[member].as_str().expect("a file")).is_file(), "{member}");
        }
        let dist = manifest["miniprogram"].as_str().expect("a folder");
        assert!(read(&format!("{dist}/index.js")).contains("require('./runtime')"));
        assert!(npm.join(dist).join("runtime.js").is_file());

        write(Some("@shop/pets")).expect("its own file is written over");
        assert!(read("package.json").contains("\"@shop/pets\""));
        let error = plan(target(Some("Pets"))).expect_err("refused").to_string();
        assert!(error.contains("\"Pets\" is no name"), "{error}");
        std::fs::write(npm.join("package.json"), "{ \"name\": \"mine\" }").expect("written");
        let error = write(None).expect_err("refused").to_string();
        assert!(error.contains("was not made by cargo queqiao"), "{error}");
    }

    #[test]
    fn what_is_left_out_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = |strict, method_override| Target {
            out: Some(folder.path().join("api")),
            strict,
            method_override,
            ..Target::default()
        };
        let told = |as_json| {
            let mut out = Vec::new();
            run(&plan(target(false, false)).expect("a plan"), false, as_json, &mut out).expect("written");
            console::strip_ansi_codes(&String::from_utf8(out).expect("UTF-8")).into_owned()
        };
        let text = told(false);
        assert!(text.contains("left out: PATCH /pets at /paths/~1pets/patch: wx.request"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&told(true)).expect("JSON");
        assert_eq!(json["left_out"][0]["pointer"], "/paths/~1pets/patch");

        let error = plan(target(true, false)).expect_err("refused").to_string();
        assert!(error.contains("PATCH /pets") && error.contains("--method-override"), "{error}");
        assert_eq!(plan(target(true, true)).expect("a plan").left_out, []);
    }

    #[test]
    fn the_kept_document_of_a_queqiao_server_names_the_configured_servers() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = Target { out: Some(folder.path().join("api")), ..Target::default() };
        let kept = |document: &str, base_url| {
            let client = Client {
                openapi: Some("openapi.json".into()),
                base_url: Some(base_url),
                ..Client::default()
            };
            let plan = plan::follow("a".into(), "c".into(), document, &target, client).expect("a plan");
            (plan.openapi.map(|file| file.text).unwrap_or_default(), plan.notes)
        };
        let one = || queqiao_codegen::BaseUrl::One("https://api.shop.example".into());
        let own = "{\"openapi\": \"3.1.0\", \"info\": {\"title\": \"a\"}, \"servers\": [{\"url\": \"/\"}], \
                   \"tags\": [{\"name\": \"goods\"}], \"x-queqiao\": {}}";
        let (text, notes) = kept(own, one());
        assert!(text.contains("\"url\": \"https://api.shop.example\"") && !text.contains("\"/\""), "{text}");
        // Tags without words are told.
        assert!(notes.iter().any(|note| note.contains("goods") && note.contains("Api::tag")), "{notes:?}");
        let foreign = own.replace("x-queqiao", "x-other");
        let (text, notes) = kept(&foreign, one());
        assert_eq!((text, notes.len()), (format!("{foreign}\n"), 0));
    }
}
