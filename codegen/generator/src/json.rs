//! JSON as text, the same bytes for the same value.

use serde_json::Value;

/// Pretty-printed with sorted keys and a final newline, whatever `serde_json`'s features are in the build.
pub fn pretty(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

/// On one line, with sorted keys.
pub(crate) fn compact(value: &Value) -> String {
    sorted(value).to_string()
}

// serde_json sorts keys only while no crate in the build turns on `preserve_order`.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            Value::Object(members.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        scalar => scalar.clone(),
    }
}
