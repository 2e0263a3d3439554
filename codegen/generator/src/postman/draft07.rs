//! Schemas as Postman's scripts can check them: self-contained, in JSON Schema draft 7.
//!
//! The sandbox of Postman and newman has Ajv 6, which knows neither the keywords of draft 2020-12 nor those that
//! OpenAPI 3.0 added, and refuses formats that it does not know.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::GenerateError;
use crate::read::node::Node;

/// How deep schemas may be nested.
const DEEPEST: usize = 100;
/// What both drafts mean alike.
const KEPT: [&str; 17] = [
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "minimum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "format",
];
/// Formats that Ajv 6 checks as JSON Schema means them.
const FORMATS: [&str; 8] = ["date-time", "date", "time", "email", "ipv4", "ipv6", "uri", "uuid"];

/// Converts schemas and gathers what they refer to.
pub(super) struct Converter<'a> {
    root: &'a Value,
    /// Of each place that is referred to: its name.
    names: BTreeMap<String, String>,
    open: Vec<Node<'a>>,
    definitions: BTreeMap<String, Value>,
    is_30: bool,
}

impl<'a> Converter<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
        Self {
            root,
            names: BTreeMap::new(),
            open: Vec::new(),
            definitions: BTreeMap::new(),
            is_30: version.starts_with("3.0"),
        }
    }

    /// The schema of an answer.
    pub(super) fn convert(&mut self, schema: &Node<'a>) -> Result<Value, GenerateError> {
        let converted = self.schema(schema, DEEPEST)?;
        while let Some(place) = self.open.pop() {
            let definition = self.schema(&place, DEEPEST)?;
            if let Some(name) = self.names.get(&*place.pointer()) {
                self.definitions.insert(name.clone(), definition);
            }
        }
        Ok(converted)
    }

    /// Everything that the converted schemas refer to.
    pub(super) fn definitions(self) -> Value {
        Value::Object(self.definitions.into_iter().collect())
    }

    fn reference(&mut self, schema: &Node<'a>, reference: &'a str) -> Result<Value, GenerateError> {
        let found = schema.follow(reference, self.root)?;
        let name = match self.names.get(&*found.pointer()) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_name(&found.pointer());
                self.names.insert(found.pointer().into_owned(), name.clone());
                self.open.push(found);
                name
            }
        };
        Ok(json!({ "$ref": format!("#/definitions/{name}") }))
    }

    fn free_name(&self, pointer: &str) -> String {
        let plain =
            |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.', "_");
        let short = plain(pointer.rsplit('/').next().unwrap_or_default());
        let is_free = |name: &String| !self.names.values().any(|taken| taken == name);
        let names = [short, plain(pointer)].into_iter();
        let numbered = (2..).map(|number| format!("{}{number}", plain(pointer)));
        names.chain(numbered).find(is_free).unwrap_or_default()
    }

    fn schema(&mut self, schema: &Node<'a>, depth: usize) -> Result<Value, GenerateError> {
        if schema.value.is_boolean() {
            return Ok(schema.value.clone());
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Err(GenerateError::TooDeep { pointer: schema.pointer().into_owned(), limit: DEEPEST });
        };
        schema.members()?;
        let Some(reference) = schema.text("$ref") else { return self.keywords(schema, depth) };
        let target = self.reference(schema, reference)?;
        let beside = if self.is_30 { json!({}) } else { self.keywords(schema, depth)? };
        // Draft 7 ignores what stands beside a reference.
        Ok(match beside == json!({}) {
            true => target,
            false => json!({ "allOf": [target, beside] }),
        })
    }

    fn keywords(&mut self, schema: &Node<'a>, depth: usize) -> Result<Value, GenerateError> {
        let mut out = Map::new();
        for key in KEPT {
            if let Some(value) = schema.value.get(key) {
                out.insert(key.to_owned(), value.clone());
            }
        }
        if !schema.text("format").is_some_and(|format| FORMATS.contains(&format)) {
            out.remove("format");
        }
        if let Some(pattern) = schema.text("pattern").filter(|pattern| is_plain(pattern)) {
            out.insert("pattern".to_owned(), json!(pattern));
        }
        for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            let flag = out.get(exclusive).and_then(Value::as_bool);
            if flag.is_some() {
                out.remove(exclusive);
            }
            if flag == Some(true)
                && let Some(limit) = out.remove(bound)
            {
                out.insert(exclusive.to_owned(), limit);
            }
        }
        for key in ["not", "if", "then", "else", "propertyNames", "additionalProperties"] {
            if let Some(inner) = schema.get(key) {
                out.insert(key.to_owned(), self.schema(&inner, depth)?);
            }
        }
        // How many items must be so cannot be said; that none need be is no demand.
        if let Some(inner) = schema.get("contains")
            && schema.value.get("minContains") != Some(&json!(0))
        {
            out.insert("contains".to_owned(), self.schema(&inner, depth)?);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            if let Some(list) = schema.get(key) {
                out.insert(key.to_owned(), self.list(&list, depth)?);
            }
        }
        if let Some(fixed) = schema.get("prefixItems") {
            out.insert("items".to_owned(), self.list(&fixed, depth)?);
            if let Some(rest) = schema.get("items") {
                out.insert("additionalItems".to_owned(), self.schema(&rest, depth)?);
            }
        } else if let Some(items) = schema.get("items") {
            out.insert("items".to_owned(), self.schema(&items, depth)?);
        }
        self.members(schema, depth, &mut out)?;
        let mut dependencies = Map::new();
        if let Some(names) = schema.object("dependentRequired")? {
            dependencies.extend(
                names.children()?.into_iter().map(|(name, list)| (name.to_owned(), list.value.clone())),
            );
        }
        if let Some(schemas) = schema.object("dependentSchemas")? {
            for (name, inner) in schemas.children()? {
                dependencies.insert(name.to_owned(), self.schema(&inner, depth)?);
            }
        }
        if !dependencies.is_empty() {
            out.insert("dependencies".to_owned(), Value::Object(dependencies));
        }
        Ok(match schema.flag("nullable") {
            true => json!({ "anyOf": [{ "type": "null" }, out] }),
            false => Value::Object(out),
        })
    }

    fn list(&mut self, list: &Node<'a>, depth: usize) -> Result<Value, GenerateError> {
        list.items()?.iter().map(|inner| self.schema(inner, depth)).collect()
    }

    fn members(
        &mut self,
        schema: &Node<'a>,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<(), GenerateError> {
        if let Some(properties) = schema.object("properties")? {
            let mut converted = Map::new();
            for (name, property) in properties.children()? {
                // What is only sent is never answered.
                if property.flag("writeOnly")
                    && let Some(Value::Array(required)) = out.get_mut("required")
                {
                    required.retain(|other| other.as_str() != Some(name));
                }
                converted.insert(name.to_owned(), self.schema(&property, depth)?);
            }
            out.insert("properties".to_owned(), Value::Object(converted));
        }
        if let Some(patterns) = schema.object("patternProperties")? {
            let mut converted = Map::new();
            for (pattern, inner) in patterns.children()? {
                let inner = self.schema(&inner, depth)?;
                if is_plain(pattern) {
                    converted.insert(pattern.to_owned(), inner);
                } else {
                    // What it would have allowed cannot be told from what is left over.
                    out.remove("additionalProperties");
                }
            }
            out.insert("patternProperties".to_owned(), Value::Object(converted));
        }
        Ok(())
    }
}

