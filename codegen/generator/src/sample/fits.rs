//! Whether an example is one: documents carry many that are not.

use serde_json::{Map, Value};

use super::target;

/// How deep an example is looked at.
const DEEPEST: usize = 32;

/// Whether a value is what a schema says, as far as the keywords that examples break in practice: types, choices,
/// bounds, patterns and members.
pub(crate) fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    judge(root, schema, value, DEEPEST)
}

fn judge(root: &Value, schema: &Value, value: &Value, depth: usize) -> bool {
    let schema = match schema {
        Value::Bool(any) => return *any,
        Value::Object(schema) => schema,
        _ => return true,
    };
    let Some(depth) = depth.checked_sub(1) else { return true };
    let also = |schema: &Value| judge(root, schema, value, depth);
    if let Some(found) = schema.get("$ref").and_then(Value::as_str).and_then(|to| target(root, to))
        && !also(found)
    {
        return false;
    }
    if value.is_null() && schema.get("nullable") == Some(&Value::Bool(true)) {
        return true;
    }
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    list("allOf").is_none_or(|all| all.iter().all(also))
        && list("anyOf").is_none_or(|any| any.iter().any(also))
        && list("oneOf").is_none_or(|one| one.iter().filter(|schema| also(schema)).count() == 1)
        && schema.get("const").is_none_or(|only| equal(only, value))
        && list("enum").is_none_or(|choices| choices.iter().any(|choice| equal(choice, value)))
        && is_of_type(schema, value)
        && in_bounds(schema, value)
        && members(root, schema, value, depth)
}

fn equal(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().is_some() && a.as_f64() == b.as_f64()
}

fn is_of_type(schema: &Map<String, Value>, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    };
    match schema.get("type") {
        Some(Value::String(one)) => is(one),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

fn in_bounds(schema: &Map<String, Value>, value: &Value) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let within = |size: f64, min: &str, max: &str| {
        bound(min).is_none_or(|min| size >= min) && bound(max).is_none_or(|max| size <= max)
    };
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let steps = bound("multipleOf").filter(|step| *step > 0.0).map(|step| number / step);
            within(number, "minimum", "maximum")
                && bound("exclusiveMinimum").is_none_or(|min| number > min)
                && bound("exclusiveMaximum").is_none_or(|max| number < max)
                && steps.is_none_or(|steps| (steps - steps.round()).abs() < 1e-6)
        }
        Value::String(text) => {
            let pattern = schema.get("pattern").and_then(Value::as_str);
            within(text.chars().count() as f64, "minLength", "maxLength")
                // A pattern that this engine does not know judges nothing.
                && pattern.and_then(|pattern| regex::Regex::new(pattern).ok()).is_none_or(|known| known.is_match(text))
                && schema.get("format").and_then(Value::as_str).is_none_or(|format| has_format(text, format))
        }
        Value::Array(items) => {
            let different = schema.get("uniqueItems") != Some(&Value::Bool(true));
            within(items.len() as f64, "minItems", "maxItems")
                && (different || items.iter().enumerate().all(|(index, item)| !items[..index].contains(item)))
        }
        Value::Object(members) => within(members.len() as f64, "minProperties", "maxProperties"),
        _ => true,
    }
}

/// The formats that servers refuse in practice.
fn has_format(text: &str, format: &str) -> bool {
    let shape = match format {
        "uuid" => "^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
        "date-time" => {
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$"
        }
        "date" => "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "email" => "^[^@\\s]+@[^@\\s]+$",
        "uri" => "^[a-zA-Z][a-zA-Z0-9+.-]*:\\S+$",
        _ => return true,
    };
    regex::Regex::new(shape).is_ok_and(|shape| shape.is_match(text))
}

fn members(root: &Value, schema: &Map<String, Value>, value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(members) => {
            let required = schema.get("required").and_then(Value::as_array);
            let has = |name: &Value| name.as_str().is_none_or(|name| members.contains_key(name));
            if required.is_some_and(|names| !names.iter().all(has)) {
                return false;
            }
            let properties = schema.get("properties").and_then(Value::as_object);
            members.iter().all(|(name, member)| match properties.and_then(|all| all.get(name)) {
                Some(property) => judge(root, property, member, depth),
                None if schema.contains_key("patternProperties") => true,
                None => {
                    schema.get("additionalProperties").is_none_or(|more| judge(root, more, member, depth))
                }
            })
        }
        Value::Array(items) => {
            let fixed =
                schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let each = schema.get("items");
            items.iter().enumerate().all(|(index, item)| match fixed.get(index) {
                Some(schema) => judge(root, schema, item, depth),
                None => each.is_none_or(|each| judge(root, each, item, depth)),
            })
        }
        _ => true,
    }
}
