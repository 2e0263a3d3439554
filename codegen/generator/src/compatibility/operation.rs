//! What an installed client knows of an operation, read from a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::shape::{Document, Kind, Mode, Shape, aliases};
use crate::contract::Answer;
use crate::read::{Node, child, content, essence, rank};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    /// By place and name; those of the path by their order in it.
    pub(super) parameters: BTreeMap<(String, String), Parameter>,
    pub(super) body: Option<Body>,
    /// How successful answers are read.
    pub(super) answers: BTreeSet<Read>,
    /// What is read of them.
    pub(super) answer: Shape,
    /// The codes of failures.
    pub(super) codes: BTreeMap<String, Code>,
    /// The statuses of failures that list no code.
    pub(super) statuses: BTreeSet<String>,
    /// Each way to be let in: what a call must bring, with the scopes of it.
    pub(super) security: Vec<BTreeMap<String, BTreeSet<String>>>,
}

/// [`Answer`] in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Read {
    Json,
    Text,
    Binary,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) shape: Shape,
    /// How lists and objects are written.
    pub(super) style: String,
    /// Other names under which it is read.
    pub(super) aliases: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    /// The media types in the order in which the client chooses.
    pub(super) media: Vec<(String, Shape)>,
}

#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) statuses: BTreeSet<String>,
    /// What it carries in `details`, and whether always.
    pub(super) details: Option<(Shape, bool)>,
}

/// The operations by method and path, in which the names of parameters do not count.
pub(super) fn read(document: &mut Document) -> BTreeMap<(String, String), Operation> {
    let root = document.root.clone();
    let mut operations = BTreeMap::new();
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        let place = Node::at(child("/paths", path), item);
        let Ok(item) = place.resolve(&root) else { continue };
        for method in METHODS {
            let Some(node) = item.get(method).filter(|node| node.value.is_object()) else { continue };
            let key = (method.to_uppercase(), without_names(path));
            operations.insert(key, operation(document, &root, path, method, &item, &node));
        }
    }
    operations
}

/// `/todos/{id}` is `/todos/{todo}`.
fn without_names(path: &str) -> String {
    let mut parts = path.split('#').next().unwrap_or_default().split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once('}') {
        Some((_, rest)) => format!("{text}{{}}{rest}"),
        None => format!("{text}{{{part}"),
    })
}

fn operation<'a>(
    document: &mut Document,
    root: &'a Value,
    path: &str,
    method: &str,
    item: &Node<'a>,
    node: &Node<'a>,
) -> Operation {
    let mut answers = BTreeSet::new();
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    let mut otherwise = None;
    let responses = node.get("responses").and_then(|all| all.children().ok()).unwrap_or_default();
    for (status, response) in responses {
        let Ok(response) = response.resolve(root) else { continue };
        match status.chars().next() {
            Some('1' | '3' | 'x') | None => {}
            Some('2') => answer(status, &response, &mut answers, &mut read),
            Some('d') => otherwise = Some(response),
            _ => failed.push((status.to_owned(), response)),
        }
    }
    match otherwise {
        // Some documents describe the success by nothing else.
        Some(response) if answers.is_empty() => answer("default", &response, &mut answers, &mut read),
        Some(response) => failed.push(("default".to_owned(), response)),
        None => {}
    }
    if method == "head" {
        (answers, read) = (BTreeSet::from([Read::Nothing]), Vec::new());
    }
    let (codes, statuses) = failures(document, &failed);
    let answer = match read.is_empty() {
        true => Shape::any(),
        false => document.union(read),
    };
    Operation {
        id: node.text("operationId").map(str::to_owned),
        method: method.to_uppercase(),
        path: path.to_owned(),
        parameters: parameters(root, path, item, node),
        body: body(root, node),
        answers,
        answer,
        codes,
        statuses,
        security: security(root, node),
    }
}

fn answer(status: &str, response: &Node<'_>, answers: &mut BTreeSet<Read>, read: &mut Vec<Shape>) {
    let (kind, schema) = content(status, response).unwrap_or((Answer::Empty, None));
    if kind == Answer::Json {
        read.push(schema.map_or_else(Shape::any, |schema| Shape::at(schema.pointer())));
    }
    answers.insert(match kind {
        Answer::Json => Read::Json,
        Answer::Text => Read::Text,
        Answer::Binary => Read::Binary,
        Answer::Empty => Read::Nothing,
    });
}

/// What several responses say of one code.
#[derive(Default)]
struct Found {
    statuses: BTreeSet<String>,
    carried: Vec<(Shape, bool)>,
    /// Whether one of them says nothing of `details`.
    silent: bool,
}

