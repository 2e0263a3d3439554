//! The values that a schema takes, as a list of alternatives of one JSON type each.
//!
//! A schema is known by its places in the document. References are followed, `allOf` joins places, `oneOf` and `anyOf`
//! give alternatives: so neither component names nor inlining nor order is seen by what compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::number;

/// How many alternatives of one schema are told apart.
const ALTERNATIVES: usize = 256;

/// How many references in a row are followed.
const REFERENCES: usize = 32;
/// Keywords that say nothing of values.
const SILENT: [&str; 9] = [
    "title",
    "description",
    "deprecated",
    "default",
    "example",
    "examples",
    "readOnly",
    "writeOnly",
    "$comment",
];

/// The places, as JSON pointers, whose schemas a value must all satisfy. None: any value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Shape(BTreeSet<String>);

impl Shape {
    pub(super) fn any() -> Self {
        Self::default()
    }

    pub(super) fn at(pointer: impl Into<String>) -> Self {
        Self(BTreeSet::from([pointer.into()]))
    }

    fn add(&mut self, pointer: String) {
        self.0.insert(pointer);
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// What a schema is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// A JSON value that the client sends.
    Request,
    /// A JSON value that it gets.
    Response,
    /// Text in a URL or a header; `repeated`: a list is its name once for each item.
    Text { repeated: bool },
}

/// The types of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    const ALL: [Kind; 6] = [Kind::Null, Kind::Boolean, Kind::Number, Kind::String, Kind::Array, Kind::Object];

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" | "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// One schema object and its place.
#[derive(Debug, Clone)]
pub(super) struct Node<'d> {
    pub(super) pointer: String,
    pub(super) map: &'d Map<String, Value>,
}

/// Values of one type.
#[derive(Debug, Clone)]
pub(super) struct Branch<'d> {
    pub(super) kind: Kind,
    /// The schemas that all of them satisfy.
    pub(super) nodes: Vec<Node<'d>>,
    /// The only values, where they are enumerated.
    pub(super) values: Option<Vec<Value>>,
    /// Whether numbers are integers only.
    pub(super) integral: bool,
}

/// What stands beside the members that an object names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Extras {
    /// The schema does not speak of others.
    Silent,
    /// Others are refused.
    Closed,
    /// Others are of this shape.
    Declared(Shape),
}

/// The members of objects.
#[derive(Debug, Clone)]
pub(super) struct Members {
    pub(super) named: BTreeMap<String, Shape>,
    pub(super) required: BTreeSet<String>,
    pub(super) extras: Extras,
    /// Those whose names match a pattern.
    pub(super) patterns: BTreeMap<String, Shape>,
}

/// `{"type": "null"}`, which `nullable` of OpenAPI 3.0 stands for.
static NULL: LazyLock<Map<String, Value>> =
    LazyLock::new(|| Map::from_iter([("type".to_owned(), Value::from("null"))]));
/// Where schemas stand that the document itself does not have.
const OWN: &str = "x-own";

/// A document whose schemas are compared.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Value,
    /// For alternatives under a `discriminator`, by their places: the place of the schema that says the rest.
    tagged: BTreeMap<String, String>,
}

impl Document {
    pub(super) fn new(root: &Value) -> Self {
        let mut document = Self { root: root.clone(), tagged: BTreeMap::new() };
        let mut found = Vec::new();
        document.discriminators(root, String::new(), &mut found);
        for (place, schema) in found {
            if let Some(own) = document.add(schema) {
                document.tagged.insert(place, own);
            }
        }
        document
    }

    /// Adds a schema, and gives its place.
    fn add(&mut self, schema: Value) -> Option<String> {
        let list = self.root.as_object_mut()?.entry(OWN).or_insert_with(|| Value::Array(Vec::new()));
        let list = list.as_array_mut()?;
        list.push(schema);
        Some(format!("/{OWN}/{}", list.len() - 1))
    }

    /// One of several shapes.
    pub(super) fn union(&mut self, mut shapes: Vec<Shape>) -> Shape {
        if shapes.len() == 1 {
            return shapes.remove(0);
        }
        let all = |shape: &Shape| -> Value {
            let each: Vec<Value> =
                shape.places().map(|place| json!({ "$ref": format!("#{place}") })).collect();
            json!({ "allOf": each })
        };
        let each: Vec<Value> = shapes.iter().map(all).collect();
        self.add(json!({ "anyOf": each })).map_or_else(Shape::any, Shape::at)
    }

