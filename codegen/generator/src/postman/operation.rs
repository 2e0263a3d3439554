//! The operations of a document as they stand there, for a program that can send everything.

use serde_json::Value;

use crate::error::GenerateError;
use crate::read::essence;
use crate::read::node::Node;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) struct Operation<'a> {
    pub(super) node: Node<'a>,
    pub(super) path: &'a str,
    /// In lower case.
    pub(super) method: &'a str,
    pub(super) tag: &'a str,
    pub(super) parameters: Vec<Parameter<'a>>,
    pub(super) body: Option<Body<'a>>,
    pub(super) answers: Vec<Answer<'a>>,
    /// Where this operation is, if not where the others are.
    pub(super) server: Option<String>,
}

pub(super) struct Parameter<'a> {
    pub(super) node: Node<'a>,
    pub(super) name: &'a str,
    /// `path`, `query`, `header` or `cookie`.
    pub(super) place: &'a str,
    pub(super) required: bool,
}

pub(super) struct Body<'a> {
    pub(super) media_type: &'a str,
    pub(super) media: Node<'a>,
}

pub(super) struct Answer<'a> {
    pub(super) status: &'a str,
    pub(super) description: &'a str,
    /// Whether it brings an `ETag`.
    pub(super) tagged: bool,
    pub(super) content: Vec<(&'a str, Node<'a>)>,
}

impl<'a> Operation<'a> {
    pub(super) fn id(&self) -> &'a str {
        self.node.text("operationId").unwrap_or_default()
    }

    /// What a person reads of it.
    pub(super) fn name(&self) -> String {
        let summary = self.node.text("summary").map(str::trim).filter(|summary| !summary.is_empty());
        let id = Some(self.id()).filter(|id| !id.is_empty());
        match summary.or(id) {
            Some(name) => name.to_owned(),
            None => format!("{} {}", self.method.to_uppercase(), self.path),
        }
    }

    pub(super) fn parameter(&self, place: &str, name: &str) -> Option<&Parameter<'a>> {
        self.parameters.iter().find(|one| one.place == place && one.name.eq_ignore_ascii_case(name))
    }
}

/// All operations, by path and method.
pub(super) fn read<'a>(root: &Node<'a>) -> Result<Vec<Operation<'a>>, GenerateError> {
    let mut all = Vec::new();
    let Some(paths) = root.object("paths")? else { return Ok(all) };
    for (path, item) in paths.children()? {
        if path.starts_with("x-") {
            continue;
        }
        let item = item.resolve(root.value)?;
        item.members()?;
        for method in METHODS {
            if let Some(node) = item.object(method)? {
                all.push(operation(root, path, method, &item, node)?);
            }
        }
    }
    Ok(all)
}

fn operation<'a>(
    root: &Node<'a>,
    path: &'a str,
    method: &'a str,
    item: &Node<'a>,
    node: Node<'a>,
) -> Result<Operation<'a>, GenerateError> {
    let mut parameters: Vec<Parameter<'a>> = Vec::new();
    for place in [item, &node] {
        for parameter in place.list("parameters")? {
            let parameter = parameter.resolve(root.value)?;
            let (name, place) = (parameter.required_text("name")?, parameter.required_text("in")?);
            let required = parameter.flag("required") || place == "path";
            // The operation's own takes the place of the path's.
            parameters.retain(|other| (other.name, other.place) != (name, place));
            parameters.push(Parameter { node: parameter, name, place, required });
        }
    }
    let tag = node.list("tags")?.first().and_then(|tag| tag.value.as_str());
    let server = match crate::read::server::of(&node)? {
        Some(server) => Some(server),
        None => crate::read::server::of(item)?,
    };
    let body = match node.get("requestBody") {
        Some(body) => body_of(&body.resolve(root.value)?)?,
        None => None,
    };
    let mut answers = Vec::new();
    for (status, answer) in node.object("responses")?.map_or(Ok(Vec::new()), |all| all.children())? {
        if status.starts_with("x-") {
            continue;
        }
        let answer = answer.resolve(root.value)?;
        answer.members()?;
        let content = answer.object("content")?.map_or(Ok(Vec::new()), |content| content.children())?;
        let headers = answer.object("headers")?.map_or(Ok(Vec::new()), |headers| headers.children())?;
        answers.push(Answer {
            status,
            description: answer.text("description").unwrap_or_default(),
            tagged: headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("etag")),
            content,
        });
    }
    Ok(Operation { node, path, method, tag: tag.unwrap_or("operations"), parameters, body, answers, server })
}

/// The body in the first form of those that the server takes: JSON, forms, anything else.
fn body_of<'a>(body: &Node<'a>) -> Result<Option<Body<'a>>, GenerateError> {
    let Some(content) = body.object("content")? else { return Ok(None) };
    let rank = |name: &str| match essence(name).as_str() {
        "application/json" => 0,
        name if is_json(name) => 1,
        "application/x-www-form-urlencoded" => 2,
        name if name.starts_with("multipart/") => 3,
        name if name.starts_with("text/") => 4,
        _ => 5,
    };
    let best = content.children()?.into_iter().min_by_key(|(name, _)| rank(name));
    best.map(|(media_type, media)| media.members().map(|_| Body { media_type, media })).transpose()
}

pub(super) fn is_json(media_type: &str) -> bool {
    let name = essence(media_type);
    name.ends_with("/json") || name.ends_with("+json") || matches!(name.as_str(), "*/*" | "application/*")
}

/// The document's own example of a parameter or a media type.
pub(super) fn example(node: &Node<'_>, root: &Value) -> Option<Value> {
    if let Some(example) = node.value.get("example") {
        return Some(example.clone());
    }
    let named = node.object("examples").ok()??.children().ok()?;
    let value = |one: &Node<'_>| {
        let found = one.text("$ref").and_then(|to| crate::sample::target(root, to)).unwrap_or(one.value);
        found.get("value").cloned()
    };
    named.iter().find_map(|(_, one)| value(one))
}
