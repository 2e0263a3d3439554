//! An OpenAPI document as a [`Contract`].

mod answer;
mod body;
mod circles;
mod direct;
mod discriminator;
mod failures;
mod findings;
mod multipart;
pub(crate) mod node;
mod operation;
mod parameter;
mod schema;
mod security;
pub(crate) mod server;
mod sides;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Options;
use crate::contract::{Access, Contract, Method, Operation, Subscribe};
use crate::contract_id::contract_id;
use crate::error::{GenerateError, describe};
use crate::names::{Name, operation_name};
pub(crate) use answer::content;
pub(crate) use body::rank;
use findings::Findings;
pub(crate) use node::{Node, child, percent_decode};
use operation::OperationReader;
use schema::Schemas;

/// Reads a document.
///
/// # Errors
/// If it is no OpenAPI 3 document or is broken. If a queqiao server wrote it (it has `x-queqiao`) also if it describes
/// what a mini-program cannot do; of another document such an operation is left out
/// ([`Contract::left_out`]).
pub fn read(document: &Value, options: &Options) -> Result<Contract, GenerateError> {
    let version = document.get("openapi");
    if !version.and_then(Value::as_str).is_some_and(|version| version.starts_with("3.")) {
        let found = match document.get("swagger").and_then(Value::as_str) {
            Some(version) => format!("\"swagger\": \"{version}\""),
            None => describe(version),
        };
        return Err(GenerateError::NotOpenApi { found });
    }
    let root = Node::root(document);
    let info = root.get("info").ok_or_else(|| GenerateError::Malformed {
        pointer: "/info".into(),
        expected: "an object".into(),
        found: "nothing".into(),
    })?;
    let id = match document.pointer("/x-queqiao/contract").and_then(Value::as_str) {
        Some(id) if id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => id.to_owned(),
        _ => contract_id(document),
    };

    let findings = Findings::new(document.get("x-queqiao").is_some());
    let schemas = Schemas::new(document, findings)?;
    let mut reader = OperationReader::new(document, options, schemas)?;
    let mut operations = operations(&mut reader, &root)?;
    reader.security.check_login(&operations)?;
    share_login_failures(&mut operations);
    operations.sort_by(|a, b| a.name.cmp(&b.name));
    let models = reader.schemas.models()?;

    if let Some(prefix) = root
        .list("servers")?
        .iter()
        .filter_map(|server| server.text("url"))
        .find(|url| url.starts_with('/') && url.len() > 1)
    {
        reader.schemas.findings.note(format!("/servers: the base URL must end with {prefix}"));
    }
    if reader.schemas.findings.own {
        let without: Vec<&str> = root
            .list("tags")?
            .iter()
            .filter(|tag| tag.get("description").is_none())
            .filter_map(|tag| tag.text("name"))
            .collect();
        if !without.is_empty() {
            let names = without.join(", ");
            reader.schemas.findings.note(format!(
                "/tags: no words say what these tags are for: {names}; `Api::tag(\"{}\", \"…\")` does",
                without.first().copied().unwrap_or_default()
            ));
        }
    }
    let subscribe = subscribe(&root, &operations)?;
    let logs_in = operations.iter().any(|operation| operation.access != Access::Everybody);
    let renewal_header = logs_in.then(|| reader.security.renewal_header());
    let dates = reader.schemas.dates;
    let own = reader.schemas.findings.own;
    let (notes, left_out) = reader.schemas.findings.into_parts();
    Ok(Contract {
        name: info.required_text("title")?.to_owned(),
        version: info.text("version").unwrap_or_default().to_owned(),
        id,
        server: server::of(&root)?,
        own,
        renewal_header,
        subscribe,
        dates,
        models,
        operations,
        notes,
        left_out,
    })
}

