//! Two schemas that hold at once, as one.

use serde_json::{Map, Value, json};

/// Adds to `whole` what `part` says; where both speak of one thing, both hold.
pub(super) fn merge(whole: &mut Map<String, Value>, part: Map<String, Value>) {
    for (key, new) in part {
        let Some(old) = whole.get_mut(&key) else {
            whole.insert(key, new);
            continue;
        };
        match (key.as_str(), old, new) {
            ("properties" | "patternProperties", Value::Object(old), Value::Object(new)) => {
                for (name, schema) in new {
                    match old.get_mut(&name) {
                        Some(own) if *own != schema => *own = json!({ "allOf": [own.take(), schema] }),
                        Some(_) => {}
                        None => {
                            old.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Value::Array(old), Value::Array(new)) => {
                let new = new.into_iter().filter(|name| !old.contains(name)).collect::<Vec<_>>();
                old.extend(new);
            }
            ("enum", Value::Array(old), Value::Array(new)) => old.retain(|value| new.contains(value)),
            ("type", old, new) => narrow(old, &new),
            ("minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties", old, new)
                if new.as_f64() > old.as_f64() =>
            {
                *old = new;
            }
            ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties", old, new)
                if new.as_f64() < old.as_f64() =>
            {
                *old = new;
            }
            ("items" | "additionalProperties", old, new) if *old != new => match (&old, &new) {
                (Value::Object(_), Value::Object(_)) => *old = json!({ "allOf": [old.take(), new] }),
                (Value::Bool(true), _) => *old = new,
                _ => {}
            },
            // The outer one is nearer to the reader.
            _ => {}
        }
    }
}

fn narrow(old: &mut Value, new: &Value) {
    let names = |value: &Value| match value {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    let new = names(new);
    let admits = |name: &Value| new.contains(name) || name == "integer" && new.contains(&json!("number"));
    let mut both: Vec<Value> = names(old).into_iter().filter(|name| admits(name)).collect();
    if names(old).contains(&json!("number")) && new.contains(&json!("integer")) && both.is_empty() {
        both.push(json!("integer"));
    }
    *old = if both.len() == 1 { both.remove(0) } else { Value::Array(both) };
}

/// An example of a part is none of the whole.
pub(super) fn without_examples(schema: &mut Map<String, Value>) {
    for key in ["example", "examples", "default"] {
        schema.remove(key);
    }
}
