//! The schemas of a document: one generator for what is read, one for what is written.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::problem::Detail;

const PREFIX: &str = "#/components/schemas/";
/// The Rust type behind a component; `#[model]` writes it, printing removes it.
pub(crate) const RUST_TYPE: &str = "x-rust-type";

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Collects the types that the operations speak of.
pub(crate) struct Schemas {
    request: SchemaGenerator,
    response: SchemaGenerator,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            request: settings.clone().for_deserialize().into_generator(),
            response: settings.for_serialize().into_generator(),
        }
    }

    fn generator(&mut self, side: Side) -> &mut SchemaGenerator {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }

    /// The schema of `T`, usually a reference to a component.
    pub(crate) fn schema<T: JsonSchema + ?Sized>(&mut self, side: Side) -> Value {
        let schema = self.generator(side).subschema_for::<T>().to_value();
        tidy(schema)
    }

    /// The schema of a problem's `details`.
    pub(crate) fn details(&mut self, details: &[Detail]) -> Value {
        let mut properties = Map::new();
        for detail in details {
            let mut schema = tidy(detail.schema(self.generator(Side::Response)).to_value());
            if !detail.description().is_empty()
                && let Value::Object(keywords) = &mut schema
            {
                keywords.insert("description".to_owned(), detail.description().into());
            }
            properties.insert(detail.name().to_owned(), schema);
        }
        let required: Vec<&str> = details.iter().map(Detail::name).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }

    /// The schema that a reference means, or the schema itself.
    pub(crate) fn resolve(&mut self, side: Side, schema: &Value) -> Value {
        let mut current = schema.clone();
        for _ in 0..32 {
            let Some(name) = current.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(PREFIX))
            else {
                break;
            };
            match self.generator(side).definitions().get(name) {
                Some(target) => current = tidy(target.clone()),
                None => break,
            }
        }
        current
    }

    /// Whether a keyword stands in the schema, or in what it refers to, at any depth.
    pub(crate) fn mentions(&mut self, side: Side, schema: &Value, keyword: &str) -> bool {
        let definitions = self.generator(side).definitions();
        let mut seen = BTreeSet::new();
        let mut open = vec![schema];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => {
                    if members.contains_key(keyword) {
                        return true;
                    }
                    let name =
                        members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(PREFIX));
                    if let Some(name) = name
                        && seen.insert(name)
                    {
                        open.extend(definitions.get(name));
                    }
                    open.extend(members.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        false
    }

    /// Merges both sides into the components of one document.
    pub(crate) fn finish(mut self) -> Components {
        let request = definitions(self.request.take_definitions(true));
        let mut response = definitions(self.response.take_definitions(true));
        let mut mistakes = Vec::new();
        for side in [&request, &response] {
            same_name(side, &mut mistakes);
        }
        mistakes.sort();
        mistakes.dedup();
        // A nullable member that the server always writes is optional for who sends it: where nothing
        // else differs, one component serves both sides.
        for (name, schema) in &mut response {
            if let Some(read) = request.get(name)
                && without_nullable_required(read) == without_nullable_required(schema)
            {
                *schema = read.clone();
            }
        }
        let split = differing(&request, &response);
        let mut components = BTreeMap::new();
        for (name, schema) in response {
            components.insert(name, schema);
        }
        for (name, schema) in request {
            let schema = rename(schema, &split);
            let name = if split.contains(&name) { request_name(&name) } else { name };
            components.insert(name, schema);
        }
        Components { components, split, mistakes }
    }
}

/// The merged components.
pub(crate) struct Components {
    pub(crate) components: BTreeMap<String, Value>,
    split: BTreeSet<String>,
    pub(crate) mistakes: Vec<String>,
}

impl Components {
    /// Drops what no operation speaks of: the types behind `Query<_>` and `Path<_>` became parameters.
    pub(crate) fn keep_reachable(&mut self, roots: impl Iterator<Item = Value>) {
        let mut open: Vec<String> = roots.flat_map(|root| references(&root)).collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some(schema) = self.components.get(&name)
                && reached.insert(name)
            {
                open.extend(references(schema));
            }
        }
        self.components.retain(|name, _| reached.contains(name));
    }

    /// A schema of an operation, with its references to what the components became.
    pub(crate) fn place(&self, side: Side, schema: Value) -> Value {
        match side {
            Side::Request => rename(schema, &self.split),
            Side::Response => schema,
        }
    }
}

fn request_name(name: &str) -> String {
    format!("{name}_Request")
}

fn definitions(map: Map<String, Value>) -> BTreeMap<String, Value> {
    map.into_iter().map(|(name, schema)| (name, tidy(schema))).collect()
}

/// Two types that ask for one name: the generator numbers the second one.
fn same_name(definitions: &BTreeMap<String, Value>, mistakes: &mut Vec<String>) {
    let rust = |schema: &Value| schema.get(RUST_TYPE).and_then(Value::as_str).map(str::to_owned);
    for (name, schema) in definitions {
        let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
        if base.len() == name.len() {
            continue;
        }
        let (Some(first), Some(here)) = (definitions.get(base), rust(schema)) else { continue };
        // `Item` and `Item2`, `Page<V>` and `Page<V2>` may be so named in the source.
        if spelled(&here) != *name {
            let first = rust(first)
                .map_or_else(|| "a type of another crate".to_owned(), |first| format!("`{first}`"));
            mistakes.push(format!(
                "two types have the schema name `{base}`: {first} and `{here}`; give one of them another with \
                 `#[model(name = \"…\")]`"
            ));
        }
    }
}

