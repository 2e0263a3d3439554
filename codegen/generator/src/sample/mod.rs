//! Values that a schema allows, for readers who want to see one: the document's own examples where it has some, and
//! made ones, the same at every run, where it has none.

mod fits;
mod merge;
mod pattern;

use std::cell::Cell;

use serde_json::{Map, Value, json};

pub(crate) use self::fits::fits;
use self::merge::{merge, without_examples};
use crate::read::node;

/// How deep values are made; what lies deeper is left out where it may be.
const DEEPEST: usize = 8;
/// Where even what must be there ends.
const LAST: usize = 32;
/// How many values are made for one schema.
const MOST: usize = 2_000;
/// How many references and parts of one schema are put together.
const PARTS: usize = 64;
/// No text and no list is made longer.
const LONGEST: u64 = 4096;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Makes values.
pub(crate) struct Samples<'a> {
    root: &'a Value,
    side: Side,
    /// Whether members that may be missing are.
    brief: bool,
    left: Cell<usize>,
}

/// A value for a schema. `name`: what it is called, which a text may as well say.
pub(crate) fn sample(root: &Value, schema: &Value, name: &str, side: Side) -> Value {
    let samples = Samples { root, side, brief: false, left: Cell::new(MOST) };
    samples.value(schema, name, 0, 0)
}

/// A value for a schema that has only what it must have.
pub(crate) fn brief_sample(root: &Value, schema: &Value, side: Side) -> Value {
    let samples = Samples { root, side, brief: true, left: Cell::new(MOST) };
    samples.value(schema, "", 0, 0)
}

/// What `$ref` leads to.
pub(crate) fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    node::target(reference, root).ok()
}