/// `x-queqiao-subscribe`: `{"report": "…", "templates": {"commented": "…"}}`.
fn subscribe(root: &Node<'_>, operations: &[Operation]) -> Result<Option<Subscribe>, GenerateError> {
    let Some(facts) = root.object("x-queqiao-subscribe")? else { return Ok(None) };
    let report = facts.required_text("report")?;
    let operation = operations.iter().find(|operation| operation.name == report);
    let operation = operation.filter(|one| one.method == Method::Put && one.path.contains("{report}"));
    let operation = operation.ok_or_else(|| GenerateError::Malformed {
        pointer: format!("{}/report", facts.pointer()),
        expected: "the operationId of a PUT whose path has the parameter `report`".into(),
        found: format!("\"{report}\""),
    })?;
    let mut templates = BTreeMap::new();
    if let Some(all) = facts.object("templates")? {
        for (name, summary) in all.children()? {
            templates.insert(name.to_owned(), summary.value.as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(Some(Subscribe { path: operation.path.clone(), templates }))
}

fn operations<'a>(
    reader: &mut OperationReader<'a>,
    root: &Node<'a>,
) -> Result<Vec<Operation>, GenerateError> {
    let mut read = Vec::new();
    let mut holders = BTreeMap::new();
    let Some(paths) = root.object("paths")? else { return Ok(read) };
    for (path, item) in paths.children()? {
        if path.starts_with("x-") {
            continue;
        }
        let item = item.resolve(root.value)?;
        for (method, node) in item.children()? {
            let Some(mut operation) = reader.read(path, &item, method, &node)? else { continue };
            if let Some(other) = holders.get(&operation.name).cloned() {
                let findings = &mut reader.schemas.findings;
                operation.name = rename(&operation, &node, &other, &holders, findings)?;
            }
            holders.insert(operation.name.clone(), node);
            read.push(operation);
        }
    }
    Ok(read)
}

/// A free name for an operation whose own is taken: its method and path, if need be with a number.
fn rename(
    operation: &Operation,
    node: &Node<'_>,
    other: &Node<'_>,
    holders: &BTreeMap<String, Node<'_>>,
    findings: &mut Findings,
) -> Result<String, GenerateError> {
    let (name, pointer) = (operation.name.clone(), node.pointer().into_owned());
    let other = other.pointer().into_owned();
    if findings.own {
        return Err(GenerateError::Duplicate { pointer, what: "the operation's name", name, other });
    }
    let made = operation_name(None, operation.method.as_str(), &operation.path).text;
    let (mut free, mut number) = (made.clone(), 2);
    while holders.contains_key(&free) {
        free = format!("{made}{number}");
        number += 1;
    }
    findings.note(format!(
        "{pointer}: the operation's name \"{name}\" is already taken by {other}; the operation is {free} in the client"
    ));
    Ok(free)
}

/// A call that logs in first can fail as the login does.
fn share_login_failures(operations: &mut [Operation]) {
    let login = operations.iter().find(|operation| operation.access == Access::Login);
    let (codes, details) = login.map(|o| (o.codes.clone(), o.details.clone())).unwrap_or_default();
    for operation in operations {
        if matches!(operation.access, Access::User | Access::Logout) {
            for code in &codes {
                if !operation.codes.contains(code) {
                    operation.codes.insert(code.clone());
                }
            }
            for (code, carried) in &details {
                operation.details.entry(code.clone()).or_insert_with(|| carried.clone());
            }
        }
    }
}

/// A media type without its parameters, in lower case.
pub(crate) fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

fn impossible(node: &Node<'_>, what: impl Into<String>, remedy: &str) -> GenerateError {
    GenerateError::Impossible {
        pointer: node.pointer().into_owned(),
        what: what.into(),
        remedy: remedy.into(),
    }
}

/// The client's name of a thing. Who writes a queqiao document can rename it, and document and client then speak of one
/// thing by one name; for any other document the client's own name is noted.
fn settle(
    findings: &mut Findings,
    node: &Node<'_>,
    what: &str,
    given: &str,
    name: Name,
) -> Result<String, GenerateError> {
    let Some(conflict) = name.conflict else { return Ok(name.text) };
    if findings.own {
        let remedy = match what {
            "the operation" => {
                "Give it another with `operation_id = \"…\"` in its attribute, or rename the handler"
            }
            _ => "Give it another with `#[model(name = \"…\")]`, or rename the type",
        };
        return Err(GenerateError::Impossible {
            pointer: node.pointer().into_owned(),
            what: format!("the name \"{given}\" {conflict}"),
            remedy: remedy.to_owned(),
        });
    }
    if name.text != given {
        findings.note_at(
            format!("{} (\"{given}\" is {})", node.pointer(), name.text),
            format!("{what} has another name in the client, because the document's {conflict}"),
        );
    }
    Ok(name.text)
}