/// The schema name that follows from a Rust type: `shop::Page<shop::V2, 3>` is `Page_V2_3`.
fn spelled(rust: &str) -> String {
    rust.split(['<', '>', ','])
        .map(|part| part.rsplit("::").next().unwrap_or(part).trim())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// The names whose meaning differs between the sides, through references too.
fn differing(request: &BTreeMap<String, Value>, response: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let both =
        || request.iter().filter_map(|(name, read)| response.get(name).map(|written| (name, read, written)));
    let mut split: BTreeSet<String> =
        both().filter(|(_, read, written)| read != written).map(|(name, ..)| name.clone()).collect();
    loop {
        let more: Vec<String> = both()
            .filter(|(name, read, _)| {
                !split.contains(*name) && references(read).iter().any(|r| split.contains(r))
            })
            .map(|(name, ..)| name.clone())
            .collect();
        if more.is_empty() {
            return split;
        }
        split.extend(more);
    }
}

fn without_nullable_required(schema: &Value) -> Value {
    let mut schema = schema.clone();
    walk(&mut schema, &mut |map| {
        let nullable: Vec<String> = map
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| {
                properties
                    .iter()
                    .filter(|(_, schema)| nullable(schema))
                    .map(|(name, _)| name.clone())
                    .collect()
            })
            .unwrap_or_default();
        let mut empty = false;
        if let Some(Value::Array(required)) = map.get_mut("required") {
            required.retain(|name| !name.as_str().is_some_and(|name| nullable.iter().any(|n| n == name)));
            empty = required.is_empty();
        }
        if empty {
            map.remove("required");
        }
    });
    schema
}

fn nullable(schema: &Value) -> bool {
    let is_null = |value: &Value| value.as_str() == Some("null");
    match schema.get("type") {
        Some(Value::Array(types)) if types.iter().any(is_null) => return true,
        Some(one) if is_null(one) => return true,
        _ => {}
    }
    ["anyOf", "oneOf"].iter().any(|key| {
        schema.get(key).and_then(Value::as_array).is_some_and(|branches| branches.iter().any(nullable))
    })
}

pub(super) fn references(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = schema.clone();
    walk(&mut copy, &mut |map| {
        if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(PREFIX)) {
            found.push(name.to_owned());
        }
    });
    found
}

fn rename(mut schema: Value, split: &BTreeSet<String>) -> Value {
    walk(&mut schema, &mut |map| {
        if let Some(Value::String(reference)) = map.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(PREFIX)
            && split.contains(name)
        {
            *reference = format!("{PREFIX}{}", request_name(name));
        }
    });
    schema
}

/// Keywords whose value is a map from names to schemas, not a schema.
const SCHEMA_MAPS: [&str; 4] = ["properties", "patternProperties", "$defs", "dependentSchemas"];
/// Keywords whose value is data, not a schema.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "example"];

/// Calls `visit` on every schema object in `schema`, itself included.
pub(crate) fn walk(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(map) => {
            visit(map);
            for (key, value) in map.iter_mut() {
                if DATA.contains(&key.as_str()) {
                    continue;
                }
                match value {
                    Value::Object(members) if SCHEMA_MAPS.contains(&key.as_str()) => {
                        members.values_mut().for_each(|member| walk(member, visit));
                    }
                    other => walk(other, visit),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

/// From here on, 2^128 − 2^103, a number is infinite as an `f32`.
const SINGLE: f64 = 340_282_356_779_733_661_637_539_395_458_142_568_448.0;
/// RFC 3339's `partial-time`, for validators that do not know the format.
const TIME: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$";

/// States the exact range of every integer type that a JavaScript number can hold, and drops the names
/// of Rust's integer types, which no OpenAPI tool knows. Spells out what other formats leave to the reader.
fn tidy(mut schema: Value) -> Value {
    walk(&mut schema, &mut |map| {
        let range: Option<(i64, i64)> = match map.get("format").and_then(Value::as_str) {
            Some("int8") => Some((i8::MIN.into(), i8::MAX.into())),
            Some("int16") => Some((i16::MIN.into(), i16::MAX.into())),
            Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
            Some("uint8") => Some((0, u8::MAX.into())),
            Some("uint16") => Some((0, u16::MAX.into())),
            Some("uint32") => Some((0, u32::MAX.into())),
            _ => None,
        };
        match map.get("format").and_then(Value::as_str) {
            Some("float") => {
                for (inclusive, exclusive, bound) in
                    [("minimum", "exclusiveMinimum", -SINGLE), ("maximum", "exclusiveMaximum", SINGLE)]
                {
                    if !map.contains_key(inclusive) && !map.contains_key(exclusive) {
                        map.insert(exclusive.to_owned(), json!(bound));
                    }
                }
            }
            Some("partial-time") => {
                map.entry("pattern").or_insert_with(|| json!(TIME));
            }
            Some("ip") => {
                map.remove("format");
                map.insert("anyOf".to_owned(), json!([{ "format": "ipv4" }, { "format": "ipv6" }]));
            }
            _ => {}
        }
        if let Some((least, most)) = range {
            map.entry("minimum").or_insert_with(|| json!(least));
            map.entry("maximum").or_insert_with(|| json!(most));
            if map.get("format").and_then(Value::as_str) != Some("int32") {
                map.remove("format");
            }
        }
    });
    schema
}