impl Samples<'_> {
    /// `nth`: which of several different values is wanted.
    fn value(&self, schema: &Value, name: &str, depth: usize, nth: usize) -> Value {
        // Of a schema without an end there is no value.
        let Some(left) = self.left.get().checked_sub(1).filter(|_| depth < LAST) else { return Value::Null };
        self.left.set(left);
        let mut parts = PARTS;
        let schema = self.flat(schema, depth, &mut parts);
        if let Some(value) = given(&schema, nth)
            && (self.is_whole(&schema) || fits(self.root, &Value::Object(schema.clone()), &value))
        {
            return value;
        }
        match kind(&schema) {
            "object" => self.object(&schema, depth),
            "array" => self.array(&schema, name, depth),
            "string" => Value::String(text(&schema, name, nth)),
            "integer" => number(&schema, true, nth),
            "number" => number(&schema, false, nth),
            "boolean" => Value::Bool(nth % 2 == 1),
            _ => Value::Null,
        }
    }

    /// A constant or a choice is right by itself.
    fn is_whole(&self, schema: &Map<String, Value>) -> bool {
        schema.contains_key("const") || schema.contains_key("enum")
    }

    /// References and parts put together, and of alternatives the first that says something.
    fn flat(&self, schema: &Value, depth: usize, parts: &mut usize) -> Map<String, Value> {
        let Value::Object(own) = schema else { return Map::new() };
        let mut whole = own.clone();
        let Some(left) = parts.checked_sub(1) else { return whole };
        *parts = left;
        if let Some(reference) = own.get("$ref").and_then(Value::as_str) {
            whole.remove("$ref");
            if let Some(found) = target(self.root, reference) {
                merge(&mut whole, self.flat(found, depth, parts));
            }
        }
        if let Some(Value::Array(all)) = whole.remove("allOf") {
            let alone = all.len() == 1 && !whole.contains_key("properties");
            for part in &all {
                let mut part = self.flat(part, depth, parts);
                if !alone {
                    without_examples(&mut part);
                }
                merge(&mut whole, part);
            }
        }
        for key in ["oneOf", "anyOf"] {
            let Some(Value::Array(branches)) = whole.remove(key) else { continue };
            let discriminator = whole.remove("discriminator");
            let says = |branch: &&Value| branch.get("type").and_then(Value::as_str) != Some("null");
            // What leads back to itself comes last, so that there is an end.
            let plain = |branch: &&Value| says(branch) && branch.get("$ref").is_none();
            let branch = match depth < DEEPEST {
                true => branches.iter().find(says),
                false => branches.iter().find(plain).or_else(|| branches.iter().find(says)),
            };
            let Some(branch) = branch.or(branches.first()) else { continue };
            let mut chosen = self.flat(branch, depth, parts);
            if whole.contains_key("example") || whole.contains_key("examples") {
                without_examples(&mut chosen);
            }
            merge(&mut whole, chosen);
            if let Some((property, value)) = discriminator.as_ref().and_then(|told| told_apart(told, branch))
            {
                let named =
                    json!({ "properties": { property.clone(): { "const": value } }, "required": [property] });
                merge(&mut whole, named.as_object().cloned().unwrap_or_default());
            }
        }
        whole
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let required: Vec<&str> = words(schema.get("required"));
        let mut members = Map::new();
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut properties: Vec<_> = properties.iter().collect();
        properties.sort_by_key(|(name, _)| *name);
        for (name, property) in properties {
            let wanted = required.contains(&name.as_str());
            if self.is_other_side(property) || property == &Value::Bool(false) {
                continue;
            }
            if wanted || !self.brief && depth < DEEPEST && !self.returns(property, schema) {
                members.insert(name.clone(), self.value(property, name, depth + 1, 0));
            }
        }
        for name in &required {
            if !members.contains_key(*name) && !schema.contains_key("properties") {
                members.insert((*name).to_owned(), json!({}));
            }
        }
        let least = count(schema, "minProperties").unwrap_or(0);
        let more = schema.get("additionalProperties").filter(|more| more.is_object());
        // A map shows what its values are.
        let shown = u64::from(more.is_some() && members.is_empty() && depth < DEEPEST);
        let mut index = 1;
        while (members.len() as u64) < least.max(shown).min(LONGEST) {
            let key = self.key(schema, index);
            let value = more.map_or(json!({}), |more| self.value(more, "value", depth + 1, 0));
            if members.insert(key, value).is_some() {
                break;
            }
            index += 1;
        }
        if let Some(most) = count(schema, "maxProperties") {
            let spare: Vec<String> =
                members.keys().filter(|name| !required.contains(&name.as_str())).cloned().collect();
            for name in spare.iter().rev() {
                if members.len() as u64 > most {
                    members.remove(name);
                }
            }
        }
        Value::Object(members)
    }

    fn key(&self, schema: &Map<String, Value>, index: usize) -> String {
        if let Some(names) = schema.get("propertyNames")
            && let Value::String(key) = self.value(names, "key", DEEPEST, index - 1)
        {
            return key;
        }
        let pattern =
            schema.get("patternProperties").and_then(Value::as_object).and_then(|all| all.keys().min());
        let made = pattern.and_then(|pattern| pattern::matching(pattern, index, usize::MAX));
        made.unwrap_or_else(|| if index == 1 { "key".to_owned() } else { format!("key{index}") })
    }

    /// Whether an optional property only leads back into the schema that it is in.
    fn returns(&self, property: &Value, schema: &Map<String, Value>) -> bool {
        let (mut seen, mut open) = (Vec::new(), vec![property]);
        while let Some(found) = open.pop() {
            let Value::Object(found) = found else { continue };
            if let Some(reference) = found.get("$ref").and_then(Value::as_str) {
                if seen.contains(&reference) || seen.len() > PARTS {
                    continue;
                }
                seen.push(reference);
                if let Some(target) = target(self.root, reference) {
                    if target.get("properties").is_some()
                        && target.get("properties") == schema.get("properties")
                    {
                        return true;
                    }
                    open.push(target);
                }
            }
            for key in ["allOf", "oneOf", "anyOf"] {
                open.extend(found.get(key).and_then(Value::as_array).into_iter().flatten());
            }
            open.extend(found.get("items"));
            open.extend(found.get("additionalProperties"));
        }
        false
    }

    fn is_other_side(&self, property: &Value) -> bool {
        let other = if self.side == Side::Request { "readOnly" } else { "writeOnly" };
        let found = property.get("$ref").and_then(Value::as_str).and_then(|to| target(self.root, to));
        [Some(property), found]
            .into_iter()
            .flatten()
            .any(|place| place.get(other) == Some(&Value::Bool(true)))
    }

    fn array(&self, schema: &Map<String, Value>, name: &str, depth: usize) -> Value {
        let fixed =
            schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut items: Vec<Value> = fixed.iter().map(|item| self.value(item, name, depth + 1, 0)).collect();
        let least = count(schema, "minItems").unwrap_or(0);
        let most = count(schema, "maxItems").unwrap_or(u64::MAX);
        let each = schema.get("items").filter(|each| *each != &Value::Bool(false));
        // A list shows what its items are.
        let shown = u64::from(each.is_some() && fixed.is_empty() && depth < DEEPEST);
        let different = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let anything = Value::Bool(true);
        while (items.len() as u64) < least.max(shown).min(most).min(LONGEST) {
            let nth = if different { items.len() } else { 0 };
            items.push(self.value(each.unwrap_or(&anything), name, depth + 1, nth));
        }
        Value::Array(items)
    }
}

