//! What is to be on disk for a contract: pure but for reading queqiao.toml and asking the package.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{LeftOut, Options, Split, generate, npm_package, pretty};
use serde_json::Value;

use crate::arguments::{Source, Target};
use crate::budget::shown as shown_size;
use crate::configuration::{self, Client, Subpackage};
use crate::export::Exporter;
use crate::files::Wanted;
use crate::minify::minify;
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
            let package = Exporter::find(&source.program)?;
            let client = configuration::read(&package.folder)?;
            // Before the build, which takes long.
            folders(target, &client)?;
            let text = package.export(&source.program)?;
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
    text.push_str(if target.split { " --split" } else { "" });
    text.push_str(if target.minify { " --minify" } else { "" });
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
    let split = target.split || client.split || !client.subpackages.is_empty();
    let method_override = target.method_override;
    let mut options =
        Options { base_url, method_override, container, without, split: split.then(Split::default) };
    let mut generated = generate(&document, &options)
        .map_err(|error| miette::miette!("the OpenAPI document of {source} gives no client: {error}"))?;
    if target.strict && !generated.left_out.is_empty() {
        let each: Vec<_> = generated.left_out.iter().map(|one| format!("\n  {}", sentence(one))).collect();
        return Err(miette::miette!(
            help = "Follow the remedies above, or leave out --strict",
            "a client cannot have all of the OpenAPI document of {source}:{}",
            each.concat()
        ));
    }
    let minify = target.minify || client.minify;
    let mut parts = Vec::new();
    // What sub-packages carry, the main package does not; an npm package is for any mini-program, and has all.
    let mut carried = BTreeSet::new();
    for one in &client.subpackages {
        let main = out.as_deref().ok_or_else(|| {
            miette::miette!(
                help = "Add out = \"miniprogram/api\" to [client], or remove the subpackages: the npm package has the files of all \
                        tags, and a sub-package takes its own by their names, such as require('shop-client/orders')",
                "the sub-package {} is to share the client of a folder, and none is given",
                one.out.display()
            )
        })?;
        parts.extend(subpackage(one, main, &document, &mut options, &mut carried)?);
    }
    let in_main = |name: &str| !carried.contains(name);
    if minify {
        for (name, text) in &mut generated.files {
            minified(name, text)?;
        }
        for file in &mut parts {
            minified(&file.path.display().to_string(), &mut file.text)?;
        }
    }
    let scripts = generated.files.iter().filter(|(name, _)| name.ends_with(".js") && in_main(name));
    let bytes: usize = scripts.map(|(_, text)| text.len()).sum();
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
        let main = generated.files.into_iter().filter(|(name, _)| in_main(name));
        files.extend(main.map(|(name, text)| Wanted::new(folder.join(name), text)));
    }
    files.extend(parts);
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

/// The files of one sub-package; `carried` gets their names.
fn subpackage(
    one: &Subpackage,
    main: &Path,
    document: &Value,
    options: &mut Options,
    carried: &mut BTreeSet<String>,
) -> miette::Result<Vec<Wanted>> {
    let up = relative(&one.out, main).ok_or_else(|| {
        miette::miette!(
            help = "Let both be below the folder of queqiao.toml",
            "the sub-package folder {} and the client folder {} have no common folder",
            one.out.display(),
            main.display()
        )
    })?;
    let client = if one.independent { "./client".to_owned() } else { format!("{up}/client") };
    options.split = Some(Split { client, types: format!("{up}/index") });
    let files = generate(document, options).map_err(|error| miette::miette!("{error}"))?.files;
    let mut wanted = Vec::new();
    for tag in &one.tags {
        for ending in ["js", "d.ts"] {
            let name = format!("{tag}.{ending}");
            let text = files.get(&name).ok_or_else(|| {
                let known: Vec<_> = files.keys().filter_map(|name| name.strip_suffix(".d.ts")).collect();
                miette::miette!(
                    help = format!("The files are: {}", known.join(", ")),
                    "no operation of the document has a tag for the file {tag}.js, which the sub-package {} is to have",
                    one.out.display()
                )
            })?;
            wanted.push(Wanted::new(one.out.join(&name), text.clone()));
            carried.insert(name);
        }
    }
    if one.independent {
        for name in ["client.js", "runtime.js"] {
            wanted.extend(files.get(name).map(|text| Wanted::new(one.out.join(name), text.clone())));
        }
    }
    Ok(wanted)
}

