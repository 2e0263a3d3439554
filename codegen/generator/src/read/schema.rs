//! JSON Schema (draft 2020-12, and `nullable` of OpenAPI 3.0) as [`Type`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::circles;
use super::discriminator::Discriminator;
use super::findings::Findings;
use super::node::{Node, child};
use super::settle;
use super::sides::Sides;
use crate::contract::{Documentation, Member, Model, Type};
use crate::error::GenerateError;
use crate::names::type_name;

/// How deep inline schemas may be nested.
const DEPTH_LIMIT: usize = 64;
const SCHEMAS: &str = "/components/schemas";

/// Reads the schemas of one document.
pub(crate) struct Schemas<'a> {
    root: &'a Value,
    /// TypeScript name of each schema that has one.
    names: BTreeMap<*const Value, String>,
    /// The same as it is sent, where that differs.
    sent_names: BTreeMap<*const Value, String>,
    sides: Sides<'a>,
    /// Whether what is read is sent.
    sending: bool,
    /// The schema of each name.
    holders: BTreeMap<String, Node<'a>>,
    /// Named schemas that are still to be read, and whether as they are sent.
    open: Vec<(Node<'a>, bool)>,
    /// Whether a value is a date or a time.
    pub(crate) dates: bool,
    pub(crate) findings: Findings,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(root: &'a Value, findings: Findings) -> Result<Self, GenerateError> {
        let mut schemas = Self {
            root,
            names: BTreeMap::new(),
            sent_names: BTreeMap::new(),
            sides: Sides::new(root),
            sending: false,
            holders: BTreeMap::new(),
            open: Vec::new(),
            dates: false,
            findings,
        };
        for (key, node) in components(root)? {
            let name = settle(&mut schemas.findings, &node, "the model", key, type_name(key))?;
            schemas.give(name, node)?;
        }
        Ok(schemas)
    }

    /// Reads a schema whose values are sent: without `readOnly` members.
    pub(crate) fn read_sent(&mut self, node: &Node<'a>) -> Result<Type, GenerateError> {
        self.sending = true;
        let shape = self.read(node);
        self.sending = false;
        shape
    }

    /// Gives a schema its name; one that is taken gets a number.
    fn give(&mut self, name: String, node: Node<'a>) -> Result<String, GenerateError> {
        let mut free = name.clone();
        if let Some(other) = self.holders.get(&name) {
            let other = other.pointer();
            if self.findings.own {
                let (pointer, other) = (node.pointer().into_owned(), other.into_owned());
                return Err(GenerateError::Duplicate { pointer, what: "the type name", name, other });
            }
            let mut number = 2;
            while self.holders.contains_key(&free) {
                free = format!("{name}_{number}");
                number += 1;
            }
            self.findings.note(format!(
                "{}: the type name \"{name}\" is already taken by {other}; the model is {free} in the client",
                node.pointer()
            ));
        }
        self.holders.insert(free.clone(), node.clone());
        let names = if self.sending { &mut self.sent_names } else { &mut self.names };
        names.insert(node.identity(), free.clone());
        self.open.push((node, self.sending));
        Ok(free)
    }

    /// All named schemas, when everything else has been read.
    pub(crate) fn models(&mut self) -> Result<Vec<Model>, GenerateError> {
        let mut models = Vec::new();
        while let Some((node, sending)) = self.open.pop() {
            let names = if sending { &self.sent_names } else { &self.names };
            let Some(name) = names.get(&node.identity()).cloned() else { continue };
            self.sending = sending;
            let shape = self.read_at(&node, 0);
            self.sending = false;
            let shape = match shape {
                Ok(shape) => shape,
                Err(error) => {
                    self.findings.leave_out(format!("the model {name}: its shape"), error)?;
                    Type::Unknown
                }
            };
            models.push(Model { name, documentation: documentation(&node), shape });
        }
        models.sort_by(|a, b| a.name.cmp(&b.name));
        for name in circles::open(&mut models) {
            let pointer = self.holders.get(&name).map(|node| node.pointer().into_owned()).unwrap_or_default();
            if self.findings.own {
                let reference = format!("#{pointer}");
                let problem = "leads in a circle without an object or a list between";
                return Err(GenerateError::Reference { pointer, reference, problem });
            }
            self.findings.note(format!(
                "{pointer}: leads in a circle without an object or a list between; what is beside the circle counts"
            ));
        }
        Ok(models)
    }

    /// The name of the schema at the end of a reference. Also schemas elsewhere in the document get one: they may
    /// contain themselves.
    fn named(&mut self, target: Node<'a>) -> Result<String, GenerateError> {
        let sending = self.sending;
        self.sending = sending && self.sides.differ(&target);
        let names = if self.sending { &self.sent_names } else { &self.names };
        let name = match names.get(&target.identity()) {
            Some(name) => Ok(name.clone()),
            None => {
                let name = match self.names.get(&target.identity()) {
                    Some(name) => format!("{name}_Request"),
                    None => type_name(&name_of_place(&target.pointer())).text,
                };
                self.give(name, target)
            }
        };
        self.sending = sending;
        name
    }

    pub(crate) fn read(&mut self, node: &Node<'a>) -> Result<Type, GenerateError> {
        self.read_at(node, 0)
    }

    fn read_at(&mut self, node: &Node<'a>, depth: usize) -> Result<Type, GenerateError> {
        if depth > DEPTH_LIMIT {
            return Err(GenerateError::TooDeep { pointer: node.pointer().into_owned(), limit: DEPTH_LIMIT });
        }
        match node.value {
            Value::Bool(true) => return Ok(Type::Unknown),
            Value::Bool(false) => return Ok(Type::Never),
            Value::Object(_) => {}
            _ => return Err(node.malformed("a schema (an object or a boolean)")),
        }
        let keywords = Keywords::of(node);
        let mut parts = Vec::new();
        if let Some(reference) = keywords.get(node, "$ref") {
            let Some(text) = reference.value.as_str() else { return Err(reference.malformed("a string")) };
            let target = node.follow(text, self.root)?;
            parts.push(Type::Named(self.named(target)?));
        }
        for inner in keywords.list(node, "allOf")? {
            parts.push(self.read_at(&inner, depth + 1)?);
        }
        for keyword in ["oneOf", "anyOf"] {
            let branches = keywords.list(node, keyword)?;
            if !branches.is_empty() {
                let discriminator = Discriminator::of(node)?;
                let mut types = Vec::new();
                for branch in &branches {
                    let shape = self.read_at(branch, depth + 1)?;
                    types.push(match &discriminator {
                        Some(discriminator) => discriminator.narrow(shape, branch, self.root)?,
                        None => shape,
                    });
                }
                parts.push(Type::union(types));
            }
        }
        let own = self.own(node, keywords, depth, !parts.is_empty())?;
        parts.push(own);
        let shape = Type::intersection(parts);
        let nullable = keywords.has("nullable") && node.flag("nullable");
        Ok(if nullable { Type::union(vec![shape, Type::Null]) } else { shape })
    }

    /// What the keywords beside references and combinations say. `combined`: a bare `type` adds nothing then.
    fn own(
        &mut self,
        node: &Node<'a>,
        keywords: Keywords,
        depth: usize,
        combined: bool,
    ) -> Result<Type, GenerateError> {
        if keywords.has("const")
            && let Some(value) = node.value.get("const")
        {
            return Ok(literal(value));
        }
        if keywords.has("enum") {
            return Ok(Type::union(node.values("enum")?.iter().map(literal).collect()));
        }
        let kinds = match node.value.get("type") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(name)) => vec![name.as_str()],
            Some(_) => {
                let Some(kind) = node.get("type") else { return Ok(Type::Unknown) };
                if !kind.value.is_array() {
                    return Err(kind.malformed("a type's name, or a list of them"));
                }
                let names = kind.items()?;
                let name =
                    |item: &Node<'a>| item.value.as_str().ok_or_else(|| item.malformed("a type's name"));
                names.iter().map(name).collect::<Result<Vec<_>, _>>()?
            }
        };
        let has = |keys: &[&str]| keys.iter().any(|key| keywords.has(key));
        let object = has(&["properties", "additionalProperties", "patternProperties"]);
        let list = has(&["items", "prefixItems"]);
        if kinds.is_empty() {
            return match (object, list) {
                (true, _) => self.object(node, keywords, depth, combined),
                (false, true) => self.list(node, depth),
                (false, false) => Ok(Type::Unknown),
            };
        }
        if combined && !object && !list {
            return Ok(Type::Unknown);
        }
        let mut types = Vec::new();
        for kind in kinds {
            types.push(match kind {
                "null" => Type::Null,
                "boolean" => Type::Boolean,
                "string" => {
                    self.dates |= matches!(node.text("format"), Some("date-time" | "date"));
                    Type::String
                }
                "integer" | "number" => {
                    if node.text("format").is_some_and(|format| matches!(format, "int64" | "uint64")) {
                        self.findings.note_at(
                            node.pointer().into_owned(),
                            "JavaScript loses digits of integers above 2^53; make 64-bit ids strings".into(),
                        );
                    }
                    Type::Number
                }
                "array" => self.list(node, depth)?,
                "object" => self.object(node, keywords, depth, combined)?,
                other => {
                    return Err(GenerateError::Malformed {
                        pointer: child(&node.pointer(), "type"),
                        expected: "null, boolean, string, integer, number, array or object".into(),
                        found: format!("\"{other}\""),
                    });
                }
            });
        }
        Ok(Type::union(types))
    }

    fn list(&mut self, node: &Node<'a>, depth: usize) -> Result<Type, GenerateError> {
        let rest = match node.get("items") {
            Some(items) => self.read_at(&items, depth + 1)?,
            None => Type::Unknown,
        };
        let places = node.list("prefixItems")?;
        if places.is_empty() {
            return Ok(Type::Array(Box::new(rest)));
        }
        let places =
            places.iter().map(|place| self.read_at(place, depth + 1)).collect::<Result<Vec<_>, _>>()?;
        let closed =
            node.get("maxItems").and_then(|n| n.value.as_u64()).is_some_and(|n| n <= places.len() as u64);
        Ok(Type::Tuple(places, (rest != Type::Never && !closed).then(|| Box::new(rest))))
    }

    fn object(
        &mut self,
        node: &Node<'a>,
        keywords: Keywords,
        depth: usize,
        combined: bool,
    ) -> Result<Type, GenerateError> {
        let required: BTreeSet<&str> = node.values("required")?.iter().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        if let Some(properties) = node.object("properties")? {
            for (name, property) in properties.children()? {
                if self.sides.is_other(&property, self.sending) {
                    continue;
                }
                members.push(Member {
                    name: name.into(),
                    required: required.contains(name),
                    documentation: documentation(&property),
                    shape: self.read_at(&property, depth + 1)?,
                });
            }
        }
        let patterns = keywords.has("patternProperties");
        let others = match keywords.get(node, "additionalProperties") {
            Some(schema) => Some(self.read_at(&schema, depth + 1)?),
            None => None,
        };
        if members.is_empty() {
            return Ok(match others {
                _ if patterns => Type::Map(Box::new(Type::Unknown)),
                // A bare `type: object` beside a combination adds nothing.
                None if combined => Type::Unknown,
                None => Type::Map(Box::new(Type::Unknown)),
                Some(Type::Never) if combined => Type::Unknown,
                Some(Type::Never) => Type::Map(Box::new(Type::Never)),
                Some(values) => Type::Map(Box::new(values)),
            });
        }
        Ok(Type::Object { members, open: patterns || others.is_some_and(|values| values != Type::Never) })
    }
}