/// What the schema itself gives: an example, a constant, a choice, a default.
fn given(schema: &Map<String, Value>, nth: usize) -> Option<Value> {
    let first = schema.get("examples").and_then(Value::as_array).and_then(|all| all.get(nth).or(all.first()));
    if let Some(value) = schema.get("const") {
        return Some(value.clone());
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let chosen = schema.get("example").or(first).filter(|example| choices.contains(example));
        let real = || choices.iter().filter(|choice| !choice.is_null()).nth(nth);
        return chosen.filter(|_| nth == 0).or_else(real).or(choices.first()).cloned();
    }
    let own = first.or_else(|| schema.get("example")).or_else(|| schema.get("default")).cloned();
    own.filter(|value| !value.is_null() && nth == 0)
}

/// The value by which a discriminator knows a branch.
fn told_apart(discriminator: &Value, branch: &Value) -> Option<(String, String)> {
    let property = discriminator.get("propertyName")?.as_str()?;
    let reference = branch.get("$ref")?.as_str()?;
    let name = reference.rsplit('/').next()?;
    let mapped = discriminator.get("mapping").and_then(Value::as_object).and_then(|mapping| {
        let leads = |to: &Value| to.as_str().is_some_and(|to| to == reference || to == name);
        mapping.iter().filter(|(_, to)| leads(to)).map(|(value, _)| value.as_str()).min()
    });
    Some((property.to_owned(), mapped.unwrap_or(name).to_owned()))
}

fn kind(schema: &Map<String, Value>) -> &str {
    match schema.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ => {
            let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
            if has(&["properties", "additionalProperties", "required", "minProperties", "patternProperties"])
            {
                "object"
            } else if has(&["items", "prefixItems", "minItems"]) {
                "array"
            } else if has(&["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]) {
                "number"
            } else if has(&["pattern", "minLength", "maxLength", "format"]) {
                "string"
            } else {
                // Anything at all; an object is what most readers of "anything" take.
                "object"
            }
        }
    }
}

fn text(schema: &Map<String, Value>, name: &str, nth: usize) -> String {
    let min = count(schema, "minLength").unwrap_or(0).min(LONGEST) as usize;
    let max = count(schema, "maxLength").map_or(usize::MAX, |max| max as usize);
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && let Some(found) = pattern::matching(pattern, min.max(nth), max)
    {
        return found;
    }
    let formatted = schema.get("format").and_then(Value::as_str).and_then(|format| of_format(format, nth));
    if let Some(found) = formatted
        && (min..=max).contains(&found.chars().count())
    {
        return found;
    }
    let plain = if name.is_empty() { "text" } else { name };
    let mut text: String = if nth > 0 { format!("{plain}{nth}") } else { plain.to_owned() };
    while text.chars().count() < min {
        text.push_str(plain);
    }
    let keep = text.chars().count().min(max.min(min.max(64)));
    let skip = if nth > 0 { text.chars().count() - keep } else { 0 };
    text.chars().skip(skip).take(keep).collect()
}

