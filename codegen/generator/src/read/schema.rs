//! JSON Schema (draft 2020-12, and `nullable` of OpenAPI 3.0) as [`Type`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::node::{Node, child};
use super::settle;
use crate::contract::{Documentation, Member, Model, Type};
use crate::error::GenerateError;
use crate::names::type_name;

/// How deep inline schemas may be nested.
const DEPTH_LIMIT: usize = 64;
const SCHEMAS: &str = "/components/schemas";

/// Reads the schemas of one document.
pub(crate) struct Schemas<'a> {
    root: &'a Value,
    /// TypeScript name of each component, by its pointer.
    names: BTreeMap<String, String>,
    pub(crate) notes: BTreeSet<String>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(root: &'a Value) -> Result<Self, GenerateError> {
        let mut names = BTreeMap::new();
        let mut notes = BTreeSet::new();
        let mut holders = BTreeMap::new();
        for (key, node) in components(root)? {
            let name = settle(root, &node, "the model", key, type_name(key), &mut notes)?;
            if let Some(other) = holders.insert(name.clone(), node.pointer.clone()) {
                return Err(GenerateError::Duplicate {
                    pointer: node.pointer,
                    what: "the type name",
                    name,
                    other,
                });
            }
            names.insert(node.pointer, name);
        }
        Ok(Self { root, names, notes })
    }

    pub(crate) fn models(&mut self) -> Result<Vec<Model>, GenerateError> {
        let mut models = Vec::new();
        let mut pointers = BTreeMap::new();
        for (_, node) in components(self.root)? {
            let Some(name) = self.names.get(&node.pointer).cloned() else { continue };
            pointers.insert(name.clone(), node.clone());
            models.push(Model { name, documentation: documentation(&node), shape: self.read(&node)? });
        }
        models.sort_by(|a, b| a.name.cmp(&b.name));
        for model in &models {
            if is_circular(model, &models)
                && let Some(node) = pointers.get(&model.name)
            {
                return Err(GenerateError::Reference {
                    pointer: node.pointer.clone(),
                    reference: format!("#{}", node.pointer),
                    problem: "leads in a circle without an object or a list between",
                });
            }
        }
        Ok(models)
    }

    pub(crate) fn read(&mut self, node: &Node<'a>) -> Result<Type, GenerateError> {
        self.read_at(node, 0)
    }

    fn read_at(&mut self, node: &Node<'a>, depth: usize) -> Result<Type, GenerateError> {
        if depth > DEPTH_LIMIT {
            return Err(GenerateError::TooDeep { pointer: node.pointer.clone(), limit: DEPTH_LIMIT });
        }
        match node.value {
            Value::Bool(true) => return Ok(Type::Unknown),
            Value::Bool(false) => return Ok(Type::Never),
            Value::Object(_) => {}
            _ => return Err(node.malformed("a schema (an object or a boolean)")),
        }
        let mut parts = Vec::new();
        if let Some(reference) = node.get("$ref") {
            let Some(text) = reference.value.as_str() else { return Err(reference.malformed("a string")) };
            let target = node.follow(text, self.root)?;
            parts.push(match self.names.get(&target.pointer) {
                Some(name) => Type::Named(name.clone()),
                None => self.read_at(&target, depth + 1)?,
            });
        }
        for inner in node.list("allOf")? {
            parts.push(self.read_at(&inner, depth + 1)?);
        }
        for keyword in ["oneOf", "anyOf"] {
            let branches = node.list(keyword)?;
            if !branches.is_empty() {
                let types =
                    branches.iter().map(|b| self.read_at(b, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                parts.push(Type::union(types));
            }
        }
        let own = self.own(node, depth, !parts.is_empty())?;
        parts.push(own);
        let shape = Type::intersection(parts);
        Ok(if node.flag("nullable") { Type::union(vec![shape, Type::Null]) } else { shape })
    }

    /// What the keywords beside references and combinations say. `combined`: a bare `type` adds nothing then.
    fn own(&mut self, node: &Node<'a>, depth: usize, combined: bool) -> Result<Type, GenerateError> {
        if let Some(value) = node.get("const") {
            return Ok(literal(value.value));
        }
        if node.get("enum").is_some() {
            return Ok(Type::union(node.list("enum")?.iter().map(|item| literal(item.value)).collect()));
        }
        let kinds = match node.get("type") {
            None => Vec::new(),
            Some(kind) => match kind.value {
                Value::String(name) => vec![name.as_str()],
                Value::Array(_) => {
                    let names = kind.items()?;
                    let name =
                        |item: &Node<'a>| item.value.as_str().ok_or_else(|| item.malformed("a type's name"));
                    names.iter().map(name).collect::<Result<Vec<_>, _>>()?
                }
                _ => return Err(kind.malformed("a type's name, or a list of them")),
            },
        };
        let has = |keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
        let object = has(&["properties", "additionalProperties", "patternProperties"]);
        let list = has(&["items", "prefixItems"]);
        if kinds.is_empty() {
            return match (object, list) {
                (true, _) => self.object(node, depth, combined),
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
                "string" => Type::String,
                "integer" | "number" => {
                    if node.text("format").is_some_and(|format| matches!(format, "int64" | "uint64")) {
                        self.notes.insert(format!(
                            "{}: JavaScript loses digits of integers above 2^53; make 64-bit ids strings",
                            node.pointer
                        ));
                    }
                    Type::Number
                }
                "array" => self.list(node, depth)?,
                "object" => self.object(node, depth, combined)?,
                other => {
                    return Err(GenerateError::Malformed {
                        pointer: child(&node.pointer, "type"),
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

    fn object(&mut self, node: &Node<'a>, depth: usize, combined: bool) -> Result<Type, GenerateError> {
        let required = node.list("required")?;
        let required: BTreeSet<&str> = required.iter().filter_map(|item| item.value.as_str()).collect();
        let mut members = Vec::new();
        if let Some(properties) = node.object("properties")? {
            for (name, property) in properties.children()? {
                members.push(Member {
                    name: name.into(),
                    required: required.contains(name),
                    documentation: documentation(&property),
                    shape: self.read_at(&property, depth + 1)?,
                });
            }
        }
        let patterns = node.get("patternProperties").is_some();
        let others = match node.get("additionalProperties") {
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

fn components(root: &Value) -> Result<Vec<(&str, Node<'_>)>, GenerateError> {
    match root.pointer(SCHEMAS) {
        None => Ok(Vec::new()),
        Some(value) => Node { value, pointer: SCHEMAS.into() }.children(),
    }
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Array(_) | Value::Object(_) => Type::Unknown,
        scalar => Type::Literal(scalar.clone()),
    }
}

/// Whether a model is, unfolded, nothing but itself: TypeScript refuses that.
fn is_circular(model: &Model, models: &[Model]) -> bool {
    fn targets<'t>(shape: &'t Type, found: &mut Vec<&'t str>) {
        match shape {
            Type::Named(name) => found.push(name),
            Type::Union(parts) | Type::Intersection(parts) => {
                parts.iter().for_each(|part| targets(part, found))
            }
            _ => {}
        }
    }
    let mut open = Vec::new();
    targets(&model.shape, &mut open);
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if name == model.name {
            return true;
        }
        if seen.insert(name)
            && let Ok(index) = models.binary_search_by(|other| other.name.as_str().cmp(name))
            && let Some(next) = models.get(index)
        {
            targets(&next.shape, &mut open);
        }
    }
    false
}

/// Title, description and the constraints that a caller should know.
pub(crate) fn documentation(node: &Node<'_>) -> Documentation {
    let text = ["title", "description"].iter().filter_map(|key| node.text(key)).map(str::to_owned).collect();
    let mut tags = Vec::new();
    for key in [
        "format",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "default",
    ] {
        match node.get(key).map(|node| node.value) {
            None | Some(Value::Object(_)) => {}
            Some(Value::String(text)) => tags.push(format!("{key} {text}")),
            Some(value) => tags.push(format!("{key} {value}")),
        }
    }
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
        let mut schemas = Schemas::new(&root).expect("names");
        let node =
            Node { value: &root["components"]["schemas"]["T"], pointer: "/components/schemas/T".into() };
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
