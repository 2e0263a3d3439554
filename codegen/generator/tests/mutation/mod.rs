//! Documents that are almost right: parts of real ones with a few changes that know what OpenAPI is.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// How many paths of a document one case has at most.
const PATHS: u64 = 6;
/// How many components of a kind.
const COMPONENTS: usize = 60;
/// How deep a schema is nested where it is nested for depth.
const NESTING: usize = 90;

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    pub(crate) fn of<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len() as u64) as usize)
    }
}

/// Some paths of a document, with the components that they need.
pub(crate) fn part(document: &Value, dice: &mut Dice) -> Value {
    let mut part = document.clone();
    let Some(paths) = part.get_mut("paths").and_then(Value::as_object_mut) else { return part };
    let names: Vec<String> = paths.keys().cloned().collect();
    let mut kept = BTreeSet::new();
    for _ in 0..=dice.below(PATHS) {
        kept.extend(dice.of(&names).cloned());
    }
    paths.retain(|name, _| kept.contains(name));
    let mut needed = BTreeSet::new();
    let mut open = Vec::new();
    references(&part["paths"], &mut open);
    while let Some(reference) = open.pop() {
        if needed.len() < COMPONENTS
            && let Some(target) = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer))
            && needed.insert(reference)
        {
            references(target, &mut open);
        }
    }
    if let Some(components) = part.get_mut("components").and_then(Value::as_object_mut) {
        for (kind, members) in components {
            if let Some(members) = members.as_object_mut().filter(|_| kind != "securitySchemes") {
                members.retain(|name, _| needed.contains(&format!("#/components/{kind}/{name}")));
            }
        }
    }
    // What was one too many is anything.
    let mut left = Vec::new();
    references(&part, &mut left);
    for reference in left {
        let words: Vec<&str> = reference.split('/').collect();
        if let ["#", "components", "schemas", name] = words.as_slice()
            && part.pointer(&reference[1..]).is_none()
        {
            part["components"]["schemas"][*name] = json!({});
        }
    }
    part
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(reference) if key == "$ref" => found.push(reference.clone()),
                    value => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// All places of a document, as JSON pointers.
fn places(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                places(value, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

/// Changes one thing.
pub(crate) fn mutate(document: &mut Value, dice: &mut Dice) {
    let mut all = Vec::new();
    places(document, String::new(), &mut all);
    let Some(pointer) = dice.of(&all).cloned() else { return };
    let other = dice.of(&all).cloned().unwrap_or_default();
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    match dice.below(12) {
        0 => drop(parent_of(document, parent).and_then(|members| members.remove(&key))),
        // What stands elsewhere under the same name.
        1 => {
            let same: Vec<&String> =
                all.iter().filter(|place| place.rsplit('/').next() == pointer.rsplit('/').next()).collect();
            let donor = dice.of(&same).and_then(|place| document.pointer(place)).cloned();
            set(document, &pointer, donor.unwrap_or_default());
        }
        2 => {
            let copied = document.pointer(&other).cloned().unwrap_or_default();
            set(document, &pointer, copied);
        }
        3 => {
            let value = any_value(dice);
            set(document, &pointer, value);
        }
        4 => {
            let name = any_name(dice);
            if let Some(members) = parent_of(document, parent)
                && let Some(value) = members.remove(&key)
            {
                members.insert(name, value);
            }
        }
        5 => {
            let name = any_name(dice);
            let copied = document.pointer(&pointer).cloned().unwrap_or_default();
            if let Some(members) = parent_of(document, parent) {
                members.insert(name, copied);
            }
        }
        6 => {
            // A circle as often as not.
            let target = if dice.below(2) == 0 { parent.to_owned() } else { other };
            set(document, &pointer, json!({ "$ref": format!("#{target}") }));
        }
        7 => {
            let mut value = document.pointer(&pointer).cloned().unwrap_or_default();
            value = match dice.below(6) {
                0 => json!({ "allOf": [value, { "$ref": format!("#{pointer}") }] }),
                1 => {
                    json!({ "oneOf": [value, { "$ref": format!("#{parent}") }], "discriminator": { "propertyName": any_name(dice) } })
                }
                2 => json!({ "anyOf": [value.clone(), value, { "type": "null" }] }),
                3 => json!({ "type": "array", "prefixItems": [value.clone()], "items": value }),
                4 => (0..NESTING).fold(value, |inner, _| json!({ "items": inner })),
                _ => json!({ "type": "object", "additionalProperties": value, "required": [any_name(dice)] }),
            };
            set(document, &pointer, value);
        }
        8 => {
            if let Some(members) = document.pointer_mut(&pointer).and_then(Value::as_object_mut) {
                let (key, value) = any_keyword(dice);
                members.insert(key.to_owned(), value);
            }
        }
        _ => {
            if let Some(word) = vocabulary(&key).and_then(|words| dice.of(words)) {
                set(document, &pointer, json!(word));
            }
        }
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = value;
    }
}

fn parent_of<'d>(document: &'d mut Value, pointer: &str) -> Option<&'d mut Map<String, Value>> {
    document.pointer_mut(pointer).and_then(Value::as_object_mut)
}

