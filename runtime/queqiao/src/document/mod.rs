//! The OpenAPI 3.1 document, written from the same types that serve.

mod assemble;
mod decode;
mod lint;
mod operation;
pub(crate) mod schemas;

use std::fmt;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use self::operation::{Operation, Security};

pub(crate) use self::assemble::{Header, Placed, assemble};
pub(crate) use self::decode::{Kind, Plan};
pub(crate) use self::operation::{Draft, PathShape, Plans};
pub(crate) use self::schemas::Schemas;

/// A finished document and its contract id.
#[derive(Clone)]
pub struct Document {
    value: Value,
    text: Bytes,
    contract: String,
}

impl Document {
    /// Adds the contract id to a document and prints it with sorted keys: the same source gives the same bytes.
    pub(crate) fn finish(mut value: Value) -> Self {
        let contract = contract_id(&value);
        if let Value::Object(root) = &mut value {
            root.insert("x-queqiao".to_owned(), serde_json::json!({ "contract": contract }));
        }
        let value = sorted(value);
        let mut text = serde_json::to_vec_pretty(&value).unwrap_or_default();
        text.push(b'\n');
        Self { value, text: text.into(), contract }
    }

    /// The document as JSON.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The document as pretty-printed JSON text with a final newline.
    pub fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// The contract id: 16 hexadecimal digits that change with anything a caller could notice.
    ///
    /// It is the start of the SHA-256 of the compact JSON with sorted keys, without `info`, `servers` and `x-queqiao`,
    /// and without what only people read: descriptions, summaries, titles and examples.
    pub fn contract(&self) -> &str {
        &self.contract
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("contract", &self.contract).finish_non_exhaustive()
    }
}

/// Keywords that are for people.
const FOR_PEOPLE: [&str; 6] = ["title", "summary", "description", "externalDocs", "example", "examples"];
/// Keywords whose members are names of the contract and no keywords.
const NAMES: [&str; 5] = ["properties", "patternProperties", "$defs", "dependentSchemas", "schemas"];
/// Keywords whose value is data.
const DATA: [&str; 3] = ["const", "enum", "default"];

/// Leaves out what only people read. `names`: the members here are names.
fn without_texts(value: &mut Value, names: bool) {
    match value {
        Value::Object(map) if names => map.values_mut().for_each(|value| without_texts(value, false)),
        Value::Object(map) => {
            map.retain(|key, _| !FOR_PEOPLE.contains(&key.as_str()));
            for (key, value) in map.iter_mut().filter(|(key, _)| !DATA.contains(&key.as_str())) {
                without_texts(value, NAMES.contains(&key.as_str()));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_texts(item, false)),
        _ => {}
    }
}

fn contract_id(document: &Value) -> String {
    let mut contract = document.clone();
    if let Value::Object(root) = &mut contract {
        for key in ["info", "servers", "x-queqiao"] {
            root.remove(key);
        }
    }
    without_texts(&mut contract, false);
    let text = serde_json::to_vec(&sorted(contract)).unwrap_or_default();
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Sorts the keys at every level, whatever `serde_json`'s features are in the final binary.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_contract_id_ignores_the_version_and_sees_the_operations() {
        let one = Document::finish(json!({ "info": { "version": "1" }, "paths": { "/a": {} } }));
        let two = Document::finish(json!({ "paths": { "/a": {} }, "info": { "version": "2" } }));
        let three = Document::finish(json!({ "info": { "version": "1" }, "paths": { "/b": {} } }));
        assert_eq!(one.contract(), two.contract());
        assert_ne!(one.contract(), three.contract());
        assert_eq!(one.contract().len(), 16);
    }

    #[test]
    fn the_contract_id_ignores_texts_and_sees_what_is_named_like_them() {
        let schema = |description: &str, property: &str, value: &str| {
            let api = json!({ "components": { "schemas": { "T": {
                "description": description,
                "properties": { property: { "title": description, "default": { "description": value } } },
            } } } });
            Document::finish(api).contract().to_owned()
        };
        let id = schema("a", "description", "x");
        assert_eq!(id, schema("b", "description", "x"));
        assert_ne!(id, schema("a", "summary", "x"));
        assert_ne!(id, schema("a", "description", "y"));
    }

    #[test]
    fn keys_are_sorted_at_every_level() {
        let document = Document::finish(json!({ "b": [{ "z": 1, "a": 2 }], "a": 0 }));
        let text = String::from_utf8(document.text().to_vec()).unwrap();
        assert!(text.find("\"a\": 0").unwrap() < text.find("\"b\"").unwrap());
        assert!(text.find("\"a\": 2").unwrap() < text.find("\"z\": 1").unwrap());
        assert!(text.ends_with("}\n"));
    }
}
