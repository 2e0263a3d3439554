//! What differs between two documents, told by operation and field.

mod failures;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What has happened.
    pub kind: ChangeKind,
    /// The operations that notice it, by their ids.
    pub operations: Vec<String>,
    /// The place: `Todo.title`, `GET /todos: query parameter limit`.
    pub place: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What has happened to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (self.before.as_deref(), self.after.as_deref());
        match self.kind {
            ChangeKind::Added => write!(f, "{} is new", self.place)?,
            ChangeKind::Removed => write!(f, "{} is gone", self.place)?,
            ChangeKind::Changed => write!(f, "{} has changed", self.place)?,
        }
        match (before, after) {
            (Some(before), Some(after)) => write!(f, " from {before} to {after}"),
            (None, Some(after)) if self.kind == ChangeKind::Added => write!(f, ": {after}"),
            (None, Some(after)) => write!(f, " to {after}"),
            (Some(before), None) if self.kind == ChangeKind::Removed => write!(f, " (was {before})"),
            (Some(before), None) => write!(f, " from {before}"),
            (None, None) => Ok(()),
        }
    }
}

/// The differences from `old` to `new`, in a fixed order. Empty exactly if the documents are equal but for the
/// contract id, which follows from the rest.
///
/// ```
/// use serde_json::json;
/// let todo = |field: &str| json!({"components": {"schemas": {"Todo": {"properties": {field: {"type": "string"}}}}}});
/// let changes = queqiao_codegen::difference::between(&todo("title"), &todo("subject"));
/// let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
/// assert_eq!(texts, ["Todo.subject is new: string, optional", "Todo.title is gone (was string, optional)"]);
/// ```
pub fn between(old: &Value, new: &Value) -> Vec<Change> {
    let mut report = Report { changes: Vec::new(), operations: Vec::new() };
    let empty = Map::new();
    let (old_map, new_map) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    operations(old, new, &mut report);
    models(old, new, &mut report);
    report.operations.clear();
    for key in keys(old_map, new_map) {
        match key {
            "paths" => {}
            "components" => {
                let part = |map: &Map<String, Value>| {
                    let mut map = map.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
                    map.remove("schemas");
                    map
                };
                let (old_part, new_part) = (part(old_map), part(new_map));
                for key in keys(&old_part, &new_part) {
                    report.values(old_part.get(key), new_part.get(key), &format!("components.{key}"));
                }
            }
            "x-queqiao" => {
                let part = |map: &Map<String, Value>| {
                    let mut value = map.get(key).cloned()?;
                    value.as_object_mut().map(|map| map.remove("contract"));
                    Some(value).filter(|value| value.as_object().is_none_or(|map| !map.is_empty()))
                };
                report.values(part(old_map).as_ref(), part(new_map).as_ref(), key);
            }
            key => report.values(old_map.get(key), new_map.get(key), key),
        }
    }
    report.changes
}

pub(crate) struct Report {
    changes: Vec<Change>,
    /// The operations to which what is being compared belongs.
    operations: Vec<String>,
}

impl Report {
    fn push(
        &mut self,
        kind: ChangeKind,
        place: impl Into<String>,
        before: Option<String>,
        after: Option<String>,
    ) {
        let change = Change { kind, operations: self.operations.clone(), place: place.into(), before, after };
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Compares any values and reports the innermost places that differ.
    fn values(&mut self, old: Option<&Value>, new: Option<&Value>, place: &str) {
        match (old, new) {
            (old, new) if old == new => {}
            (None, None) => {}
            (None, Some(new)) => self.push(ChangeKind::Added, place, None, Some(brief(new))),
            (Some(old), None) => self.push(ChangeKind::Removed, place, Some(brief(old)), None),
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                for key in keys(old, new) {
                    self.values(old.get(key), new.get(key), &format!("{place}.{key}"));
                }
            }
            (Some(old), Some(new)) => {
                self.push(ChangeKind::Changed, place, Some(brief(old)), Some(brief(new)))
            }
        }
    }
}

fn operations(old: &Value, new: &Value, report: &mut Report) {
    let (olds, news) = (index(old), index(new));
    let all: BTreeSet<_> = olds.keys().chain(news.keys()).cloned().collect();
    for label in all {
        let (before, after) = (olds.get(&label), news.get(&label));
        let id = after.or(before).and_then(|operation| operation.get("operationId")).and_then(Value::as_str);
        report.operations = id.map(str::to_owned).into_iter().collect();
        match (before, after) {
            (Some(before), Some(after)) => operation(before, after, &label, report),
            (Some(_), None) => report.push(ChangeKind::Removed, label, None, None),
            _ => report.push(ChangeKind::Added, label, None, None),
        }
    }
}

/// The operations by `METHOD /path`; what stands beside them at a path is left as it is.
fn index(document: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (key, value) in item.as_object().into_iter().flatten() {
            let method =
                ["get", "put", "post", "delete", "options", "head", "patch", "trace"].contains(&key.as_str());
            let label =
                if method { format!("{} {path}", key.to_uppercase()) } else { format!("{path}: {key}") };
            found.insert(label, value.clone());
        }
    }
    found
}