/// Which of the keywords that shape a type a schema has, apart from those that are null: most schemas have one or two,
/// and to look once is less than to ask for each.
#[derive(Clone, Copy)]
struct Keywords(u16);

impl Keywords {
    fn of(node: &Node<'_>) -> Self {
        let members = node.value.as_object().into_iter().flatten();
        let present = members.filter(|(key, value)| !value.is_null() || *key == "const");
        Self(present.fold(0, |all, (key, _)| all | Self::bit(key)))
    }

    #[inline]
    fn bit(key: &str) -> u16 {
        match key {
            "$ref" => 1,
            "allOf" => 1 << 1,
            "oneOf" => 1 << 2,
            "anyOf" => 1 << 3,
            "const" => 1 << 4,
            "enum" => 1 << 5,
            "properties" => 1 << 6,
            "additionalProperties" => 1 << 7,
            "patternProperties" => 1 << 8,
            "items" => 1 << 9,
            "prefixItems" => 1 << 10,
            "nullable" => 1 << 11,
            _ => 0,
        }
    }

    #[inline]
    fn has(self, key: &str) -> bool {
        debug_assert_ne!(Self::bit(key), 0, "{key} has no place among the keywords");
        self.0 & Self::bit(key) != 0
    }

    fn get<'a>(self, node: &Node<'a>, key: &str) -> Option<Node<'a>> {
        if self.has(key) { node.get(key) } else { None }
    }

    fn list<'a>(self, node: &Node<'a>, key: &str) -> Result<Vec<Node<'a>>, GenerateError> {
        if self.has(key) { node.list(key) } else { Ok(Vec::new()) }
    }
}

