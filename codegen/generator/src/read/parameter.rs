//! Parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::node::Node;
use super::schema::{Schemas, documentation};
use super::{essence, impossible};
use crate::contract::{Documentation, Method, Parameter, Place, Style, Type};
use crate::error::GenerateError;

/// Whether the values of a schema may be lists or objects.
#[derive(Default, Clone, Copy)]
pub(super) struct Values {
    pub(super) lists: bool,
    pub(super) objects: bool,
}

impl Values {
    pub(super) fn of<'a>(schema: &Node<'a>, root: &'a Value) -> Result<Self, GenerateError> {
        let mut values = Self::default();
        values.search(schema, root, &mut BTreeSet::new())?;
        Ok(values)
    }

    fn search<'a>(
        &mut self,
        schema: &Node<'a>,
        root: &'a Value,
        seen: &mut BTreeSet<*const Value>,
    ) -> Result<(), GenerateError> {
        let schema = schema.resolve(root)?;
        if !seen.insert(schema.identity()) {
            return Ok(());
        }
        let kinds = schema.get("type").map(|node| node.value);
        let is = |kind: &str| match kinds {
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            Some(one) => one == kind,
            None => false,
        };
        let has = |key: &str| kinds.is_none() && schema.get(key).is_some();
        self.lists |= is("array") || has("items");
        self.objects |= is("object") || has("properties") || has("additionalProperties");
        for keyword in ["allOf", "oneOf", "anyOf"] {
            for part in schema.list(keyword)? {
                self.search(&part, root, seen)?;
            }
        }
        Ok(())
    }

    /// How such values stand in a query or a form, as `style` and `explode` of `node` say.
    pub(super) fn query_style(self, node: &Node<'_>) -> Result<Style, GenerateError> {
        if !self.lists && !self.objects {
            return Ok(Style::Plain);
        }
        let style = node.text("style").unwrap_or("form");
        let exploded = node.get("explode").and_then(|explode| explode.value.as_bool());
        Ok(match (style, exploded.unwrap_or(style == "form")) {
            ("form", true) if self.objects => Style::Members,
            ("form", true) => Style::Plain,
            ("form", false) => Style::Comma,
            // Exploded, the two are the same as `form`.
            ("spaceDelimited" | "pipeDelimited", true) => Style::Plain,
            ("spaceDelimited", false) => Style::Space,
            ("pipeDelimited", false) => Style::Pipe,
            ("deepObject", _) => Style::Deep,
            (other, _) => {
                return Err(impossible(
                    node,
                    format!("OpenAPI does not say what the style \"{other}\" is here"),
                    "Use form, spaceDelimited, pipeDelimited or deepObject",
                ));
            }
        })
    }
}