/// Whether JavaScript reads a pattern the same without its flag `u`, which Ajv 6 does not set.
fn is_plain(pattern: &str) -> bool {
    let special = [
        "\\p", "\\P", "\\u{", "\\x{", "\\A", "\\z", "\\Z", "\\h", "(?i", "(?s", "(?m", "(?x", "(?P", "(?-",
        "[[",
    ];
    let looks = ["(?=", "(?!", "(?<"].iter().any(|look| pattern.contains(look));
    pattern.chars().all(|character| character <= '\u{ffff}')
        && !special.iter().any(|word| pattern.contains(word))
        && (looks || regex_syntax::parse(pattern).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_keywords_become_old_ones_and_circles_end() {
        let root = json!({ "openapi": "3.1.0", "components": { "schemas": { "Tree": {
            "description": "A tree.",
            "type": "object",
            "properties": {
                "left": { "$ref": "#/components/schemas/Tree", "description": "there" },
                "pair": { "type": "array", "prefixItems": [{ "type": "string", "format": "int64" }], "items": false },
                "secret": { "type": "string", "writeOnly": true, "pattern": "^\\p{L}$" },
                "named": { "$ref": "#/components/schemas/Tree", "minProperties": 1 },
            },
            "required": ["left", "secret"],
            "dependentRequired": { "left": ["pair"] },
        } } } });
        let place = Node::root(&root).get("components").and_then(|all| all.get("schemas")).expect("schemas");
        let mut converter = Converter::new(&root);
        let tree = place.get("Tree").expect("a tree");
        let schema = json!({ "$ref": "#/components/schemas/Tree" });
        let schema = Value::Object(schema.as_object().cloned().unwrap_or_default());
        let converted = converter.schema(&Node::at(tree.pointer().into_owned(), &schema), 9);
        assert_eq!(converted, Ok(json!({ "$ref": "#/definitions/Tree" })));
        let mut converter = Converter::new(&root);
        let tree = place.get("Tree").expect("a tree");
        let own = json!({
            "type": "object",
            "properties": {
                "left": { "$ref": "#/definitions/Tree" },
                "pair": { "type": "array", "items": [{ "type": "string" }], "additionalItems": false },
                "secret": { "type": "string" },
                "named": { "allOf": [{ "$ref": "#/definitions/Tree" }, { "minProperties": 1 }] },
            },
            "required": ["left"],
            "dependencies": { "left": ["pair"] },
        });
        assert_eq!(converter.convert(&tree), Ok(own.clone()));
        assert_eq!(converter.definitions(), json!({ "Tree": own }));
    }

    #[test]
    fn keywords_of_openapi_3_0() {
        let root = json!({ "openapi": "3.0.3", "a": {
            "type": "integer", "minimum": 1, "exclusiveMinimum": true, "nullable": true,
        } });
        let node = Node::root(&root).get("a").expect("a schema");
        let mut converter = Converter::new(&root);
        let expected = json!({ "anyOf": [{ "type": "null" }, { "type": "integer", "exclusiveMinimum": 1 }] });
        assert_eq!(converter.convert(&node), Ok(expected));
    }
}
