//! Differences of schemas, told by field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{ChangeKind, Report, brief, keys};

/// A schema in few words: `string`, `Todo[]`, and whether it must be there.
pub(super) fn tell(schema: &Value, required: Option<bool>) -> String {
    let shape = shape(schema);
    match required {
        None => shape,
        Some(true) => format!("{shape}, required"),
        Some(false) => format!("{shape}, optional"),
    }
}

fn shape(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            format!("{}[]", schema.get("items").map_or_else(|| "anything".into(), shape))
        }
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().map(|kind| kind.as_str().unwrap_or("?")).collect::<Vec<_>>().join(" or ")
        }
        _ => match schema {
            Value::Object(map) if map.contains_key("const") || map.contains_key("enum") => {
                "fixed values".into()
            }
            Value::Object(map) if !map.is_empty() => map.keys().min().cloned().unwrap_or_default(),
            _ => "anything".into(),
        },
    }
}

pub(super) fn compare(old: &Value, new: &Value, place: &str, report: &mut Report) {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else {
        return report.values(Some(old), Some(new), place);
    };
    let (was, is) = (shape(old), shape(new));
    let found = report.changes.len();
    if was != is && (before.get("type") != after.get("type") || before.get("$ref") != after.get("$ref")) {
        report.push(ChangeKind::Changed, place, Some(was), Some(is));
    }
    let shape_told = report.changes.len() > found;
    for key in keys(before, after) {
        let (old, new) = (before.get(key), after.get(key));
        match (key, old, new) {
            _ if old == new => {}
            ("type" | "$ref", _, _) if shape_told => {}
            ("properties", _, _) => properties(before, after, place, report),
            ("required", Some(Value::Array(_)) | None, Some(Value::Array(_)) | None) => {
                let count = report.changes.len();
                required(before, after, place, report);
                // What is required without being a property, or only in another order.
                let listed = names(before) != names(after);
                if report.changes.len() == count && (!listed || !told_by_properties(before, after)) {
                    report.values(old, new, &format!("{place}: {key}"));
                }
            }
            ("items", Some(old), Some(new)) => compare(old, new, &format!("{place}[]"), report),
            ("additionalProperties", Some(old), Some(new)) => {
                compare(old, new, &format!("{place}.*"), report)
            }
            (
                "allOf" | "oneOf" | "anyOf" | "prefixItems",
                Some(Value::Array(olds)),
                Some(Value::Array(news)),
            ) if olds.len() == news.len() => {
                for (index, (old, new)) in olds.iter().zip(news).enumerate() {
                    let place = if key == "allOf" {
                        place.to_owned()
                    } else {
                        format!("{place} ({key} {})", index + 1)
                    };
                    if old != new {
                        compare(old, new, &place, report);
                    }
                }
            }
            ("enum", Some(Value::Array(olds)), Some(Value::Array(news))) => {
                let count = report.changes.len();
                for value in olds.iter().filter(|value| !news.contains(value)) {
                    report.push(ChangeKind::Removed, format!("{place}: value {}", brief(value)), None, None);
                }
                for value in news.iter().filter(|value| !olds.contains(value)) {
                    report.push(ChangeKind::Added, format!("{place}: value {}", brief(value)), None, None);
                }
                if report.changes.len() == count {
                    report.push(ChangeKind::Changed, format!("{place}: order of the values"), None, None);
                }
            }
            (key, old, new) => report.values(old, new, &format!("{place}: {key}")),
        }
    }
}

fn properties(old: &Map<String, Value>, new: &Map<String, Value>, place: &str, report: &mut Report) {
    let (Some(before), Some(after)) = (members(old), members(new)) else {
        return report.values(old.get("properties"), new.get("properties"), &format!("{place}: properties"));
    };
    for name in keys(before, after) {
        let place = format!("{place}.{name}");
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old != new => compare(old, new, &place, report),
            (Some(schema), None) => {
                let text = tell(schema, Some(names(old).contains(name)));
                report.push(ChangeKind::Removed, place, Some(text), None);
            }
            (None, Some(schema)) => {
                let text = tell(schema, Some(names(new).contains(name)));
                report.push(ChangeKind::Added, place, None, Some(text));
            }
            _ => {}
        }
    }
}

/// Tells the fields that stay and become required or optional.
fn required(old: &Map<String, Value>, new: &Map<String, Value>, place: &str, report: &mut Report) {
    let (Some(before), Some(after)) = (members(old), members(new)) else { return };
    let (olds, news) = (names(old), names(new));
    for name in before.keys().filter(|name| after.contains_key(*name)) {
        let (was, is) = (olds.contains(name.as_str()), news.contains(name.as_str()));
        if was != is {
            let word = |required: bool| Some(if required { "required" } else { "optional" }.to_owned());
            report.push(ChangeKind::Changed, format!("{place}.{name}"), word(was), word(is));
        }
    }
}

/// Whether all names by which `required` differs are fields that came or went: those are told already.
fn told_by_properties(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let (Some(before), Some(after)) = (members(old), members(new)) else { return false };
    names(old)
        .symmetric_difference(&names(new))
        .all(|name| before.contains_key(*name) != after.contains_key(*name))
}

fn members(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn names(schema: &Map<String, Value>) -> BTreeSet<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