/// The parameters of one operation, sorted by place and name.
pub(super) fn read_all<'a>(
    path: &str,
    method: Method,
    item: &Node<'a>,
    operation: &Node<'a>,
    root: &'a Value,
    schemas: &mut Schemas<'a>,
) -> Result<Vec<Parameter>, GenerateError> {
    let mut nodes: BTreeMap<(&str, &str), Node<'a>> = BTreeMap::new();
    for node in item.list("parameters")?.into_iter().chain(operation.list("parameters")?) {
        let node = node.resolve(root)?;
        nodes.insert((node.required_text("in")?, node.required_text("name")?), node);
    }
    let mut found: BTreeMap<(Place, String), (Node<'a>, Parameter)> = BTreeMap::new();
    for ((_, name), node) in nodes {
        match read(&node, root, schemas) {
            Ok(None) => {}
            Ok(Some(parameter)) => drop(found.insert((parameter.place, name.to_owned()), (node, parameter))),
            // A call is possible without it.
            Err(error) if !node.flag("required") && node.text("in") != Some("path") => {
                let what = format!("{} {path}: the parameter {name}", method.as_str());
                schemas.findings.leave_out(what, error)?;
            }
            Err(error) => return Err(error),
        }
    }
    fit(path, operation, &mut found, schemas)?;
    for (node, parameter) in found.values() {
        let query_twin = (Place::Query, parameter.name.clone());
        if parameter.place == Place::Path
            && !method.sends_body()
            && let Some((twin, _)) = found.get(&query_twin)
        {
            return Err(GenerateError::Duplicate {
                pointer: twin.pointer().into_owned(),
                what: "the parameter name",
                name: parameter.name.clone(),
                other: node.pointer().into_owned(),
            });
        }
    }
    Ok(found.into_values().map(|(_, parameter)| parameter).collect())
}

/// Lets the path and its parameters name each other.
fn fit<'a>(
    path: &str,
    operation: &Node<'a>,
    found: &mut BTreeMap<(Place, String), (Node<'a>, Parameter)>,
    schemas: &mut Schemas<'a>,
) -> Result<(), GenerateError> {
    let names: BTreeSet<&str> =
        path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect();
    for name in &names {
        let key = (Place::Path, (*name).to_owned());
        if found.contains_key(&key) {
            continue;
        }
        if schemas.findings.own {
            return Err(GenerateError::Malformed {
                pointer: operation.pointer().into_owned(),
                expected: format!("a parameter \"{name}\" with \"in\": \"path\", which {path} names"),
                found: "none".into(),
            });
        }
        schemas.findings.note(format!(
            "{}: no parameter describes {{{name}}} of the path; it is a string",
            operation.pointer()
        ));
        let parameter = Parameter {
            place: Place::Path,
            name: (*name).to_owned(),
            required: true,
            documentation: Documentation::default(),
            shape: Type::String,
            style: Style::Plain,
        };
        found.insert(key, (operation.clone(), parameter));
    }
    let stray: Vec<_> = found
        .keys()
        .filter(|(place, name)| *place == Place::Path && !names.contains(name.as_str()))
        .cloned()
        .collect();
    for key in stray {
        let Some((node, parameter)) = found.remove(&key) else { continue };
        if schemas.findings.own {
            return Err(GenerateError::Malformed {
                pointer: node.pointer().into_owned(),
                expected: format!("a path with {{{}}}", parameter.name),
                found: format!("\"{path}\""),
            });
        }
        schemas.findings.note(format!(
            "{}: {path} does not name {{{}}}; the parameter is not sent",
            node.pointer(),
            parameter.name
        ));
    }
    Ok(())
}

/// One parameter; `None` for the headers that OpenAPI describes elsewhere.
fn read<'a>(
    node: &Node<'a>,
    root: &'a Value,
    schemas: &mut Schemas<'a>,
) -> Result<Option<Parameter>, GenerateError> {
    let name = node.required_text("name")?;
    let place = match node.required_text("in")? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" if ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str()) => {
            return Ok(None);
        }
        "header" if name.eq_ignore_ascii_case("referer") => {
            return Err(impossible(
                node,
                "WeChat sets the header Referer itself",
                "Use a header of your own",
            ));
        }
        "header" => Place::Header,
        "cookie" => {
            return Err(impossible(
                node,
                format!("a mini-program keeps no cookies, so it cannot send \"{name}\""),
                "Make it a header or a query parameter",
            ));
        }
        other => {
            return Err(GenerateError::Malformed {
                pointer: format!("{}/in", node.pointer()),
                expected: "path, query or header".into(),
                found: format!("\"{other}\""),
            });
        }
    };
    let (schema, media) = described(node)?;
    let shape = match &schema {
        Some(schema) => schemas.read(schema)?,
        None => Type::String,
    };
    let style = match media {
        Some(media) if media.ends_with("json") => Style::Json,
        Some(media) if media.starts_with("text/") => Style::Plain,
        Some(media) => {
            return Err(impossible(
                node,
                format!("\"{name}\" is {media}, which cannot stand in a URL or a header"),
                "Use application/json, or a schema with a style",
            ));
        }
        None => {
            let values = match &schema {
                Some(schema) => Values::of(schema, root)?,
                None => Values::default(),
            };
            style(node, place, values)?
        }
    };
    if place == Place::Header && style == Style::Json {
        return Err(impossible(
            node,
            format!("\"{name}\" is JSON, and the client writes plain values into headers"),
            "Make it a query parameter, or send it in the body",
        ));
    }
    let mut documentation = match &schema {
        Some(schema) => documentation(&schema.resolve(root)?),
        None => Documentation::default(),
    };
    if let Some(text) = node.text("description") {
        documentation.text = vec![text.to_owned()];
    }
    if node.flag("deprecated") {
        documentation.tags.push("deprecated".into());
    }
    let required = place == Place::Path || node.flag("required");
    Ok(Some(Parameter { place, name: name.to_owned(), required, documentation, shape, style }))
}

/// The schema of a parameter, and the media type of its value if it is described by `content`.
fn described<'a>(node: &Node<'a>) -> Result<(Option<Node<'a>>, Option<String>), GenerateError> {
    let Some(content) = node.object("content")? else { return Ok((node.get("schema"), None)) };
    match content.children()?.into_iter().next() {
        Some((name, media)) => {
            media.members()?;
            Ok((media.get("schema"), Some(essence(name))))
        }
        None => Err(content.malformed("one media type")),
    }
}

fn style(node: &Node<'_>, place: Place, values: Values) -> Result<Style, GenerateError> {
    let name = node.text("name").unwrap_or_default();
    if place == Place::Query {
        return values.query_style(node);
    }
    let style = node.text("style").unwrap_or("simple");
    if style != "simple" {
        return Err(impossible(
            node,
            format!("the client does not write \"{name}\" in the style {style}"),
            "Use the style simple",
        ));
    }
    // Two ways to write an object, and servers differ.
    if values.objects {
        return Err(impossible(
            node,
            format!("\"{name}\" is an object, which cannot stand in a path or a header"),
            "Make its members parameters of their own, or send it in a JSON body",
        ));
    }
    Ok(if values.lists { Style::Comma } else { Style::Plain })
}
