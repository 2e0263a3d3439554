//! One request: method, address, headers, body.

use serde_json::{Map, Value, json};

use super::flow::Flow;
use super::operation::{Body, Operation, Parameter, example, is_json};
use crate::error::GenerateError;
use crate::json;
use crate::read::essence;
use crate::read::node::Node;
use crate::sample::{Side, fits, sample};

/// The variable of the login code.
pub(super) const CODE: &str = "{{code}}";

pub(super) struct Writer<'a> {
    pub(super) root: &'a Node<'a>,
    pub(super) flow: &'a Flow,
    /// The operation that logs in.
    pub(super) login: Option<&'a str>,
}

impl Writer<'_> {
    pub(super) fn request(&self, index: usize, operation: &Operation<'_>) -> Result<Value, GenerateError> {
        let mut headers = Vec::new();
        let media_types: Vec<&str> = {
            let successes = operation.answers.iter().filter(|answer| answer.status.starts_with('2'));
            successes.flat_map(|answer| answer.content.iter().map(|(media_type, _)| *media_type)).collect()
        };
        if let Some(media_type) = media_types.first() {
            headers.push(json!({ "key": "Accept", "value": media_type }));
        }
        let mut request = json!({
            "method": operation.method.to_uppercase(),
            "url": self.url(index, operation)?,
        });
        if let Some(body) = &operation.body {
            let is_login = self.login.is_some_and(|login| login == operation.id());
            let written = self.body(body, is_login)?;
            // Forms get theirs from Postman, with the boundary.
            if !essence(body.media_type).starts_with("multipart/") {
                let media_type = body.media_type.replace("*/*", "application/json");
                headers.push(json!({ "key": "Content-Type", "value": media_type }));
            }
            request["body"] = written;
        }
        for parameter in operation.parameters.iter().filter(|one| one.place == "header") {
            // OpenAPI leaves these to the media types and the security schemes.
            if ["accept", "content-type", "authorization"].contains(&parameter.name.to_lowercase().as_str()) {
                continue;
            }
            let version =
                self.flow.versions.get(&index).filter(|_| parameter.name.eq_ignore_ascii_case("if-match"));
            let value = match version {
                Some(variable) => format!("{{{{{variable}}}}}"),
                // A dynamic variable of Postman's: another one with each request.
                None if parameter.name.eq_ignore_ascii_case("idempotency-key") => "{{$guid}}".to_owned(),
                None => plain(&self.value(parameter)?, ","),
            };
            headers.push(entry(parameter, parameter.name, &value, !parameter.required));
        }
        request["header"] = Value::Array(headers);
        if let Some(text) = description(operation) {
            request["description"] = json!(text);
        }
        Ok(request)
    }

    /// The variable that an earlier request has set, if one has.
    fn supplied(&self, index: usize, parameter: &Parameter<'_>) -> Option<String> {
        let variable = self.flow.supplied.get(&(index, parameter.name.to_owned()))?;
        (parameter.place == "path").then(|| format!("{{{{{variable}}}}}"))
    }

    pub(super) fn url(&self, index: usize, operation: &Operation<'_>) -> Result<Value, GenerateError> {
        let base = operation.server.clone().unwrap_or_else(|| "{{baseUrl}}".to_owned());
        let mut segments: Vec<String> = Vec::new();
        let mut variables = Vec::new();
        for segment in operation.path.split('/').skip(1) {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let parameter =
                |name: &str| operation.parameters.iter().find(|one| one.place == "path" && one.name == name);
            if let Some(name) = name.filter(|name| !name.contains(['{', '}'])) {
                segments.push(format!(":{name}"));
                let value = match parameter(name) {
                    Some(parameter) => match self.supplied(index, parameter) {
                        Some(variable) => variable,
                        None => encoded(&plain(&self.value(parameter)?, ",")),
                    },
                    None => "1".to_owned(),
                };
                let text = parameter(name).and_then(|one| one.node.text("description"));
                variables.push(with_text(json!({ "key": name, "value": value }), text));
                continue;
            }
            // A parameter beside other text is none to Postman.
            let mut text = segment.to_owned();
            for parameter in operation.parameters.iter().filter(|one| one.place == "path") {
                let hole = format!("{{{}}}", parameter.name);
                if text.contains(&hole) {
                    text = text.replace(&hole, &encoded(&plain(&self.value(parameter)?, ",")));
                }
            }
            segments.push(text);
        }
        let mut query = Vec::new();
        for parameter in operation.parameters.iter().filter(|one| one.place == "query") {
            for (key, value) in self.pairs(parameter)? {
                query.push(entry(parameter, &key, &encoded(&value), !parameter.required));
            }
        }
        let shown: Vec<String> = query
            .iter()
            .filter(|one| one.get("disabled").is_none())
            .filter_map(|one| Some(format!("{}={}", one["key"].as_str()?, one["value"].as_str()?)))
            .collect();
        let query_text = if shown.is_empty() { String::new() } else { format!("?{}", shown.join("&")) };
        let mut url = json!({
            "raw": format!("{base}/{}{query_text}", segments.join("/")),
            "host": [base],
            "path": segments,
        });
        if !query.is_empty() {
            url["query"] = Value::Array(query);
        }
        if !variables.is_empty() {
            url["variable"] = Value::Array(variables);
        }
        Ok(url)
    }

    /// The value of a parameter: the document's example if it fits, else a made one.
    fn value(&self, parameter: &Parameter<'_>) -> Result<Value, GenerateError> {
        let root = self.root.value;
        let schema = schema_of(parameter)?;
        let any = Value::Bool(true);
        let schema = schema.as_ref().map_or(&any, |schema| schema.value);
        let own = example(&parameter.node, root).filter(|value| fits(root, schema, value));
        let value = own.unwrap_or_else(|| sample(root, schema, parameter.name, Side::Request));
        // Nothing says less than an empty place.
        Ok(if schema.is_boolean() { json!("1") } else { value })
    }

    /// The pairs in which a query parameter is written.
    fn pairs(&self, parameter: &Parameter<'_>) -> Result<Vec<(String, String)>, GenerateError> {
        let value = self.value(parameter)?;
        let name = parameter.name;
        if parameter.node.object("content")?.is_some() {
            return Ok(vec![(name.to_owned(), json::compact(&value))]);
        }
        let style = parameter.node.text("style").unwrap_or("form");
        let explode = parameter.node.value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        let separator = match style {
            "spaceDelimited" => " ",
            "pipeDelimited" => "|",
            _ => ",",
        };
        Ok(match &value {
            Value::Array(items) if explode => {
                items.iter().map(|item| (name.to_owned(), plain(item, ","))).collect()
            }
            Value::Object(members) if style == "deepObject" => {
                members.iter().map(|(key, member)| (format!("{name}[{key}]"), plain(member, ","))).collect()
            }
            Value::Object(members) if explode => {
                members.iter().map(|(key, member)| (key.clone(), plain(member, ","))).collect()
            }
            value => vec![(name.to_owned(), plain(value, separator))],
        })
    }

    fn body(&self, body: &Body<'_>, is_login: bool) -> Result<Value, GenerateError> {
        let root = self.root.value;
        let schema = body.media.get("schema");
        let any = Value::Bool(true);
        let schema_value = schema.as_ref().map_or(&any, |schema| schema.value);
        let own =
            example(&body.media, root).filter(|value| value.is_string() || fits(root, schema_value, value));
        let value = || own.unwrap_or_else(|| sample(root, schema_value, "", Side::Request));
        let name = essence(body.media_type);
        Ok(match name.as_str() {
            name if is_json(name) => {
                let mut value = value();
                if is_login && let Some(code) = value.get_mut("code") {
                    *code = json!(CODE);
                }
                raw(json::pretty(&value).trim_end(), "json")
            }
            "application/x-www-form-urlencoded" => {
                let text = |member: &Value| plain(member, ",");
                json!({ "mode": "urlencoded", "urlencoded": self.fields(&value(), schema_value, false, text) })
            }
            name if name.starts_with("multipart/") => {
                let text = |member: &Value| match member {
                    Value::Object(_) => json::compact(member),
                    other => plain(other, ","),
                };
                json!({ "mode": "formdata", "formdata": self.fields(&value(), schema_value, true, text) })
            }
            name if name.starts_with("text/") || name.ends_with("xml") || name.ends_with("yaml") => {
                let language = if name.ends_with("xml") { "xml" } else { "text" };
                raw(&plain(&value(), ","), language)
            }
            _ => json!({ "mode": "file", "file": {} }),
        })
    }

    fn fields(
        &self,
        value: &Value,
        schema: &Value,
        files: bool,
        text: impl Fn(&Value) -> String,
    ) -> Vec<Value> {
        let mut fields = Vec::new();
        for (name, member) in sorted(value) {
            let property = property(self.root.value, schema, name);
            if files && property.is_some_and(|property| is_file(self.root.value, property)) {
                fields.push(json!({ "key": name, "type": "file", "src": [] }));
                continue;
            }
            let values = match member {
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            };
            fields.extend(
                values.into_iter().map(|one| json!({ "key": name, "type": "text", "value": text(one) })),
            );
        }
        fields
    }
}