fn operation(old: &Value, new: &Value, label: &str, report: &mut Report) {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return report.values(Some(old), Some(new), label);
    };
    for key in keys(old, new) {
        let (before, after) = (old.get(key), new.get(key));
        match key {
            _ if before == after => {}
            "parameters" => parameters(before, after, label, report),
            "requestBody" => contents(before, after, &format!("{label}: request body"), report),
            "responses" => {
                let empty = Map::new();
                let map = |value: Option<&Value>| value.and_then(Value::as_object).unwrap_or(&empty).clone();
                let (olds, news) = (map(before), map(after));
                for status in keys(&olds, &news) {
                    contents(
                        olds.get(status),
                        news.get(status),
                        &format!("{label}: response {status}"),
                        report,
                    );
                }
            }
            key => report.values(before, after, &format!("{label}: {key}")),
        }
    }
}

fn parameters(old: Option<&Value>, new: Option<&Value>, label: &str, report: &mut Report) {
    let index = |list: Option<&Value>| -> BTreeMap<String, Value> {
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.map(|parameter| {
            let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or("?");
            let name = match parameter.get("$ref").and_then(Value::as_str) {
                Some(reference) => format!("parameter {reference}"),
                None => format!("{} parameter {}", text("in"), text("name")),
            };
            (name, parameter.clone())
        })
        .collect()
    };
    let (olds, news) = (index(old), index(new));
    let names: BTreeSet<_> = olds.keys().chain(news.keys()).cloned().collect();
    let tell = |parameter: &Value| {
        let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
        schema::tell(parameter.get("schema").unwrap_or(&Value::Null), Some(required))
    };
    let found = report.changes.len();
    for name in names {
        let place = format!("{label}: {name}");
        match (olds.get(&name), news.get(&name)) {
            (Some(before), Some(after)) => contents(Some(before), Some(after), &place, report),
            (Some(before), None) => report.push(ChangeKind::Removed, place, Some(tell(before)), None),
            (None, Some(after)) => report.push(ChangeKind::Added, place, None, Some(tell(after))),
            (None, None) => {}
        }
    }
    if found == report.changes.len() {
        report.push(ChangeKind::Changed, format!("{label}: order of the parameters"), None, None);
    }
}

/// Compares values that hold schemas at some depth: bodies, responses, parameters.
fn contents(old: Option<&Value>, new: Option<&Value>, place: &str, report: &mut Report) {
    match (old, new) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for key in keys(before, after) {
                let (old, new) = (before.get(key), after.get(key));
                match (key, old, new) {
                    _ if old == new => {}
                    ("schema", Some(old), Some(new)) if failures::compare(old, new, place, report) => {}
                    ("schema", Some(old), Some(new)) => schema::compare(old, new, place, report),
                    // The media type says nothing where there is one and the same.
                    ("content", Some(Value::Object(olds)), Some(Value::Object(news)))
                        if olds.keys().eq(news.keys()) =>
                    {
                        for name in keys(olds, news) {
                            contents(olds.get(name), news.get(name), place, report);
                        }
                    }
                    _ => report.values(old, new, &format!("{place} {key}")),
                }
            }
        }
        (Some(_), None) => report.push(ChangeKind::Removed, place, None, None),
        (None, Some(_)) => report.push(ChangeKind::Added, place, None, None),
        (old, new) => report.values(old, new, place),
    }
}

fn models(old: &Value, new: &Value, report: &mut Report) {
    let empty = Map::new();
    let schemas = |document: &Value| {
        document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty).clone()
    };
    let (olds, news) = (schemas(old), schemas(new));
    let (old_users, new_users) = (users(old, &olds), users(new, &news));
    for name in keys(&olds, &news) {
        let of = |users: &BTreeMap<String, BTreeSet<String>>| users.get(name).cloned().unwrap_or_default();
        let both: BTreeSet<String> = of(&old_users).into_iter().chain(of(&new_users)).collect();
        report.operations = both.into_iter().collect();
        match (olds.get(name), news.get(name)) {
            (Some(before), Some(after)) => schema::compare(before, after, name, report),
            (Some(_), None) => report.push(ChangeKind::Removed, format!("model {name}"), None, None),
            _ => report.push(ChangeKind::Added, format!("model {name}"), None, None),
        }
    }
}