    /// What `discriminator` says of alternatives that do not say it themselves: the value of the property.
    fn discriminators(&self, value: &Value, pointer: String, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(map) => {
                let property = map.get("discriminator").and_then(|d| d.get("propertyName"));
                if let Some(property) = property.and_then(Value::as_str) {
                    for keyword in ["oneOf", "anyOf"] {
                        let branches = map.get(keyword).and_then(Value::as_array).into_iter().flatten();
                        for (index, branch) in branches.enumerate() {
                            if let Some(schema) = self.tag(map, property, branch) {
                                found.push((format!("{pointer}/{keyword}/{index}"), schema));
                            }
                        }
                    }
                }
                for (key, value) in map {
                    self.discriminators(value, crate::read::child(&pointer, key), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.discriminators(item, format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    fn tag(&self, map: &Map<String, Value>, property: &str, branch: &Value) -> Option<Value> {
        let reference = branch.get("$ref").and_then(Value::as_str)?;
        let branches = self.branches(&Shape::at(target(reference)?), Mode::Response)?;
        let enumerated = branches.iter().filter(|branch| branch.kind == Kind::Object).any(|branch| {
            let shape = self.members(branch, Mode::Response).named.remove(property);
            let values = shape.and_then(|shape| self.branches(&shape, Mode::Response)).unwrap_or_default();
            values.iter().any(|value| value.values.is_some())
        });
        if enumerated {
            return None;
        }
        let name = reference.rsplit('/').next().unwrap_or_default();
        let mapping = map.get("discriminator").and_then(|d| d.get("mapping")).and_then(Value::as_object);
        let stands =
            |target: &Value| target.as_str().is_some_and(|target| target == reference || target == name);
        let mut values: Vec<&str> = mapping
            .into_iter()
            .flatten()
            .filter(|(_, target)| stands(target))
            .map(|(value, _)| value.as_str())
            .collect();
        if values.is_empty() {
            values.push(name);
        }
        Some(json!({ "properties": { property: { "enum": values } }, "required": [property] }))
    }

    /// The alternatives of a shape; nothing if they are too many to be told apart.
    pub(super) fn branches(&self, shape: &Shape, mode: Mode) -> Option<Vec<Branch<'_>>> {
        let mut all = vec![Vec::new()];
        for place in shape.places() {
            all = cross(all, self.alternatives(place, &mut Vec::new())?)?;
        }
        let mut branches: Vec<Branch<'_>> = Vec::new();
        for mut nodes in all {
            nodes.sort_by(|a, b| a.pointer.cmp(&b.pointer));
            nodes.dedup_by(|a, b| a.pointer == b.pointer);
            for branch in of_types(&nodes) {
                // The client leaves null out of URLs.
                if matches!(mode, Mode::Text { .. }) && branch.kind == Kind::Null {
                    continue;
                }
                // Enumerations may be written as a list, or as one alternative for each value.
                let twin = branches.iter_mut().find(|other| {
                    other.kind == branch.kind && other.values.is_some() && branch.values.is_some()
                });
                match (twin.and_then(|twin| twin.values.as_mut()), &branch.values) {
                    (Some(known), Some(more)) => {
                        for value in more {
                            if !known.iter().any(|other| equal(other, value)) {
                                known.push(value.clone());
                            }
                        }
                    }
                    _ => branches.push(branch),
                }
            }
        }
        Some(branches)
    }

    /// The shape with the places that references lead to, where a reference is all that a place says.
    pub(super) fn followed(&self, shape: &Shape) -> Shape {
        let follow = |place: &str| {
            let mut place = place.to_owned();
            for _ in 0..REFERENCES {
                let Some(map) = self.root.pointer(&place).and_then(Value::as_object) else { break };
                let silent = |key: &String| key == "$ref" || SILENT.contains(&key.as_str());
                let next = map.get("$ref").and_then(Value::as_str).and_then(target);
                match next.filter(|_| map.keys().all(silent)) {
                    Some(next) => place = next,
                    None => break,
                }
            }
            place
        };
        Shape(shape.places().map(follow).collect())
    }

    /// Each alternative as the schemas that apply together.
    fn alternatives(&self, pointer: &str, path: &mut Vec<String>) -> Option<Vec<Vec<Node<'_>>>> {
        let map = match self.root.pointer(pointer) {
            Some(Value::Bool(false)) => return Some(Vec::new()),
            Some(Value::Object(map)) => map,
            // What is no schema says nothing.
            _ => return Some(vec![Vec::new()]),
        };
        // Nor does a schema that is, unfolded, itself.
        if path.iter().any(|known| known == pointer) {
            return Some(vec![Vec::new()]);
        }
        path.push(pointer.to_owned());
        let mut all = vec![vec![Node { pointer: pointer.to_owned(), map }]];
        if let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(target) {
            all = cross(all, self.alternatives(&target, path)?)?;
        }
        for index in 0..length(map, "allOf") {
            all = cross(all, self.alternatives(&format!("{pointer}/allOf/{index}"), path)?)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            let count = length(map, keyword);
            let mut either = Vec::new();
            for index in 0..count {
                let place = format!("{pointer}/{keyword}/{index}");
                let mut one = self.alternatives(&place, path)?;
                if let Some(tag) = self.tagged.get(&place) {
                    one = cross(one, self.alternatives(tag, path)?)?;
                }
                either.extend(one);
            }
            if count > 0 {
                all = cross(all, either)?;
            }
        }
        path.pop();
        if map.get("nullable") == Some(&Value::Bool(true)) {
            all.push(vec![Node { pointer: String::new(), map: &NULL }]);
        }
        Some(all)
    }

    /// The members of an object's branch.
    pub(super) fn members(&self, branch: &Branch<'_>, mode: Mode) -> Members {
        let mut named: BTreeMap<String, Shape> = BTreeMap::new();
        let (mut required, mut left_out) = (BTreeSet::new(), BTreeSet::new());
        let mut patterns: BTreeMap<String, Shape> = BTreeMap::new();
        let (mut closed, mut others) = (false, None::<Shape>);
        let other_side = if mode == Mode::Response { "writeOnly" } else { "readOnly" };
        for node in &branch.nodes {
            for (name, schema) in object(node.map, "properties") {
                if schema.get(other_side) == Some(&Value::Bool(true)) {
                    left_out.insert(name.clone());
                    continue;
                }
                named.entry(name.clone()).or_default().add(below(&node.pointer, "properties", name));
            }
            for name in object(node.map, "patternProperties").map(|(name, _)| name) {
                let place = below(&node.pointer, "patternProperties", name);
                patterns.entry(name.clone()).or_default().add(place);
            }
            let names = node.map.get("required").and_then(Value::as_array).into_iter().flatten();
            required.extend(names.filter_map(Value::as_str).map(str::to_owned));
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                match node.map.get(keyword) {
                    None => {}
                    Some(Value::Bool(false)) => closed = true,
                    Some(_) => {
                        let shape = others.get_or_insert_default();
                        shape.add(format!("{}/{keyword}", node.pointer));
                    }
                }
            }
        }
        required.retain(|name| !left_out.contains(name));
        for name in &required {
            named.entry(name.clone()).or_default();
        }
        let extras = match others {
            _ if closed => Extras::Closed,
            Some(shape) => Extras::Declared(shape),
            // An object of which nothing is said has members of any name.
            None if named.is_empty() && patterns.is_empty() => Extras::Declared(Shape::any()),
            None => Extras::Silent,
        };
        Members { named, required, extras, patterns }
    }

    /// A schema's text with its references written out, for keywords that are compared as they stand.
    pub(super) fn written_out(&self, value: &Value, depth: usize) -> Value {
        match value {
            _ if depth == 0 => Value::Null,
            Value::Object(map) => {
                let mut written: Map<String, Value> = Map::new();
                for (key, value) in map {
                    match (key.as_str(), value) {
                        (key, Value::String(_) | Value::Array(_)) if SILENT.contains(&key) => {}
                        ("$ref", Value::String(reference)) => {
                            let there = target(reference).and_then(|place| self.root.pointer(&place));
                            let there = there.map(|there| self.written_out(there, depth - 1));
                            written.insert("$ref".to_owned(), there.unwrap_or_default());
                        }
                        _ => drop(written.insert(key.clone(), self.written_out(value, depth - 1))),
                    }
                }
                Value::Object(written)
            }
            Value::Array(items) => items.iter().map(|item| self.written_out(item, depth - 1)).collect(),
            other => other.clone(),
        }
    }
}

impl Branch<'_> {
    /// The shape of the item at a place of a list; `usize::MAX` for all behind those that have their own.
    pub(super) fn item(&self, index: usize) -> Shape {
        let mut shape = Shape::any();
        for node in &self.nodes {
            if index < length(node.map, "prefixItems") {
                shape.add(format!("{}/prefixItems/{index}", node.pointer));
            } else if node.map.contains_key("items") {
                shape.add(format!("{}/items", node.pointer));
            }
        }
        shape
    }

    /// How many places of a list have a shape of their own.
    pub(super) fn own_places(&self) -> usize {
        self.nodes.iter().map(|node| length(node.map, "prefixItems")).max().unwrap_or(0)
    }

    /// The largest value of a keyword that sets a least one.
    pub(super) fn least(&self, keyword: &str) -> u64 {
        self.nodes.iter().filter_map(|node| count(node.map.get(keyword)?)).max().unwrap_or(0)
    }

    /// The smallest value of a keyword that sets a greatest one.
    pub(super) fn most(&self, keyword: &str) -> Option<u64> {
        let own = self.nodes.iter().filter_map(|node| count(node.map.get(keyword)?)).min();
        if keyword != "maxItems" {
            return own;
        }
        let closed = self.nodes.iter().filter(|node| node.map.get("items") == Some(&Value::Bool(false)));
        let ended = closed.map(|node| length(node.map, "prefixItems") as u64).min();
        own.into_iter().chain(ended).min()
    }

    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.nodes.iter().any(|node| node.map.get(keyword) == Some(&Value::Bool(true)))
    }