fn sorted(value: &Value) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = value.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

fn property<'a>(root: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => crate::sample::target(root, reference)?,
        None => schema,
    };
    schema.get("properties")?.get(name)
}

fn is_file(root: &Value, schema: &Value) -> bool {
    let found = schema.get("$ref").and_then(Value::as_str).and_then(|to| crate::sample::target(root, to));
    let schema = found.unwrap_or(schema);
    let binary = schema.get("format").and_then(Value::as_str) == Some("binary")
        || schema.get("contentMediaType").is_some() && schema.get("contentEncoding").is_none();
    binary
        || schema
            .get("items")
            .is_some_and(|items| items.get("format").and_then(Value::as_str) == Some("binary"))
}

fn schema_of<'a>(parameter: &Parameter<'a>) -> Result<Option<Node<'a>>, GenerateError> {
    if let Some(content) = parameter.node.object("content")? {
        return Ok(content.children()?.first().and_then(|(_, media)| media.get("schema")));
    }
    Ok(parameter.node.get("schema"))
}

fn raw(text: &str, language: &str) -> Value {
    json!({ "mode": "raw", "raw": text, "options": { "raw": { "language": language } } })
}

fn entry(parameter: &Parameter<'_>, key: &str, value: &str, disabled: bool) -> Value {
    let mut entry = json!({ "key": key, "value": value });
    if disabled {
        entry["disabled"] = json!(true);
    }
    with_text(entry, parameter.node.text("description"))
}

