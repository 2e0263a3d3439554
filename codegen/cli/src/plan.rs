//! What is to be on disk for a contract: pure but for reading queqiao.toml and asking the package.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{LeftOut, Options, generate, npm_package, pretty};
use serde_json::Value;

use crate::arguments::{Source, Target};
use crate::budget::shown as shown_size;
use crate::configuration::{self, Client};
use crate::export::Exporter;
use crate::files::Wanted;
use crate::servers;

/// A contract and the files that follow from it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Package or file that the contract comes from.
    pub(crate) source: String,
    /// The command that writes the files.
    pub(crate) command: String,
    pub(crate) document: Value,
    /// The file of the document, if it is kept.
    pub(crate) openapi: Option<Wanted>,
    pub(crate) client: Vec<Wanted>,
    pub(crate) contract: String,
    pub(crate) notes: Vec<String>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Size of the JavaScript.
    pub(crate) bytes: usize,
    pub(crate) operations: usize,
    /// The folder of the stored contracts.
    pub(crate) contracts: PathBuf,
}

/// Where the contracts of a document are stored that belongs to no package.
pub(crate) fn stored_beside(file: &Path) -> PathBuf {
    file.with_file_name("contracts")
}

pub(crate) fn make(source: &Source, target: &Target) -> miette::Result<Plan> {
    match &source.openapi {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot read {}", file.display()))?;
            let name = file.display().to_string();
            let command = format!("cargo queqiao generate --openapi {name}{}", options(target));
            let plan = follow(name, command, &text, target, Client::default())?;
            Ok(Plan { contracts: stored_beside(file), ..plan })
        }
        None => {
            let package = Exporter::find(source)?;
            let client = configuration::read(&package.folder)?;
            // Before the build, which takes long.
            folders(target, &client)?;
            let text = package.export(source)?;
            let command = format!("cargo queqiao generate -p {}{}", package.name, options(target));
            let plan = follow(package.name, command, &text, target, client)?;
            Ok(Plan { contracts: package.folder.join("contracts"), ..plan })
        }
    }
}

fn options(target: &Target) -> String {
    let mut text = String::new();
    if let Some(out) = &target.out {
        text.push_str(&format!(" --out {}", out.display()));
    }
    if let Some(npm) = &target.npm {
        text.push_str(&format!(" --npm {}", npm.display()));
    }
    if let Some(name) = &target.npm_name {
        text.push_str(&format!(" --npm-name {name}"));
    }
    if let Some(file) = &target.openapi_out {
        text.push_str(&format!(" --openapi-out {}", file.display()));
    }
    for url in &target.base_url {
        text.push_str(&format!(" --base-url {url}"));
    }
    if let Some(container) = &target.container {
        text.push_str(&format!(" --container {container}"));
    }
    if let Some(budget) = &target.budget {
        text.push_str(&format!(" --budget {}", budget.0));
    }
    text.push_str(if target.method_override { " --method-override" } else { "" });
    if !target.without.is_empty() {
        let parts: Vec<_> = target.without.iter().map(|part| part.name()).collect();
        text.push_str(&format!(" --without {}", parts.join(",")));
    }
    text.push_str(if target.strict { " --strict" } else { "" });
    text
}

/// Where the client is to be: as plain files, as an npm package, or both.
fn folders(target: &Target, client: &Client) -> miette::Result<(Option<PathBuf>, Option<PathBuf>)> {
    let out = target.out.clone().or_else(|| client.out.clone());
    let npm = target.npm.clone().or_else(|| client.npm.clone());
    if out.is_none() && npm.is_none() {
        return Err(miette::miette!(
            help = "Add --out miniprogram/api, or in queqiao.toml beside Cargo.toml: [client] out = \"miniprogram/api\"; \
                    --npm and npm = \"…\" make an npm package",
            "it is not said where the client is to be"
        ));
    }
    Ok((out, npm))
}

/// The files that follow from a document.
pub(crate) fn follow(
    source: String,
    command: String,
    text: &str,
    target: &Target,
    client: Client,
) -> miette::Result<Plan> {
    let mut document = parse(text).map_err(|error| {
        miette::miette!(
            help = "Give the document as JSON or YAML",
            "the OpenAPI document of {source} cannot be read: {error}"
        )
    })?;
    let (out, npm) = folders(target, &client)?;
    let base_url = target.base_url()?.or(client.base_url).unwrap_or_default();
    let without = target.without.iter().copied().chain(client.without).collect();
    let container = target.container()?.or(client.container);
    let options = Options { base_url, method_override: target.method_override, container, without };
    let generated = generate(&document, &options)
        .map_err(|error| miette::miette!("the OpenAPI document of {source} gives no client: {error}"))?;
    if target.strict && !generated.left_out.is_empty() {
        let each: Vec<_> = generated.left_out.iter().map(|one| format!("\n  {}", sentence(one))).collect();
        return Err(miette::miette!(
            help = "Follow the remedies above, or leave out --strict",
            "a client cannot have all of the OpenAPI document of {source}:{}",
            each.concat()
        ));
    }
    let bytes: usize =
        generated.files.iter().filter(|(name, _)| name.ends_with(".js")).map(|(_, text)| text.len()).sum();
    if let Some(budget) = target.budget.or(client.budget).filter(|budget| bytes > budget.0) {
        return Err(miette::miette!(
            help = "Leave parts out with --without, generate with --minify, split the client with --split, or raise the budget",
            "the client of {source} has {} of JavaScript, more than its budget of {budget}",
            shown_size(bytes)
        ));
    }
    let openapi = target.openapi_out.clone().or(client.openapi);
    // Another program's document stays as it is, comments of its YAML included.
    let text = match document.get("x-queqiao").is_some() {
        true => {
            servers::add(&mut document, Some(&options.base_url));
            pretty(&document)
        }
        false => format!("{}\n", text.trim_end()),
    };
    let mut files = Vec::new();
    if let Some(folder) = npm {
        let name = target.npm_name.as_deref().or(client.npm_name.as_deref());
        let package = npm_package(&generated, name).map_err(|error| miette::miette!("{error}"))?;
        files.extend(package.into_iter().map(|(name, text)| Wanted::new(folder.join(name), text)));
    }
    if let Some(folder) = out {
        files.extend(generated.files.into_iter().map(|(name, text)| Wanted::new(folder.join(name), text)));
    }
    Ok(Plan {
        source,
        command,
        document,
        openapi: openapi.map(|path| Wanted::new(path, text)),
        client: files,
        contract: generated.contract,
        notes: generated.notes,
        left_out: generated.left_out,
        bytes,
        operations: generated.operations,
        contracts: PathBuf::from("contracts"),
    })
}

/// A document in JSON or YAML; some programs put a byte order mark before it.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    // JSON has the better error messages, and is YAML too.
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string()),
        // YAML 1.2, as OpenAPI says: `y` and `no` are no booleans.
        false => serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
            .map_err(|error| error.to_string()),
    }
}

/// What is left out, why, and the way out.
pub(crate) fn sentence(one: &LeftOut) -> String {
    format!("{} at {}: {}. {}", one.what, one.pointer, one.reason, one.remedy)
}

/// A path as one would type it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