/// For each model the ids of the operations that reach it.
fn users(document: &Value, schemas: &Map<String, Value>) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (label, operation) in index(document) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or(&label).to_owned();
        let mut open = Vec::new();
        references(&operation, &mut open);
        while let Some(name) = open.pop() {
            if users.entry(name.clone()).or_default().insert(id.clone())
                && let Some(schema) = schemas.get(&name)
            {
                references(schema, &mut open);
            }
        }
    }
    users
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str)
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
            {
                found.push(name.to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    old.keys().chain(new.keys()).map(String::as_str).collect()
}

/// A value in few words.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const TODO: &str = include_str!("../tests/data/todo.json");

    fn todo() -> Value {
        serde_json::from_str(TODO).expect("JSON")
    }

    fn texts(new: &Value) -> Vec<String> {
        between(&todo(), new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_renamed_field_is_named_with_its_operations() {
        let mut new = todo();
        let todo = &mut new["components"]["schemas"]["Todo"];
        let title = todo["properties"].as_object_mut().expect("an object").remove("title").expect("a title");
        todo["properties"]["subject"] = title;
        todo["required"] = json!(["id", "subject", "note", "done", "createdAt"]);
        assert_eq!(
            texts(&new),
            ["Todo.subject is new: string, required", "Todo.title is gone (was string, required)"]
        );
        let operations = between(&self::todo(), &new).remove(0).operations;
        assert_eq!(operations, ["addTodo", "editTodo", "finishTodo", "getTodo", "listTodos"]);
    }

    #[test]
    fn constraints_types_and_codes() {
        let mut new = todo();
        new["components"]["schemas"]["NewTodo"]["properties"]["title"]["maxLength"] = json!(50);
        new["components"]["schemas"]["Todo"]["properties"]["done"]["type"] = json!("string");
        let finish = &mut new["paths"]["/todos/{id}/done"]["put"];
        finish["responses"]["409"]["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
            ["code"]["enum"] = json!(["todo.finished"]);
        assert_eq!(
            texts(&new),
            [
                "PUT /todos/{id}/done: response 409.code: value \"todo.already_done\" is gone",
                "PUT /todos/{id}/done: response 409.code: value \"todo.finished\" is new",
                "NewTodo.title: maxLength has changed from 100 to 50",
                "Todo.done has changed from boolean to string",
            ]
        );
    }

    #[test]
    fn what_failures_carry_is_told_by_code() {
        const CODES: &str =
            "/paths/~1todos~1{id}~1done/put/responses/409/content/application~1problem+json/schema/allOf/1";
        let branch = |code: &str, details: Value| {
            json!({"type": "object", "properties": {"code": {"type": "string", "enum": [code]}, "details": details},
                "required": ["code", "details"]})
        };
        let most =
            json!({"type": "object", "properties": {"most": {"type": "integer"}}, "required": ["most"]});
        let with = |codes: Value| {
            let mut document = todo();
            *document.pointer_mut(CODES).expect("codes") = codes;
            document
        };
        let between = |old: &Value, new: &Value| -> Vec<String> {
            super::between(old, new).iter().map(ToString::to_string).collect()
        };
        let place = "PUT /todos/{id}/done: response 409";
        let plain = json!({"properties": {"code": {"enum": ["todo.already_done"]}}, "required": ["code"]});
        let one = with(json!({"oneOf": [plain, branch("todo.full", most.clone())]}));
        assert_eq!(between(&todo(), &one), [format!("{place}.code: value \"todo.full\" is new")]);
        let carries = with(branch("todo.already_done", most.clone()));
        assert_eq!(
            between(&todo(), &carries),
            [format!("{place}.details of todo.already_done is new: object")]
        );
        assert_eq!(
            between(&carries, &todo()),
            [format!("{place}.details of todo.already_done is gone (was object)")]
        );
        let other = with(branch(
            "todo.already_done",
            json!({"type": "object", "properties": {"least": {"type": "integer"}}}),
        ));
        assert_eq!(
            between(&carries, &other),
            [
                format!("{place}.details of todo.already_done.least is new: integer, optional"),
                format!("{place}.details of todo.already_done.most is gone (was integer, required)"),
            ]
        );
    }

    #[test]
    fn operations_and_parameters() {
        let mut new = todo();
        let paths = new["paths"].as_object_mut().expect("paths");
        paths.remove("/admin/statistics");
        paths["/todos"]["get"]["parameters"][1]["name"] = json!("size");
        paths["/todos"]["get"]["operationId"] = json!("todos");
        assert_eq!(
            texts(&new),
            [
                "GET /admin/statistics is gone",
                "GET /todos: operationId has changed from \"listTodos\" to \"todos\"",
                "GET /todos: query parameter limit is gone (was integer, optional)",
                "GET /todos: query parameter size is new: integer, optional",
            ]
        );
    }

    #[test]
    fn what_is_no_contract_is_told_too() {
        let mut new = todo();
        new["info"]["version"] = json!("0.2.0");
        new["x-queqiao"] = json!({"contract": "0123456789abcdef"});
        assert_eq!(texts(&new), ["info.version has changed from \"0.1.0\" to \"0.2.0\""]);
    }

    /// Every place of a document, as JSON pointers.
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

    proptest! {
        #[test]
        fn every_change_is_noticed(place in any::<prop::sample::Index>(), kind in 0..3) {
            let mut new = todo();
            let mut found = Vec::new();
            places(&new, String::new(), &mut found);
            let pointer = place.get(&found);
            if let Some(value) = new.pointer_mut(pointer) {
                *value = match kind { 0 => Value::Null, 1 => json!("other"), _ => json!({"other": [1]}) };
            }
            prop_assert!(!between(&todo(), &new).is_empty(), "{}", pointer);
            prop_assert!(between(&new, &new).is_empty());
        }
    }
}
