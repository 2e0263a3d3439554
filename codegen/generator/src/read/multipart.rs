//! Bodies as `multipart/form-data`: texts, and one file, which `wx.uploadFile` takes by its path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::impossible;
use super::node::Node;
use super::schema::{Schemas, documentation};
use crate::contract::{Form, Member, Method, Type};
use crate::error::GenerateError;

/// How deep `allOf` and references are followed.
const DEPTH_LIMIT: usize = 16;

/// What a member of the body is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    /// Texts under one name.
    Texts,
    File,
    /// Files under one name, with the least number of them.
    Files(u64),
}

struct Found<'a> {
    node: Node<'a>,
    kind: Kind,
    required: bool,
}

/// The type of a multipart body, and how it is written. `what` names the operation.
pub(super) fn read<'a>(
    what: &str,
    method: Method,
    media: &Node<'a>,
    root: &'a Value,
    schemas: &mut Schemas<'a>,
) -> Result<(Type, Form), GenerateError> {
    let mut found = BTreeMap::new();
    if let Some(schema) = media.get("schema") {
        let mut required = BTreeSet::new();
        collect(&schema, media, root, 0, &mut found, &mut required)?;
        for (name, member) in &mut found {
            member.required = required.contains(name);
        }
    }
    if found.is_empty() {
        let texts = Type::Map(Box::new(Type::Unknown));
        return Ok((texts, Form::Multipart { file: None, required: false, limit: None, direct: None }));
    }
    let file = choose(what, &mut found, schemas)?;
    if file.is_some() && method == Method::Put {
        return Err(impossible(
            media,
            "wx.uploadFile sends a file with POST only",
            "Declare the operation as POST",
        ));
    }
    if file.is_some() {
        let lists: Vec<String> = found
            .iter()
            .filter(|(_, one)| one.kind == Kind::Texts)
            .map(|(name, _)| (*name).to_owned())
            .collect();
        for name in lists {
            give_up(
                what,
                &name,
                &mut found,
                schemas,
                "wx.uploadFile sends one text under each name",
                "Take the list as JSON in one text",
            )?;
        }
    }
    let mut members = Vec::new();
    for (name, one) in &found {
        members.push(Member {
            name: (*name).to_owned(),
            required: one.required,
            documentation: documentation(&one.node),
            shape: match one.kind {
                Kind::Text | Kind::Texts => schemas.read_sent(&one.node)?,
                Kind::File | Kind::Files(_) => Type::File,
            },
        });
    }
    let required = file.as_ref().is_some_and(|name| found.get(name.as_str()).is_some_and(|one| one.required));
    let limit = match file.as_ref().and_then(|name| found.get(name.as_str())) {
        Some(one) => one.node.resolve(root)?.object("x-queqiao-upload")?,
        None => None,
    };
    let limit = limit.and_then(|limits| limits.get("maxBytes")?.value.as_u64());
    Ok((Type::Object { members, open: false }, Form::Multipart { file, required, limit, direct: None }))
}

/// The one file that a call can carry.
fn choose<'a>(
    what: &str,
    found: &mut BTreeMap<&'a str, Found<'a>>,
    schemas: &mut Schemas<'a>,
) -> Result<Option<String>, GenerateError> {
    let is_file = |one: &Found<'_>| matches!(one.kind, Kind::File | Kind::Files(_));
    let files: Vec<&str> = found.iter().filter(|(_, one)| is_file(one)).map(|(name, _)| *name).collect();
    let needed = |name: &&str| found.get(*name).is_some_and(|one| one.required);
    let Some(chosen) = files.iter().copied().find(|name| needed(name)).or(files.first().copied()) else {
        return Ok(None);
    };
    for name in files.into_iter().filter(|name| *name != chosen) {
        give_up(
            what,
            name,
            found,
            schemas,
            "wx.uploadFile sends one file in a call",
            "Take each file in an operation of its own",
        )?;
    }
    if let Some(Found { kind: Kind::Files(least), node, .. }) = found.get(chosen) {
        if *least > 1 {
            return Err(impossible(
                node,
                "wx.uploadFile sends one file in a call",
                "Take each file in an operation of its own",
            ));
        }
        schemas.findings.note_at(node.pointer().into_owned(), "a call sends one of these files".into());
    }
    Ok(Some(chosen.to_owned()))
}