fn components(root: &Value) -> Result<Vec<(&str, Node<'_>)>, GenerateError> {
    match root.pointer(SCHEMAS) {
        None => Ok(Vec::new()),
        Some(value) => Node::at(SCHEMAS.into(), value).children(),
    }
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Array(_) | Value::Object(_) => Type::Unknown,
        scalar => Type::Literal(scalar.clone()),
    }
}

/// A name for the schema at a place, of the words of its pointer that say something.
fn name_of_place(pointer: &str) -> String {
    const SILENT: [&str; 8] =
        ["components", "schemas", "paths", "properties", "content", "schema", "responses", "parameters"];
    let words = pointer.split('/').filter(|word| !word.is_empty() && !SILENT.contains(word));
    let name: Vec<String> = words.map(|word| word.replace("~1", "_").replace("~0", "_")).collect();
    if name.is_empty() { "Document".to_owned() } else { name.join("_") }
}

/// The place of a constraint that a caller should know, in the order in which they are told.
fn told(keyword: &str) -> Option<u8> {
    Some(match keyword {
        "format" => 0,
        "minLength" => 1,
        "maxLength" => 2,
        "pattern" => 3,
        "minimum" => 4,
        "maximum" => 5,
        "minItems" => 6,
        "maxItems" => 7,
        "default" => 8,
        _ => return None,
    })
}