fn of_format(format: &str, nth: usize) -> Option<String> {
    let digit = nth % 10;
    Some(match format {
        "date-time" => format!("2026-01-{:02}T08:00:00Z", nth % 28 + 1),
        "date" => format!("2026-01-{:02}", nth % 28 + 1),
        "time" => "08:00:00Z".to_owned(),
        "partial-date-time" => "2026-01-01T08:00:00".to_owned(),
        "partial-time" => "08:00:00".to_owned(),
        "duration" => format!("PT{}M", nth + 1),
        "uuid" => format!("00000000-0000-4000-8000-{nth:012}"),
        "email" | "idn-email" => format!("someone{nth}@example.com"),
        "hostname" | "idn-hostname" => format!("h{nth}.example.com"),
        "ipv4" | "ip" => format!("192.0.2.{digit}"),
        "ipv6" => format!("2001:db8::{digit}"),
        "uri" | "url" | "iri" => format!("https://example.com/{nth}"),
        "uri-reference" | "iri-reference" => format!("/{nth}"),
        "uri-template" => "/{id}".to_owned(),
        "json-pointer" => format!("/{nth}"),
        "byte" | "base64" | "base64url" => "aGVsbG8=".to_owned(),
        "regex" => "^a+$".to_owned(),
        "decimal" => format!("{nth}.5"),
        "int64" | "uint64" => (nth + 1).to_string(),
        _ => return None,
    })
}

fn number(schema: &Map<String, Value>, integer: bool, nth: usize) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let nudge = if integer { 1.0 } else { step.unwrap_or(0.5) };
    let low = match (bound("minimum"), bound("exclusiveMinimum")) {
        (Some(low), None) if flag("exclusiveMinimum") => Some(low + nudge),
        (low, above) => [low, above.map(|above| above + nudge)].into_iter().flatten().reduce(f64::max),
    };
    let high = match (bound("maximum"), bound("exclusiveMaximum")) {
        (Some(high), None) if flag("exclusiveMaximum") => Some(high - nudge),
        (high, below) => [high, below.map(|below| below - nudge)].into_iter().flatten().reduce(f64::min),
    };
    let step = step.unwrap_or(if integer { 1.0 } else { 0.0 }).max(if integer { 1.0 } else { 0.0 });
    let mut value = 1.0_f64;
    if let Some(high) = high {
        value = value.min(high);
    }
    if let Some(low) = low {
        value = value.max(low);
    }
    if step > 0.0 {
        let up = (value / step).ceil() * step;
        value = match high {
            Some(high) if up > high => (high / step).floor() * step,
            _ => up,
        };
        value += step * nth as f64;
    } else {
        value += nth as f64;
    }
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        // A narrow open range: its middle.
        value = (bound("minimum").or(bound("exclusiveMinimum")).unwrap_or(low)
            + bound("maximum").or(bound("exclusiveMaximum")).unwrap_or(high))
            / 2.0;
    }
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

fn count(schema: &Map<String, Value>, key: &str) -> Option<u64> {
    schema.get(key)?.as_f64().filter(|count| *count >= 0.0).map(|count| count as u64)
}