/// The codes of failures, and the statuses of those that have none.
fn failures(
    document: &mut Document,
    failed: &[(String, Node<'_>)],
) -> (BTreeMap<String, Code>, BTreeSet<String>) {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut silent = BTreeSet::new();
    for (status, response) in failed {
        let media = response.get("content").and_then(|all| all.children().ok()).unwrap_or_default();
        let schemas: Vec<Shape> =
            media.iter().filter_map(|(_, media)| Some(Shape::at(media.get("schema")?.pointer()))).collect();
        let mut listed = false;
        for shape in schemas {
            for branch in document.branches(&shape, Mode::Response).unwrap_or_default() {
                if branch.kind != Kind::Object {
                    continue;
                }
                let members = document.members(&branch, Mode::Response);
                let Some(code) = members.named.get("code") else { continue };
                let values = document.branches(code, Mode::Response).unwrap_or_default();
                let details = members.named.get("details");
                for value in values.iter().filter_map(|branch| branch.values.as_ref()).flatten() {
                    let Some(text) = value.as_str() else { continue };
                    listed = true;
                    let one = found.entry(text.to_owned()).or_default();
                    one.statuses.insert(status.clone());
                    match details {
                        Some(shape) => {
                            let required = members.required.contains("details");
                            if !one.carried.iter().any(|(known, _)| known == shape) {
                                one.carried.push((shape.clone(), required));
                            }
                        }
                        None => one.silent = true,
                    }
                }
            }
        }
        if !listed {
            silent.insert(status.clone());
        }
    }
    let mut codes = BTreeMap::new();
    for (code, one) in found {
        let required = !one.silent && one.carried.iter().all(|(_, required)| *required);
        let shapes: Vec<Shape> = one.carried.into_iter().map(|(shape, _)| shape).collect();
        let details = (!shapes.is_empty()).then(|| (document.union(shapes), required));
        codes.insert(code, Code { statuses: one.statuses, details });
    }
    (codes, silent)
}

fn parameters<'a>(
    root: &'a Value,
    path: &str,
    item: &Node<'a>,
    node: &Node<'a>,
) -> BTreeMap<(String, String), Parameter> {
    let order: Vec<&str> = path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
    let lists = [item.list("parameters"), node.list("parameters")];
    let mut found = BTreeMap::new();
    for parameter in lists.into_iter().flatten().flatten() {
        let Ok(parameter) = parameter.resolve(root) else { continue };
        let (Some(place), Some(name)) = (parameter.text("in"), parameter.text("name")) else { continue };
        let key = match place {
            "path" => match order.iter().position(|known| *known == name) {
                Some(index) => format!("{index:04}"),
                None => continue,
            },
            "header" => match name.to_lowercase() {
                // The client sets these itself.
                name if ["accept", "content-type", "authorization"].contains(&name.as_str()) => continue,
                name => name,
            },
            _ => name.to_owned(),
        };
        let content = parameter.get("content").and_then(|all| all.children().ok()?.into_iter().next());
        let (schema, style) = match &content {
            Some((media, node)) => (node.get("schema"), essence(media)),
            None => {
                let default = if place == "query" || place == "cookie" { "form" } else { "simple" };
                let style = parameter.text("style").unwrap_or(default);
                let exploded = parameter.get("explode").and_then(|explode| explode.value.as_bool());
                let exploded = exploded.unwrap_or(style == "form");
                (parameter.get("schema"), format!("{style}{}", if exploded { "" } else { ", not exploded" }))
            }
        };
        found.insert(
            (place.to_owned(), key),
            Parameter {
                name: name.to_owned(),
                required: place == "path" || parameter.flag("required"),
                aliases: schema.iter().flat_map(|node| aliases(node.value)).map(str::to_owned).collect(),
                shape: schema.map_or_else(Shape::any, |schema| Shape::at(schema.pointer())),
                style,
            },
        );
    }
    // A part of the path that no parameter describes is any text.
    for (index, name) in order.iter().enumerate() {
        found.entry(("path".to_owned(), format!("{index:04}"))).or_insert_with(|| Parameter {
            name: (*name).to_owned(),
            required: true,
            shape: Shape::any(),
            style: "simple, not exploded".to_owned(),
            aliases: Vec::new(),
        });
    }
    found
}

fn body<'a>(root: &'a Value, node: &Node<'a>) -> Option<Body> {
    let body = node.get("requestBody")?.resolve(root).ok()?;
    let content = body.get("content").and_then(|content| content.children().ok()).unwrap_or_default();
    let mut media: Vec<(usize, &str, Shape)> = content
        .iter()
        .map(|(name, media)| {
            let shape = media.get("schema").map_or_else(Shape::any, |schema| Shape::at(schema.pointer()));
            (rank(name, media, root), *name, shape)
        })
        .collect();
    media.sort_by_key(|(rank, _, _)| *rank);
    let media = media.into_iter().map(|(_, name, shape)| (essence(name), shape)).collect();
    Some(Body { required: body.flag("required"), media })
}

fn security<'a>(root: &'a Value, node: &Node<'a>) -> Vec<BTreeMap<String, BTreeSet<String>>> {
    let requirements = match node.value.get("security") {
        Some(own) => Some(own),
        None => root.get("security"),
    };
    let mut ways = Vec::new();
    for requirement in requirements.and_then(Value::as_array).into_iter().flatten() {
        let empty = Map::new();
        let requirement = requirement.as_object().unwrap_or(&empty);
        let scopes = |scopes: &Value| -> BTreeSet<String> {
            scopes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        ways.push(
            requirement
                .iter()
                .map(|(name, wanted)| (carrier(root, name), scopes(wanted)))
                .collect::<BTreeMap<_, _>>(),
        );
    }
    if ways.is_empty() {
        ways.push(BTreeMap::new());
    }
    ways
}

/// What a call brings for a scheme, in words: two schemes that want the same are one.
fn carrier(root: &Value, name: &str) -> String {
    let place = child("/components/securitySchemes", name);
    let scheme = root.pointer(&place).map(|value| Node::at(place, value));
    let Some(Ok(scheme)) = scheme.map(|scheme| scheme.resolve(root)) else { return format!("`{name}`") };
    let text = |key: &str| scheme.text(key).unwrap_or_default();
    match text("type") {
        "http" if text("scheme").eq_ignore_ascii_case("bearer") => "a login".to_owned(),
        "oauth2" | "openIdConnect" => "a login".to_owned(),
        "http" => format!("{} credentials", text("scheme").to_lowercase()),
        "apiKey" if text("in") == "header" => format!("the header `{}`", text("name").to_lowercase()),
        "apiKey" => format!("the {} `{}`", text("in"), text("name")),
        other => format!("`{other}`"),
    }
}
