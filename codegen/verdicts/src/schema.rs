//! Schemas of a document by their places, and what a generated client knows of them.

use jsonschema::{Draft, Validator};
use queqiao::serde_json::{Map, Value, json};

/// Keywords that a client's types do not have.
const BOUNDS: [&str; 14] = [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// The schema at a place, complete with the components that it refers to.
pub(crate) fn at(document: &Value, pointer: &str) -> Option<Value> {
    let mut root = document.pointer(pointer)?.clone();
    if let Some(map) = root.as_object_mut() {
        map.insert("components".to_owned(), document["components"].clone());
    }
    Some(root)
}

/// The query parameters of an operation as one object.
pub(crate) fn query(document: &Value, pointer: &str) -> Option<Value> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for parameter in document.pointer(pointer)?.as_array()? {
        let name = parameter["name"].as_str()?;
        properties.insert(name.to_owned(), parameter["schema"].clone());
        if parameter["required"] == true {
            required.push(name.to_owned());
        }
    }
    Some(json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        "components": document["components"],
    }))
}

/// What a page that does not look at unknown members may count on.
pub(crate) fn opened(schema: &Value) -> Value {
    changed(schema, &|key, value| !(key.ends_with("Properties") && *value == false))
}

/// What the old types say: no bounds, patterns and formats. The length of a tuple is one of its types.
pub(crate) fn types(schema: &Value) -> Value {
    changed(&opened(schema), &|key, value| value.is_object() || !BOUNDS.contains(&key))
}

fn changed(schema: &Value, keep: &impl Fn(&str, &Value) -> bool) -> Value {
    match schema {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| {
                keep(key, value) || key.ends_with("Items") && map.contains_key("prefixItems")
            })
            .map(|(key, value)| (key.clone(), changed(value, keep)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| changed(item, keep)).collect(),
        other => other.clone(),
    }
}

pub(crate) fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(schema).unwrap_or_else(|error| panic!("no schema of draft 2020-12: {error}: {schema}"))
}