/// Title, description and the constraints that a caller should know.
pub(crate) fn documentation(node: &Node<'_>) -> Documentation {
    let text = ["title", "description"].iter().filter_map(|key| node.text(key)).map(str::to_owned).collect();
    let members = node.value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_object());
    let mut told: Vec<_> = members.filter_map(|(key, value)| Some((told(key)?, key, value))).collect();
    told.sort_unstable_by_key(|(place, ..)| *place);
    let words = told.into_iter().map(|(_, key, value)| match value {
        Value::String(text) => format!("{key} {text}"),
        value => format!("{key} {value}"),
    });
    let mut tags: Vec<String> = words.collect();
    if node.flag("deprecated") {
        tags.push("deprecated".into());
    }
    Documentation { text, tags }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(schema: Value) -> Type {
        let root =
            json!({"components": {"schemas": {"Todo": {"type": "object", "properties": {}}, "T": schema}}});
        let mut schemas = Schemas::new(&root, Findings::new(false)).expect("names");
        let node = Node::at("/components/schemas/T".into(), &root["components"]["schemas"]["T"]);
        schemas.read(&node).expect("a type")
    }

    #[test]
    fn nullable_forms_are_one() {
        let expected = Type::Union(vec![Type::String, Type::Null]);
        assert_eq!(read(json!({"type": ["string", "null"]})), expected);
        assert_eq!(read(json!({"type": "string", "nullable": true})), expected);
        assert_eq!(read(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})), expected);
    }

    #[test]
    fn reference_with_siblings() {
        let reference = json!("#/components/schemas/Todo");
        assert_eq!(read(json!({"$ref": reference, "description": "d"})), Type::Named("Todo".into()));
        let Type::Intersection(parts) = read(json!({"$ref": reference, "properties": {"a": true}})) else {
            panic!("expected an intersection")
        };
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn combinations_that_only_require_add_nothing() {
        let schema = json!({"type": "object", "properties": {"a": true}, "anyOf": [{"required": ["a"]}]});
        assert!(matches!(read(schema), Type::Object { .. }));
    }

    #[test]
    fn tuples_and_maps() {
        let tuple = json!({"type": "array", "prefixItems": [{"type": "string"}], "items": false});
        assert_eq!(read(tuple), Type::Tuple(vec![Type::String], None));
        let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
        assert_eq!(read(map), Type::Map(Box::new(Type::Number)));
    }
}
