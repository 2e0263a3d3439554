//! The contract id: which contract a client was generated from.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Keys that say nothing about what goes over the wire.
const LEFT_OUT: [&str; 3] = ["info", "servers", "x-queqiao"];

/// The first 16 hexadecimal digits of the SHA-256 of a document in canonical form: compact JSON with the keys
/// sorted at every level, without `info`, `servers` and `x-queqiao`.
///
/// ```
/// let document = serde_json::json!({"openapi": "3.1.0", "info": {"title": "a"}, "paths": {}});
/// let renamed = serde_json::json!({"openapi": "3.1.0", "info": {"title": "b"}, "paths": {}});
/// assert_eq!(queqiao_codegen::contract_id(&document), queqiao_codegen::contract_id(&renamed));
/// ```
pub fn contract_id(document: &Value) -> String {
    let mut text = String::new();
    match document {
        Value::Object(members) => {
            write_members(members.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())), &mut text)
        }
        other => write_canonical(other, &mut text),
    }
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

// serde_json sorts keys only while no crate in the build turns on `preserve_order`.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_members(members.iter(), text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_members<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>, text: &mut String) {
    let mut members: Vec<_> = members.collect();
    members.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(key.as_str()).to_string());
        text.push(':');
        write_canonical(value, text);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_the_hash_of_the_canonical_text() {
        // printf '{"a":[1,"\xe6\xb1\x89"],"openapi":"3.1.0"}' | sha256sum
        let document =
            json!({"openapi": "3.1.0", "info": {}, "servers": [], "x-queqiao": {}, "a": [1, "汉"]});
        assert_eq!(contract_id(&document), "0a8f3417ac75ab06");
    }

    #[test]
    fn changes_with_the_contract() {
        assert_ne!(contract_id(&json!({"paths": {"/a": {}}})), contract_id(&json!({"paths": {"/b": {}}})));
    }
}
