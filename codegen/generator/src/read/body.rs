//! Request bodies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::direct;
use super::multipart;
use super::node::Node;
use super::parameter::Values;
use super::schema::Schemas;
use super::{essence, impossible};
use crate::contract::{Body, Form, Method, Style, Type};
use crate::error::GenerateError;

const PAIRS: &str = "application/x-www-form-urlencoded";
/// The rank of `multipart/form-data`.
const MULTIPART: usize = 6;

/// The body of an operation, in the first form of those that the client can write: JSON, pairs, text, bytes.
pub(super) fn read<'a>(
    path: &str,
    method: Method,
    operation: &Node<'a>,
    root: &'a Value,
    schemas: &mut Schemas<'a>,
) -> Result<Option<Body>, GenerateError> {
    let Some(place) = operation.get("requestBody") else { return Ok(None) };
    let body = place.resolve(root)?;
    body.members()?;
    let required = body.flag("required");
    if !method.sends_body() {
        let refusal = impossible(
            &place,
            format!("a mini-program does not send a body with {}", method.as_str()),
            "Use query parameters, or declare the operation as POST or PUT",
        );
        if required {
            return Err(refusal);
        }
        schemas.findings.leave_out(format!("{} {path}: the body", method.as_str()), refusal)?;
        return Ok(None);
    }
    let Some(content) = body.object("content")? else {
        return Err(body.malformed("a body with \"content\""));
    };
    let media = content.children()?;
    let beside = direct::of(operation, &body, root)?;
    // What goes past the server has a file; the other form of its body only tells of it.
    let ranked = media.iter().map(|(name, node)| (rank(name, node, root), *name, node));
    let ranked = ranked.filter(|(rank, ..)| beside.is_none() || *rank == MULTIPART);
    let best = ranked.min_by_key(|(rank, _, _)| *rank);
    let Some((rank, name, media)) = best else { return Ok(None) };
    media.members()?;
    let schema = media.get("schema");
    let shape = |schemas: &mut Schemas<'a>| {
        schema.as_ref().map_or(Ok(Type::Unknown), |schema| schemas.read_sent(schema))
    };
    let (shape, media_type, form) = match rank {
        0 | 1 => (shape(schemas)?, "application/json".to_owned(), Form::Json),
        2 => (shape(schemas)?, name.to_owned(), Form::Json),
        3 => (shape(schemas)?, PAIRS.to_owned(), Form::Pairs(pairs(media, root)?)),
        4 => (Type::String, name.to_owned(), Form::Raw),
        5 => (Type::Union(vec![Type::Binary, Type::String]), name.to_owned(), Form::Raw),
        MULTIPART => {
            let what = format!("{} {path}", method.as_str());
            let (shape, mut form) = multipart::read(&what, method, media, root, schemas)?;
            if let Form::Multipart { file: Some(_), direct, .. } = &mut form {
                *direct = beside;
            }
            (shape, name.to_owned(), form)
        }
        _ => {
            return Err(impossible(
                &content,
                format!("a mini-program does not send {}", essence(name)),
                "Let the operation take application/json or multipart/form-data",
            ));
        }
    };
    let media_type = match media_type.contains('*') {
        true => "application/octet-stream".to_owned(),
        false => media_type,
    };
    Ok(Some(Body { required, shape, media: media_type, form }))
}

/// The place of a media type among those that the client would rather write.
pub(crate) fn rank<'a>(name: &str, media: &Node<'a>, root: &'a Value) -> usize {
    match essence(name).as_str() {
        "application/json" => 0,
        // Anything that is described as text is what it is, and no JSON.
        "*/*" | "application/*" if !is_text(media, root) => 1,
        name if name.ends_with("/json") || name.ends_with("+json") => 2,
        PAIRS => 3,
        "multipart/form-data" => MULTIPART,
        name if name.starts_with("multipart/") => usize::MAX,
        name if name.starts_with("text/") => 4,
        _ => 5,
    }
}

fn is_text<'a>(media: &Node<'a>, root: &'a Value) -> bool {
    let schema = media.get("schema").and_then(|schema| schema.resolve(root).ok());
    schema.is_some_and(|schema| schema.text("type") == Some("string"))
}

/// The styles of a form's members.
fn pairs<'a>(media: &Node<'a>, root: &'a Value) -> Result<BTreeMap<String, Style>, GenerateError> {
    let mut styles = BTreeMap::new();
    let Some(encoding) = media.object("encoding")? else { return Ok(styles) };
    for (name, encoding) in encoding.children()? {
        encoding.members()?;
        // Without one of the two, objects are JSON.
        if encoding.get("style").is_none() && encoding.get("explode").is_none() {
            continue;
        }
        let schema = match media.get("schema") {
            Some(schema) => schema.resolve(root)?.get("properties").and_then(|all| all.get(name)),
            None => None,
        };
        let values = match &schema {
            Some(schema) => Values::of(schema, root)?,
            None => Values { lists: true, objects: true },
        };
        let style = values.query_style(&encoding)?;
        if style != Style::Plain {
            styles.insert(name.to_owned(), style);
        }
    }
    Ok(styles)
}