/// Words that a keyword knows.
fn vocabulary(key: &str) -> Option<&'static [&'static str]> {
    Some(match key {
        "in" => &["path", "query", "header", "cookie", "body", "formData"],
        "style" => {
            &["form", "simple", "label", "matrix", "spaceDelimited", "pipeDelimited", "deepObject", ""]
        }
        "type" => &[
            "null",
            "boolean",
            "integer",
            "number",
            "string",
            "array",
            "object",
            "file",
            "apiKey",
            "http",
            "mutualTLS",
        ],
        "format" => &["int64", "uint64", "binary", "byte", "date-time", "*/"],
        "scheme" => &["bearer", "basic", "digest", "Basic"],
        "operationId" => &[
            "delete",
            "get",
            "then",
            "constructor",
            "__proto__",
            "configure",
            "toString",
            "a b",
            "订单",
            "1",
            "",
            "getPet",
            "e1",
        ],
        "openapi" => &["3.0.0", "3.1.1", "2.0", "3.", "4.0.0"],
        "url" => {
            &["https://a.example/{b}", "/v1", "https://", "http://a b", "https://b.example/?x#y", "\u{2028}"]
        }
        "name" | "propertyName" => {
            &["id", "", "a]b", "constructor", "__proto__", "X-A'b", "Referer", "Content-Type", "{id}", "汉"]
        }
        _ => return None,
    })
}

fn any_name(dice: &mut Dice) -> String {
    const NAMES: [&str; 26] = [
        "__proto__",
        "constructor",
        "class",
        "",
        "*/",
        "'",
        "\\",
        "\u{2028}",
        "1",
        "a b",
        "订单",
        "get",
        "post",
        "patch",
        "application/json",
        "multipart/form-data",
        "text/plain",
        "application/x-www-form-urlencoded",
        "200",
        "default",
        "/a/{id}",
        "/a/{id}/{id}#x",
        "${x}`",
        "Promise",
        "any",
        "\u{1f600}",
    ];
    dice.of(&NAMES).copied().unwrap_or_default().to_owned()
}

fn any_keyword(dice: &mut Dice) -> (&'static str, Value) {
    match dice.below(18) {
        0 => ("nullable", json!(true)),
        1 => ("additionalProperties", json!(dice.below(2) == 0)),
        2 => ("enum", json!([])),
        3 => ("enum", json!(["a", 1, null, { "b": [] }, -0.5, 1e300, u64::MAX, "\u{2029}"])),
        4 => ("const", Value::Null),
        5 => ("required", json!([any_name(dice), 1])),
        6 => ("explode", json!(dice.below(2) == 0)),
        7 => (
            "servers",
            json!([{ "url": "https://{a}.example/x/", "variables": { "a": { "default": "'" } } }]),
        ),
        8 => ("security", json!([{ "none": [] }, {}])),
        9 => ("properties", json!({ any_name(dice): { "type": "string", "description": "*/\u{2028}" } })),
        10 => ("items", json!({})),
        11 => ("content", json!({ any_name(dice): { "schema": { "type": "object" } } })),
        12 => ("description", json!("*/ ');\n\u{2028}throw 1 // `${x}` \\")),
        13 => ("requestBody", json!({ "required": dice.below(2) == 0, "content": { any_name(dice): {} } })),
        14 => (
            "parameters",
            json!([{ "in": "query", "name": any_name(dice), "schema": { "type": ["array", "object"] } }]),
        ),
        15 => ("encoding", json!({ any_name(dice): { "style": "deepObject" } })),
        16 => ("x-queqiao", json!({})),
        _ => (
            "discriminator",
            json!({ "propertyName": any_name(dice), "mapping": { any_name(dice): any_name(dice) } }),
        ),
    }
}

fn any_value(dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1.5),
        3 => json!(any_name(dice)),
        4 => json!({ "$ref": "#" }),
        5 => json!({ "$ref": "#/paths" }),
        6 => json!({ "$ref": 1 }),
        7 => json!({ "$ref": "other.yaml#/A" }),
        8 => json!([]),
        9 => json!({}),
        10 => json!(["null", "array", "null"]),
        11 => json!([{ "type": "object" }]),
        12 => json!({ any_name(dice): { any_name(dice): any_name(dice) } }),
        _ => json!(u64::MAX),
    }
}
