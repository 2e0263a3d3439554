//! An OpenAPI document as a [`Contract`].

pub(crate) mod failures;
mod node;
mod operation;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::{Access, Contract};
use crate::contract_id::contract_id;
use crate::error::{GenerateError, describe};
use crate::names::Name;
use node::Node;
use operation::OperationReader;
use schema::Schemas;

/// Reads a document.
///
/// # Errors
/// If it is no OpenAPI 3 document, is broken, or describes what a mini-program cannot do.
pub fn read(document: &Value) -> Result<Contract, GenerateError> {
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

    let mut schemas = Schemas::new(document)?;
    let models = schemas.models()?;
    let mut operations = OperationReader::new(document, schemas)?;
    let mut read = Vec::new();
    let mut holders = BTreeMap::new();
    if let Some(paths) = root.object("paths")? {
        for (path, item) in paths.children()? {
            if path.starts_with("x-") {
                continue;
            }
            let item = item.resolve(document)?;
            for (method, node) in item.children()? {
                if let Some(operation) = operations.read(path, &item, method, &node)? {
                    if let Some(other) = holders.insert(operation.name.clone(), node.pointer.clone()) {
                        let what = "the operation's name";
                        let name = operation.name;
                        return Err(GenerateError::Duplicate { pointer: node.pointer, what, name, other });
                    }
                    read.push(operation);
                }
            }
        }
    }
    operations.check_login(&read)?;
    let login = read.iter().find(|operation| operation.access == Access::Login);
    let (codes, details) = login.map(|o| (o.codes.clone(), o.details.clone())).unwrap_or_default();
    for operation in &mut read {
        // A call that logs in first can fail as the login does.
        if matches!(operation.access, Access::User | Access::Logout) {
            operation.codes.extend(codes.iter().cloned());
            for (code, carried) in &details {
                operation.details.entry(code.clone()).or_insert_with(|| carried.clone());
            }
        }
    }
    read.sort_by(|a, b| a.name.cmp(&b.name));

    let mut notes: Vec<String> = operations.schemas.notes.iter().cloned().collect();
    let servers = root.list("servers")?;
    let urls = servers.iter().filter_map(|server| server.text("url"));
    let server = urls.clone().find(|url| url.starts_with("http://") || url.starts_with("https://"));
    if let Some(prefix) = urls.clone().find(|url| url.starts_with('/') && url.len() > 1) {
        notes.push(format!("/servers: the base URL must end with {prefix}"));
    }
    let logs_in = read.iter().any(|operation| operation.access != Access::Everybody);
    Ok(Contract {
        name: info.required_text("title")?.to_owned(),
        version: info.text("version").unwrap_or_default().to_owned(),
        id,
        server: server.filter(|url| !url.contains('{')).map(str::to_owned),
        renewal_header: logs_in.then(|| operations.renewal_header()),
        models,
        operations: read,
        notes,
    })
}

/// The client's name of a thing. Who writes a queqiao document can rename it, and document and client then speak of one
/// thing by one name; for any other document the client's own name is noted.
fn settle(
    root: &Value,
    node: &Node<'_>,
    what: &str,
    given: &str,
    name: Name,
    notes: &mut BTreeSet<String>,
) -> Result<String, GenerateError> {
    let Some(conflict) = name.conflict else { return Ok(name.text) };
    if root.get("x-queqiao").is_some() {
        let remedy = match what {
            "the operation" => {
                "Give it another with `operation_id = \"…\"` in its attribute, or rename the handler"
            }
            _ => "Give it another with `#[model(name = \"…\")]`, or rename the type",
        };
        return Err(GenerateError::Impossible {
            pointer: node.pointer.clone(),
            what: format!("the name \"{given}\" {conflict}"),
            remedy: remedy.to_owned(),
        });
    }
    if name.text != given {
        notes.insert(format!(
            "{}: the name \"{given}\" {conflict}; {what} is {} in the client",
            node.pointer, name.text
        ));
    }
    Ok(name.text)
}