fn words(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_valid(root: &Value, schema: &Value, value: &Value) {
        let mut whole = root.clone();
        if let (Value::Object(whole), Value::Object(schema)) = (&mut whole, schema) {
            whole.extend(schema.clone());
        }
        let validator = jsonschema::draft202012::new(&whole).expect("a schema");
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{schema}\n{value}\n{errors:?}");
    }

    /// Schemas of every kind; the references lead into `components`.
    fn schemas() -> (Value, Vec<Value>) {
        let reference = |name: &str| json!({ "$ref": format!("#/components/{name}") });
        let root = json!({ "components": {
            "Tree": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "minLength": 3 },
                "children": { "type": "array", "items": reference("Tree") },
                "parent": { "anyOf": [reference("Tree"), { "type": "null" }] },
            } },
            "Shape": { "oneOf": [reference("Circle"), reference("Box")],
                "discriminator": { "propertyName": "kind", "mapping": { "circle": "#/components/Circle" } } },
            "Circle": { "type": "object", "required": ["kind", "radius"], "properties": {
                "kind": { "enum": ["circle"] }, "radius": { "type": "number", "exclusiveMinimum": 0 } } },
            "Box": { "type": "object", "required": ["kind"], "properties": { "kind": { "enum": ["box"] } } },
            "Base": { "type": "object", "required": ["code"], "properties": { "code": { "type": "string" } },
                "example": { "code": "x" } },
        } });
        let all = vec![
            json!({ "type": "string", "minLength": 5, "maxLength": 5 }),
            json!({ "type": "string", "maxLength": 0 }),
            json!({ "type": "string", "pattern": "^[0-9]{6}$" }),
            json!({ "type": "string", "format": "uuid", "examples": ["6f1c2c1e-5f0a-4a8e-9d3b-1d2f3a4b5c6d"] }),
            json!({ "type": "string", "maxLength": 3, "example": "too long" }),
            json!({ "type": ["null", "integer"], "minimum": 3, "maximum": 4 }),
            json!({ "type": "integer", "multipleOf": 7, "minimum": 50 }),
            json!({ "type": "integer", "maximum": -4 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "type": "array", "items": { "type": "integer" }, "minItems": 3, "uniqueItems": true }),
            json!({ "type": "array", "items": { "enum": ["a", "b"] }, "minItems": 2, "uniqueItems": true }),
            json!({ "type": "array", "items": { "type": "string", "format": "date" }, "minItems": 2, "uniqueItems": true }),
            json!({ "type": "array", "maxItems": 0, "items": { "type": "string" } }),
            json!({ "type": "array", "prefixItems": [{ "type": "boolean" }, { "const": 3 }], "items": false, "minItems": 2 }),
            json!({ "type": "object", "additionalProperties": { "type": "integer" }, "minProperties": 2 }),
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "propertyNames": { "pattern": "^[a-z]{2}$" } }),
            json!({ "type": "object", "additionalProperties": false, "properties": { "a": {}, "b": { "type": "null" } }, "maxProperties": 1 }),
            json!({ "allOf": [reference("Base"), { "required": ["size"], "properties": {
                "size": { "type": "integer", "minimum": 2 }, "code": { "enum": ["a.b"] } } }] }),
            reference("Tree"),
            reference("Shape"),
            json!({ "anyOf": [{ "type": "null" }, reference("Box")] }),
            json!({ "const": null }),
            json!({ "enum": [null, "x"] }),
            json!({ "default": 4, "type": "integer" }),
            json!({ "type": "string", "default": 4 }),
            json!({}),
        ];
        (root, all)
    }

    #[test]
    fn made_values_are_valid_and_always_the_same() {
        let (root, schemas) = schemas();
        for schema in &schemas {
            for side in [Side::Request, Side::Response] {
                let value = sample(&root, schema, "name", side);
                assert_valid(&root, schema, &value);
                assert!(fits(&root, schema, &value), "{schema} {value}");
                assert_eq!(value, sample(&root, schema, "name", side));
            }
            assert_valid(&root, schema, &brief_sample(&root, schema, Side::Response));
        }
    }

    #[test]
    fn the_documents_own_words_come_first() {
        let root = json!({});
        let own = json!({ "type": "object", "properties": { "a": { "type": "string", "example": "真" } } });
        assert_eq!(sample(&root, &own, "", Side::Request), json!({ "a": "真" }));
        let wrong = json!({ "type": "integer", "example": "none", "minimum": 2 });
        assert_eq!(sample(&root, &wrong, "", Side::Request), json!(2));
    }

    #[test]
    fn members_of_the_other_direction_are_left_out() {
        let schema = json!({ "type": "object", "properties": {
            "id": { "type": "integer", "readOnly": true }, "password": { "type": "string", "writeOnly": true } } });
        assert_eq!(sample(&json!({}), &schema, "", Side::Request), json!({ "password": "password" }));
        assert_eq!(sample(&json!({}), &schema, "", Side::Response), json!({ "id": 1 }));
    }

    #[test]
    fn schemas_without_an_end_give_values_with_one() {
        let root = json!({ "A": { "type": "object", "required": ["a", "b"], "properties": {
            "a": { "$ref": "#/A" }, "b": { "$ref": "#/A" } } }, "B": { "$ref": "#/B" }, "C": { "allOf": [{ "$ref": "#/C" }] } });
        for name in ["A", "B", "C"] {
            let value = sample(&root, &json!({ "$ref": format!("#/{name}") }), "", Side::Request);
            assert!(value.to_string().len() < 100_000);
        }
    }
}