/// Goes on without a member that a call need not have.
fn give_up<'a>(
    what: &str,
    name: &str,
    found: &mut BTreeMap<&'a str, Found<'a>>,
    schemas: &mut Schemas<'a>,
    reason: &str,
    remedy: &str,
) -> Result<(), GenerateError> {
    let Some(one) = found.get(name) else { return Ok(()) };
    let refusal = impossible(&one.node, reason, remedy);
    if one.required {
        return Err(refusal);
    }
    found.remove(name);
    schemas.findings.leave_out(format!("{what}: the member {name} of the body"), refusal)
}

/// The properties of a schema, through references and `allOf`.
fn collect<'a>(
    schema: &Node<'a>,
    media: &Node<'a>,
    root: &'a Value,
    depth: usize,
    found: &mut BTreeMap<&'a str, Found<'a>>,
    required: &mut BTreeSet<&'a str>,
) -> Result<(), GenerateError> {
    if depth > DEPTH_LIMIT {
        return Err(GenerateError::TooDeep { pointer: schema.pointer().into_owned(), limit: DEPTH_LIMIT });
    }
    let schema = schema.resolve(root)?;
    for part in schema.list("allOf")? {
        collect(&part, media, root, depth + 1, found, required)?;
    }
    required.extend(schema.list("required")?.iter().filter_map(|name| name.value.as_str()));
    let Some(properties) = schema.object("properties")? else { return Ok(()) };
    for (name, node) in properties.children()? {
        let inner = node.resolve(root)?;
        if inner.flag("readOnly") || node.flag("readOnly") {
            continue;
        }
        let part = media.get("encoding").and_then(|all| all.get(name));
        let media_type = part.as_ref().and_then(|part| part.text("contentType"));
        let kind = kind(&inner, media_type, root, 0)?;
        found.insert(name, Found { node, kind, required: false });
    }
    Ok(())
}

fn kind<'a>(
    schema: &Node<'a>,
    media_type: Option<&str>,
    root: &'a Value,
    depth: usize,
) -> Result<Kind, GenerateError> {
    if depth > DEPTH_LIMIT {
        return Err(GenerateError::TooDeep { pointer: schema.pointer().into_owned(), limit: DEPTH_LIMIT });
    }
    let schema = schema.resolve(root)?;
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for branch in schema.list(keyword)? {
            // `null` beside a file says that it may be absent.
            let kind = kind(&branch, None, root, depth + 1)?;
            if matches!(kind, Kind::File | Kind::Files(_)) {
                return Ok(kind);
            }
        }
    }
    if let Some(items) = schema.get("items") {
        let least = schema.get("minItems").and_then(|least| least.value.as_u64()).unwrap_or_default();
        return Ok(match kind(&items, media_type, root, depth + 1)? {
            Kind::File | Kind::Files(_) => Kind::Files(least),
            // One text, and the list in it.
            Kind::Text | Kind::Texts if media_type.is_some_and(|name| name.contains("json")) => Kind::Text,
            Kind::Text | Kind::Texts => Kind::Texts,
        });
    }
    let text = |name: &str| {
        let name = name.trim().to_lowercase();
        name.starts_with("text/")
            || name.contains("json")
            || name.contains("xml")
            || name.contains("urlencoded")
    };
    let binary = matches!(schema.text("format"), Some("binary"))
        || schema.text("contentMediaType").is_some_and(|name| !text(name))
            && schema.get("contentEncoding").is_none();
    let bytes = media_type.is_some_and(|names| !names.split(',').any(text))
        && !matches!(schema.text("type"), Some("object" | "array" | "boolean" | "integer" | "number"))
        && schema.get("contentEncoding").is_none()
        && schema.get("properties").is_none();
    Ok(if binary || bytes { Kind::File } else { Kind::Text })
}
