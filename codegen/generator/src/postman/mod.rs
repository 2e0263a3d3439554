//! A document as a Postman collection (v2.1), and an environment for it.
//!
//! The collection is made to be run as it is, in Postman or by newman: it logs in first, makes things before it reads
//! them, hands their ids on, and checks of every answer that the contract has its status and its shape. It holds no
//! made-up ids: the same document gives the same bytes.

mod access;
mod answers;
mod draft07;
mod flow;
mod operation;
mod request;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::access::Access;
use self::request::Writer;
use crate::error::{GenerateError, describe};
use crate::json;
use crate::read::node::Node;
use crate::read::server;
use crate::sample::{Side, sample};

/// The format, as Postman names it.
const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
/// Where a server of queqiao listens unless told otherwise.
const DEVELOPMENT: &str = "http://127.0.0.1:8080";
/// Variables that the collection itself uses.
const OWN: [&str; 7] = ["baseUrl", "token", "code", "emulator", "username", "password", "apiKey"];
/// The header in which a server of queqiao renews a token, if the document names none.
const RENEWAL: &str = "X-Queqiao-Token";

/// What the document does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostmanOptions {
    /// Where the server is; else the first absolute entry of `servers`, else `http://127.0.0.1:8080`.
    pub base_url: Option<String>,
    /// Where the emulator of WeChat is, which gives login codes in development; none in production.
    pub emulator: Option<String>,
    /// What the environment is called beside the API's name, such as `develop`.
    pub environment: Option<String>,
}

/// A collection and its environment, each the text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postman {
    /// The collection, for a file `….postman_collection.json`.
    pub collection: String,
    /// The environment, for a file `….postman_environment.json`.
    pub environment: String,
    /// How many requests the collection has.
    pub requests: usize,
}

/// Makes a Postman collection of an OpenAPI 3 document. The same document and options give the same bytes.
///
/// ```
/// let document = serde_json::json!({
///     "openapi": "3.1.0",
///     "info": {"title": "greeter", "version": "1.0.0"},
///     "paths": {"/hello": {"get": {"operationId": "hello", "responses": {"200": {"description": ""}}}}}
/// });
/// let postman = queqiao_codegen::postman(&document, &Default::default())?;
/// assert!(postman.collection.contains("{{baseUrl}}/hello"));
/// # Ok::<(), queqiao_codegen::GenerateError>(())
/// ```
///
/// # Errors
/// If the document is none or is broken.
pub fn postman(document: &Value, options: &PostmanOptions) -> Result<Postman, GenerateError> {
    let version = document.get("openapi");
    if !version.and_then(Value::as_str).is_some_and(|version| version.starts_with("3.")) {
        return Err(GenerateError::NotOpenApi { found: describe(version) });
    }
    let root = Node::root(document);
    let operations = operation::read(&root)?;
    let schemes = access::schemes(&root)?;
    let session = flow::session(&schemes);
    let flow = flow::plan(&root, &operations, session, &OWN)?;
    let accesses: Vec<Access> = operations
        .iter()
        .map(|operation| access::access(&root, operation, &schemes))
        .collect::<Result<_, _>>()?;
    let common = most_common(&accesses);

    let writer = Writer { root: &root, flow: &flow, login: session.login };
    let mut folders = Vec::new();
    for folder in &flow.folders {
        let mut items = Vec::new();
        for index in &folder.operations {
            let (Some(operation), Some(access)) = (operations.get(*index), accesses.get(*index)) else {
                continue;
            };
            let mut request = writer.request(*index, operation)?;
            if Some(access) != common {
                request["auth"] = match access {
                    Access::Nobody => json!({ "type": "noauth" }),
                    Access::By(auth, _) => auth.clone(),
                };
            }
            let is_login = session.login.is_some_and(|login| login == operation.id());
            let carried = flow.carried.get(index).map(Vec::as_slice).unwrap_or_default();
            let mut events = Vec::new();
            if is_login {
                events.push(answers::login_script());
            }
            events.push(answers::test_script(&root, operation, carried, flow.versions.get(index), is_login)?);
            let mut item = json!({
                "name": operation.name(),
                "event": events,
                "response": answers::examples(&root, operation, &request),
            });
            if operation.method == "get" && operation.body.is_some() {
                item["protocolProfileBehavior"] = json!({ "disableBodyPruning": true });
            }
            item["request"] = request;
            items.push(item);
        }
        let mut item = json!({ "name": folder.name, "item": items });
        if let Some(text) = tag_text(&root, &folder.tag)? {
            item["description"] = json!(text);
        }
        folders.push(item);
    }

    let info = root.get("info").ok_or_else(|| root.malformed("an object with \"info\""))?;
    let name = info.required_text("title")?;
    let base_url = match &options.base_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => server::of(&root)?.unwrap_or_else(|| relative(&root)),
    };
    let variables = variables(&root, &operations, &flow, &accesses, session.login.is_some(), &base_url)?;
    let mut collection = json!({
        "info": { "name": name, "schema": SCHEMA },
        "item": folders,
        "variable": variables.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect::<Value>(),
    });
    if let Some(text) = info.text("description") {
        collection["info"]["description"] = json!(text);
    }
    if let Some(version) = info.text("version") {
        collection["info"]["version"] = json!(version);
    }
    if let Some(Access::By(auth, _)) = common {
        collection["auth"] = auth.clone();
    }
    if session.login.is_some() {
        let facts = schemes.iter().find_map(|(_, scheme)| scheme.get("x-queqiao-login"));
        let header = facts.as_ref().and_then(|facts| facts.text("renewalHeader")).unwrap_or(RENEWAL);
        collection["event"] = json!([answers::renewal_script(header)]);
    }
    let label = options.environment.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    let environment = json!({
        "name": format!("{name}{label}"),
        "values": variables
            .iter()
            .filter(|(key, _)| OWN.contains(&key.as_str()))
            .map(|(key, value)| {
                let value = if key == "emulator" { options.emulator.as_ref().unwrap_or(value) } else { value };
                let kind = if SECRET.contains(&key.as_str()) { "secret" } else { "default" };
                json!({ "key": key, "value": value, "type": kind, "enabled": true })
            })
            .collect::<Value>(),
        "_postman_variable_scope": "environment",
    });
    Ok(Postman {
        collection: json::pretty(&collection),
        environment: json::pretty(&environment),
        requests: operations.len(),
    })
}