    /// The texts of a keyword.
    pub(super) fn texts(&self, keyword: &str) -> BTreeSet<&str> {
        self.nodes.iter().filter_map(|node| node.map.get(keyword)?.as_str()).collect()
    }

    /// Whether a value of the branch's type is surely one of the branch. Patterns and formats of texts, and what is
    /// inside lists and objects, are not looked into: then it is not sure.
    pub(super) fn holds(&self, value: &Value) -> bool {
        if let Some(values) = &self.values {
            return values.iter().any(|one| equal(one, value));
        }
        match value {
            Value::Number(number) => number::Range::of(self).holds(number),
            Value::String(text) => {
                let length = text.chars().count() as u64;
                length >= self.least("minLength")
                    && self.most("maxLength").is_none_or(|most| length <= most)
                    && self.texts("pattern").is_empty()
                    && self.texts("format").is_empty()
            }
            Value::Array(_) | Value::Object(_) => false,
            Value::Null | Value::Bool(_) => true,
        }
    }
}

/// The branches of schemas that apply together, one for each type that they leave.
fn of_types<'d>(nodes: &[Node<'d>]) -> Vec<Branch<'d>> {
    let mut kinds: Vec<Kind> = Kind::ALL.to_vec();
    let mut integral = false;
    let mut values: Option<Vec<Value>> = None;
    for node in nodes {
        let names: Vec<&str> = match node.map.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let known: Vec<Kind> = names.iter().filter_map(|name| Kind::named(name)).collect();
        if !known.is_empty() {
            kinds.retain(|kind| known.contains(kind));
            integral |= names.contains(&"integer") && !names.contains(&"number");
        }
        let listed = match (node.map.get("const"), node.map.get("enum")) {
            (Some(one), _) => Some(std::slice::from_ref(one)),
            (None, Some(Value::Array(many))) => Some(many.as_slice()),
            _ => None,
        };
        if let Some(listed) = listed {
            values = Some(match values {
                None => listed.to_vec(),
                Some(known) => {
                    known.into_iter().filter(|one| listed.iter().any(|other| equal(one, other))).collect()
                }
            });
        }
    }
    let mut branches = Vec::new();
    for kind in kinds {
        let own = match (&values, kind) {
            (None, Kind::Boolean) => Some(vec![Value::Bool(false), Value::Bool(true)]),
            (None, _) => None,
            (Some(values), kind) => {
                Some(values.iter().filter(|value| Kind::of(value) == kind).cloned().collect::<Vec<_>>())
            }
        };
        if own.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        // Null is one value, listed or not.
        let own = own.filter(|_| kind != Kind::Null);
        branches.push(Branch { kind, nodes: nodes.to_vec(), values: own, integral });
    }
    branches
}