/// The way from a folder to another, as `require` takes it.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return None;
    }
    let mut steps = vec!["..".to_owned(); from.len() - common];
    steps.extend(to.iter().skip(common).map(|step| step.as_os_str().to_string_lossy().into_owned()));
    if steps.first().is_none_or(|step| step != "..") {
        steps.insert(0, ".".to_owned());
    }
    Some(steps.join("/"))
}

fn minified(name: &str, text: &mut String) -> miette::Result<()> {
    if name.ends_with(".js") {
        *text = minify(text).map_err(|error| miette::miette!("{name} could not be minified: {error}"))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{ "openapi": "3.1.0", "info": { "title": "shop", "version": "1" }, "paths": {
        "/a": { "get": { "operationId": "a", "responses": {} } },
        "/orders": { "get": { "operationId": "orders", "tags": ["Orders"], "responses": {} } },
        "/carts": { "get": { "operationId": "carts", "tags": ["carts"], "responses": {} } } } }"#;

    fn files(client: Client, target: &Target) -> miette::Result<Vec<String>> {
        let plan = follow("shop".into(), "generate".into(), DOCUMENT, target, client)?;
        Ok(plan.client.iter().map(|file| file.path.display().to_string()).collect())
    }

    fn client(tags: &[&str], independent: bool) -> Client {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let one = Subpackage { out: "/m/shop/api".into(), tags, independent };
        Client { out: Some("/m/api".into()), subpackages: vec![one], ..Client::default() }
    }

    #[test]
    fn a_sub_package_carries_its_own_part() {
        let paths = files(client(&["orders"], false), &Target::default()).expect("a plan");
        let main = ["carts.d.ts", "carts.js", "client.js", "index.d.ts", "index.js", "runtime.js"];
        let mut expected: Vec<String> = main.iter().map(|name| format!("/m/api/{name}")).collect();
        expected.extend(["/m/shop/api/orders.js".into(), "/m/shop/api/orders.d.ts".into()]);
        assert_eq!(paths, expected);
        let plan = follow(
            "shop".into(),
            "generate".into(),
            DOCUMENT,
            &Target::default(),
            client(&["orders"], false),
        );
        let plan = plan.expect("a plan");
        let text = |name: &str| {
            plan.client.iter().find(|file| file.path.ends_with(name)).map(|file| file.text.as_str())
        };
        assert!(text("orders.js").is_some_and(|text| text.contains("require('../../api/client')")));
        assert!(text("orders.d.ts").is_some_and(|text| text.contains("from '../../api/index'")));
        let paths = files(client(&["orders"], true), &Target::default()).expect("a plan");
        assert!(
            paths.contains(&"/m/shop/api/runtime.js".to_owned())
                && paths.contains(&"/m/shop/api/client.js".to_owned())
        );
        let error = files(client(&["order"], false), &Target::default()).expect_err("refused");
        assert!(
            error.help().is_some_and(|help| help.to_string().contains("carts, index, orders")),
            "{error:?}"
        );
    }

    #[test]
    fn an_npm_package_has_what_sub_packages_carry() {
        let npm = Some(PathBuf::from("/m/package"));
        let target = Target { npm: npm.clone(), ..Target::default() };
        let paths = files(client(&["orders"], false), &target).expect("a plan");
        let orders: Vec<&str> =
            paths.iter().map(String::as_str).filter(|path| path.ends_with("orders.js")).collect();
        assert_eq!(orders, ["/m/package/miniprogram_dist/orders.js", "/m/shop/api/orders.js"]);
        let error = files(Client { out: None, ..client(&["orders"], false) }, &target).expect_err("refused");
        assert!(error.to_string().contains("/m/shop/api"), "{error}");
        assert!(error.help().is_some_and(|help| help.to_string().contains("Add out = ")), "{error:?}");
    }

    #[test]
    fn a_client_keeps_its_budget() {
        let out = Some(PathBuf::from("/m/api"));
        let budget = |text: &str| Target { out: out.clone(), budget: text.parse().ok(), ..Target::default() };
        let error = files(Client::default(), &budget("2KB")).expect_err("refused").to_string();
        assert!(error.contains("more than its budget of 2.0 KB"), "{error}");
        files(Client::default(), &budget("100KB")).expect("a plan");
        // Minified it is half as large.
        let all = follow("shop".into(), String::new(), DOCUMENT, &budget("100KB"), Client::default())
            .expect("a plan");
        let small = Target { minify: true, ..budget("100KB") };
        let small =
            follow("shop".into(), String::new(), DOCUMENT, &small, Client::default()).expect("a plan");
        assert!(small.bytes * 2 < all.bytes, "{} {}", small.bytes, all.bytes);
    }
}
