//! `cargo queqiao export`: the contract for other programs.

use std::io::Write;

use console::style;
use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{BaseUrl, PostmanOptions, contract_id, postman, pretty, yaml};
use serde_json::{Value, json};

use crate::arguments::{Export, Format, Version, base_url};
use crate::configuration::{self, Client};
use crate::export::Exporter;
use crate::files::Wanted;
use crate::plan::{parse, shown};
use crate::servers;

pub(crate) fn run(command: &Export, out: &mut dyn Write) -> miette::Result<()> {
    if command.environment.is_some() && command.format != Format::Postman {
        return Err(miette::miette!(
            help = "Leave --environment out, or add --format postman",
            "only a Postman collection has an environment"
        ));
    }
    let (text, client) = match &command.source.openapi {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot read {}", file.display()))?;
            (text, Client::default())
        }
        None => {
            let package = Exporter::find(&command.source.program)?;
            let client = configuration::read(&package.folder)?;
            (package.export(&command.source.program)?, client)
        }
    };
    let document = parse(&text).map_err(|error| {
        miette::miette!(
            help = "Give the document as JSON or YAML",
            "the OpenAPI document cannot be read: {error}"
        )
    })?;
    let given = base_url(&command.base_url)?.or(client.base_url);
    let written = write(command, document, given.as_ref())?;
    show(command, &written, out)
}

/// The texts of an export.
struct Written {
    contract: String,
    text: String,
    environment: Option<String>,
}

fn write(command: &Export, mut document: Value, base_url: Option<&BaseUrl>) -> miette::Result<Written> {
    let contract = match document.pointer("/x-queqiao/contract").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => contract_id(&document),
    };
    let (text, environment) = match command.format {
        Format::OpenapiJson => {
            servers::add(&mut document, base_url);
            (pretty(&document), None)
        }
        Format::OpenapiYaml => {
            servers::add(&mut document, base_url);
            (yaml(&document), None)
        }
        Format::Postman => {
            let (version, label) = match command.server {
                Version::Develop => ("develop", "develop 开发版"),
                Version::Trial => ("trial", "trial 体验版"),
                Version::Release => ("release", "release 正式版"),
            };
            let options = PostmanOptions {
                base_url: base_url.and_then(|all| servers::of_version(all, version)).map(str::to_owned),
                emulator: command.emulator.clone(),
                environment: base_url.is_some().then(|| label.to_owned()),
            };
            let made = postman(&document, &options).map_err(|error| {
                miette::miette!("the OpenAPI document gives no Postman collection: {error}")
            })?;
            (made.collection, Some(made.environment))
        }
    };
    Ok(Written { contract, text, environment })
}

fn show(command: &Export, written: &Written, out: &mut dyn Write) -> miette::Result<()> {
    let environment = command.environment.as_ref().zip(written.environment.as_ref());
    let wanted = command.out.as_ref().map(|path| (path, &written.text)).into_iter().chain(environment);
    let mut files = Vec::new();
    for (path, text) in wanted {
        let file = Wanted::new(path, text.as_str());
        let fresh = file.write()?;
        files.push((file, fresh));
    }
    if command.json {
        let list: Vec<_> = files
            .iter()
            .map(|(file, fresh)| json!({"path": file.path, "written": fresh, "bytes": file.text.len()}))
            .collect();
        let text = command.out.is_none().then_some(&written.text);
        let result = json!({"contract": written.contract, "files": list, "text": text});
        return writeln!(out, "{result:#}").into_diagnostic();
    }
    if command.out.is_none() {
        return out.write_all(written.text.as_bytes()).into_diagnostic();
    }
    for (file, fresh) in &files {
        let mark = if *fresh { style("written  ").green() } else { style("unchanged").dim() };
        writeln!(out, "  {mark}  {}", shown(&file.path)).into_diagnostic()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser as _;

    const TODO: &str = include_str!("../../generator/tests/data/todo.json");

    fn command(words: &[&str]) -> Export {
        let all = ["cargo-queqiao", "export"].iter().chain(words);
        match Arguments::try_parse_from(all).expect("valid").command {
            Command::Export(export) => export,
            other => panic!("{other:?}"),
        }
    }

    fn servers_of(text: &str) -> Value {
        let document: Value = serde_json::from_str(text).expect("JSON");
        document["servers"].clone()
    }

    #[test]
    fn the_servers_are_those_of_the_configuration() {
        let mut document: Value = serde_json::from_str(TODO).expect("JSON");
        let all = BaseUrl::ByVersion {
            develop: Some("http://127.0.0.1:8080".into()),
            trial: None,
            release: Some("https://api.example.com".into()),
        };
        let export = command(&["--format", "openapi-json"]);
        let foreign = write(&export, document.clone(), Some(&all)).expect("written");
        // What another program says of its servers stays.
        assert_eq!(servers_of(&foreign.text), json!([{ "url": "/" }]));
        document["x-queqiao"] = json!({ "contract": "0123456789abcdef" });
        let own = write(&export, document.clone(), Some(&all)).expect("written");
        assert_eq!(own.contract, "0123456789abcdef");
        let expected = json!([
            { "url": "http://127.0.0.1:8080", "description": "For developers (开发版)." },
            { "url": "https://api.example.com", "description": "For everybody (正式版)." },
        ]);
        assert_eq!(servers_of(&own.text), expected);
        let yaml =
            write(&command(&["--format", "openapi-yaml"]), document.clone(), Some(&all)).expect("written");
        assert_eq!(parse(&yaml.text).expect("YAML")["servers"], expected);

        let postman = |server: &str| {
            let export = command(&["--format", "postman", "--server", server, "--emulator", "http://e"]);
            write(&export, document.clone(), Some(&all)).expect("written").environment.unwrap_or_default()
        };
        assert!(postman("develop").contains("127.0.0.1:8080") && postman("develop").contains("http://e"));
        assert!(postman("trial").contains("https://api.example.com"), "{}", postman("trial"));
    }

    #[test]
    fn files_and_json_tell_what_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let document = folder.path().join("todo.json");
        std::fs::write(&document, TODO).expect("written");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let told = |words: &[&str]| {
            let mut out = Vec::new();
            let openapi = path("todo.json");
            let all: Vec<&str> = ["--openapi", &openapi].into_iter().chain(words.iter().copied()).collect();
            run(&command(&all), &mut out)
                .map(|()| console::strip_ansi_codes(&String::from_utf8_lossy(&out)).into_owned())
        };
        let (collection, environment) = (path("c.json"), path("e.json"));
        let words = ["--format", "postman", "--out", &collection, "--environment", &environment];
        let first = told(&words).expect("written");
        assert_eq!(first.matches("written").count(), 2, "{first}");
        let again: Value =
            serde_json::from_str(&told(&[&words[..], &["--json"]].concat()).expect("JSON")).expect("JSON");
        assert_eq!(again["files"][1]["written"], false);
        // On stdout stands the document and nothing else.
        let text = told(&["--format", "openapi-json"]).expect("a document");
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), serde_json::from_str(TODO).ok());
        let error = told(&["--format", "openapi-yaml", "--environment", &environment]).expect_err("refused");
        assert!(error.to_string().contains("only a Postman collection"), "{error}");
    }
}