/// Variables that Postman shall not show.
const SECRET: [&str; 4] = ["token", "code", "password", "apiKey"];

/// What most operations that are not for everybody have; it stands once, at the collection.
fn most_common(accesses: &[Access]) -> Option<&Access> {
    let by = || accesses.iter().filter(|access| **access != Access::Nobody);
    let count = |wanted: &Access| accesses.iter().filter(|access| *access == wanted).count();
    // The first of several: the order of the operations is fixed.
    by().fold(None, |best: Option<&Access>, access| match best {
        Some(best) if count(best) >= count(access) => Some(best),
        _ => Some(access),
    })
}

fn tag_text(root: &Node<'_>, name: &str) -> Result<Option<String>, GenerateError> {
    let tags = root.list("tags")?;
    let tag = tags.iter().find(|tag| tag.text("name") == Some(name));
    Ok(tag.and_then(|tag| tag.text("description")).map(str::to_owned))
}

/// The address of a document whose servers are where it was found.
fn relative(root: &Node<'_>) -> String {
    let servers = root.list("servers").unwrap_or_default();
    let path = servers.iter().filter_map(|server| server.text("url")).find(|url| url.starts_with('/'));
    format!("{DEVELOPMENT}{}", path.unwrap_or_default().trim_end_matches('/'))
}

/// The variables of the collection, each with the value that it has at first.
fn variables(
    root: &Node<'_>,
    operations: &[operation::Operation<'_>],
    flow: &flow::Flow,
    accesses: &[Access],
    logs_in: bool,
    base_url: &str,
) -> Result<BTreeMap<String, String>, GenerateError> {
    let mut variables = BTreeMap::from([("baseUrl".to_owned(), base_url.to_owned())]);
    for access in accesses {
        if let Access::By(_, used) = access {
            variables.extend(used.iter().map(|name| ((*name).to_owned(), String::new())));
        }
    }
    if logs_in {
        variables.extend(["code", "emulator", "token"].map(|name| (name.to_owned(), String::new())));
    }
    for ((index, name), variable) in &flow.supplied {
        let parameter = operations.get(*index).and_then(|operation| operation.parameter("path", name));
        let schema = parameter.and_then(|parameter| parameter.node.get("schema"));
        let any = json!({ "type": "string" });
        let schema = schema.as_ref().map_or(&any, |schema| schema.value);
        // Requests that run alone send something that may be sent.
        let value = match sample(root.value, schema, name, Side::Request) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        variables.entry(variable.clone()).or_insert(value);
    }
    // Any version, as RFC 9110 writes it.
    variables.extend(flow.versions.values().map(|variable| (variable.clone(), "*".to_owned())));
    Ok(variables)
}
