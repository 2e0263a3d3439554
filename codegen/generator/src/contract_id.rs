//! The contract id: which contract a client was generated from.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Whether a key says nothing about what goes over the wire.
fn is_left_out(key: &str) -> bool {
    matches!(key, "info" | "servers" | "x-queqiao")
}

/// Whether a keyword is for people.
fn is_for_people(key: &str) -> bool {
    matches!(key, "title" | "summary" | "description" | "externalDocs" | "example" | "examples")
}

/// Whether the members of a keyword's value are names of the contract and no keywords.
fn holds_names(key: &str) -> bool {
    matches!(key, "properties" | "patternProperties" | "$defs" | "dependentSchemas" | "schemas")
}

/// Whether a keyword's value is data.
fn is_data(key: &str) -> bool {
    matches!(key, "const" | "enum" | "default")
}

/// What the members of an object are.
#[derive(Clone, Copy, PartialEq)]
enum Members {
    Keywords,
    Names,
    Data,
}

impl Members {
    /// What the members of the value of `key` are.
    fn below(self, key: &str) -> Self {
        match self {
            Self::Data => Self::Data,
            Self::Names => Self::Keywords,
            Self::Keywords if is_data(key) => Self::Data,
            Self::Keywords if holds_names(key) => Self::Names,
            Self::Keywords => Self::Keywords,
        }
    }
}

/// The first 16 hexadecimal digits of the SHA-256 of a document in canonical form: compact JSON with the keys
/// sorted at every level, without `info`, `servers` and `x-queqiao`, and without what only people read: descriptions,
/// summaries, titles and examples.
///
/// ```
/// let document = serde_json::json!({"openapi": "3.1.0", "info": {"title": "a"}, "paths": {}});
/// let renamed = serde_json::json!({"openapi": "3.1.0", "info": {"title": "b"}, "paths": {}});
/// assert_eq!(queqiao_codegen::contract_id(&document), queqiao_codegen::contract_id(&renamed));
/// ```
pub fn contract_id(document: &Value) -> String {
    let mut text = Vec::new();
    match document {
        Value::Object(members) => {
            let members = members.iter().filter(|(key, _)| !is_left_out(key));
            write_members(members, Members::Keywords, &mut text)
        }
        other => write_canonical(other, Members::Keywords, &mut text),
    }
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

// serde_json sorts keys only while no crate in the build turns on `preserve_order`.
fn write_canonical(value: &Value, kind: Members, text: &mut Vec<u8>) {
    match value {
        Value::Object(members) => write_members(members.iter(), kind, text),
        Value::Array(items) => {
            text.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                // An item of a list under a name, as in `security`, is no name.
                let kind = if kind == Members::Data { Members::Data } else { Members::Keywords };
                write_canonical(item, kind, text);
            }
            text.push(b']');
        }
        scalar => write_json(scalar, text),
    }
}

fn write_members<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)> + Clone,
    kind: Members,
    text: &mut Vec<u8>,
) {
    let for_people = |key: &str| kind == Members::Keywords && is_for_people(key);
    let members = members.filter(|(key, _)| !for_people(key));
    text.push(b'{');
    if members.clone().is_sorted_by_key(|(key, _)| key) {
        write_in_order(members, kind, text);
    } else {
        let mut members: Vec<_> = members.collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        write_in_order(members.into_iter(), kind, text);
    }
    text.push(b'}');
}

fn write_in_order<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    kind: Members,
    text: &mut Vec<u8>,
) {
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_json(key, text);
        text.push(b':');
        write_canonical(value, kind.below(key), text);
    }
}

fn write_json(value: &(impl Serialize + ?Sized), text: &mut Vec<u8>) {
    // A string, number, boolean or null, into memory: neither fails.
    let _ = serde_json::to_writer(text, value);
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
    fn texts_are_no_part_of_it_and_names_like_theirs_are() {
        let id = |description: &str, property: &str, value: &str| {
            contract_id(&json!({"components": {"schemas": {"T": {
                "description": description,
                "properties": {property: {"title": description, "default": {"description": value}}}}}}}))
        };
        assert_eq!(id("a", "description", "x"), id("b", "description", "x"));
        assert_ne!(id("a", "description", "x"), id("a", "summary", "x"));
        assert_ne!(id("a", "description", "x"), id("a", "description", "y"));
    }

    #[test]
    fn changes_with_the_contract() {
        assert_ne!(contract_id(&json!({"paths": {"/a": {}}})), contract_id(&json!({"paths": {"/b": {}}})));
    }
}