fn with_text(mut entry: Value, text: Option<&str>) -> Value {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        entry["description"] = json!(text);
    }
    entry
}

fn description(operation: &Operation<'_>) -> Option<String> {
    let text = operation.node.text("description").unwrap_or_default();
    let id = operation.id();
    let id = if id.is_empty() { String::new() } else { format!("Operation `{id}`.") };
    let both =
        [text, id.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    (!both.is_empty()).then_some(both)
}

/// A value as text outside of JSON.
fn plain(value: &Value, separator: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().map(|item| plain(item, separator)).collect::<Vec<_>>().join(separator)
        }
        Value::Object(members) => {
            let members: &Map<String, Value> = members;
            let pairs = sorted_members(members)
                .into_iter()
                .flat_map(|(name, member)| [name.clone(), plain(member, ",")]);
            pairs.collect::<Vec<_>>().join(separator)
        }
        scalar => scalar.to_string(),
    }
}

fn sorted_members(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

/// What Postman would take for a part of the address or for a variable, escaped; it escapes the rest by itself.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for character in text.chars() {
        match character {
            '%' | '&' | '+' | '#' | '=' | '?' | '/' | '{' | '}' => {
                encoded.push_str(&format!("%{:02X}", u32::from(character)))
            }
            other => encoded.push(other),
        }
    }
    encoded
}