fn cross<'d>(left: Vec<Vec<Node<'d>>>, right: Vec<Vec<Node<'d>>>) -> Option<Vec<Vec<Node<'d>>>> {
    if left.len().saturating_mul(right.len()) > ALTERNATIVES {
        return None;
    }
    let both = |one: &Vec<Node<'d>>| {
        right.iter().map(|other| [one.as_slice(), other.as_slice()].concat()).collect::<Vec<_>>()
    };
    Some(left.iter().flat_map(both).collect())
}

/// The place in the document that a reference names.
pub(super) fn target(reference: &str) -> Option<String> {
    reference.strip_prefix('#').map(crate::read::percent_decode)
}

/// The pointer of a member of a member.
pub(super) fn below(pointer: &str, keyword: &str, name: &str) -> String {
    crate::read::child(&format!("{pointer}/{keyword}"), name)
}

fn length(map: &Map<String, Value>, keyword: &str) -> usize {
    map.get(keyword).and_then(Value::as_array).map_or(0, Vec::len)
}

fn object<'d>(
    map: &'d Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'d String, &'d Value)> + use<'d> {
    map.get(keyword).and_then(Value::as_object).into_iter().flatten()
}

/// A count, also where it is written as `10.0`.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

/// JSON Schema's equality: `1` is `1.0`.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => number::compare(one, other).is_eq(),
        (Value::Array(ones), Value::Array(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| equal(one, other))
        }
        (Value::Object(ones), Value::Object(others)) => {
            ones.len() == others.len()
                && ones.iter().all(|(name, one)| others.get(name).is_some_and(|other| equal(one, other)))
        }
        _ => one == other,
    }
}
