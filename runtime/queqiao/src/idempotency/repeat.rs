//! By what a repeat is known: the client's key, and that it asks for the same.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::KEY_LENGTH;
use crate::problem::{self, Problem};

/// The header with the client's key.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The key of a request and, once it was read, the digest of its body.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    key: String,
    body: Arc<Mutex<Reading>>,
}

#[derive(Debug)]
enum Reading {
    /// The bytes so far.
    Bytes(Sha256),
    /// What reads the body says what counts.
    Told([u8; 32]),
}

impl Repeat {
    /// # Errors
    /// A key that is missing or not valid.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut keys = headers.get_all(KEY).iter();
        let key = keys.next().ok_or_else(|| Problem::from_case(&problem::IDEMPOTENCY_KEY_REQUIRED))?;
        let valid = key
            .to_str()
            .ok()
            .filter(|key| KEY_LENGTH.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        match valid {
            Some(key) if keys.next().is_none() => {
                Ok(Self { key: key.to_owned(), body: Arc::new(Mutex::new(Reading::Bytes(Sha256::new()))) })
            }
            _ => Err(Problem::from_case(&problem::IDEMPOTENCY_KEY_INVALID)),
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn reading(&self, change: impl FnOnce(&mut Reading)) {
        change(&mut self.body.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same body, whose bytes count as they are read.
    pub(crate) fn watch(&self, body: Body) -> Body {
        let repeat = self.clone();
        Body::new(body.map_frame(move |frame| {
            if let Some(bytes) = frame.data_ref() {
                repeat.reading(|reading| {
                    if let Reading::Bytes(hash) = reading {
                        hash.update(bytes);
                    }
                });
            }
            frame
        }))
    }

    /// A JSON body counts by what it says: neither the order of members nor white space matters.
    ///
    /// A text that is no JSON goes on counting by its bytes; what reads it refuses it anyway.
    pub(crate) fn is_json(&self, text: &[u8]) {
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(text) {
            let mut hash = Sha256::new();
            add(&mut hash, &value);
            self.reading(|reading| *reading = Reading::Told(hash.finalize().into()));
        }
    }

    /// The digest of all that decides what the request does.
    pub(super) fn fingerprint(&self, request: &crate::extract::Incoming) -> queqiao_storage::BodyHash {
        let mut facts = Vec::new();
        let mut fact = |bytes: &[u8]| {
            facts.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            facts.extend_from_slice(bytes);
        };
        let uri = &request.parts.uri;
        fact(uri.path().as_bytes());
        fact(uri.query().unwrap_or_default().as_bytes());
        for name in request.header_parameters() {
            fact(name.as_bytes());
            for value in request.parts.headers.get_all(name) {
                fact(value.as_bytes());
            }
        }
        let mut digest = [0; 32];
        self.reading(|reading| {
            digest = match reading {
                Reading::Bytes(hash) => hash.clone().finalize().into(),
                Reading::Told(digest) => *digest,
            };
        });
        fact(&digest);
        queqiao_storage::BodyHash::new(&facts)
    }
}

/// Adds a value so that no two different ones add the same bytes.
fn add(hash: &mut Sha256, value: &serde_json::Value) {
    use serde_json::Value;
    let mut text = |kind: u8, text: &str| {
        hash.update([kind]);
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    match value {
        Value::Null => hash.update(b"0"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Number(number) => text(b'n', &number.to_string()),
        Value::String(string) => text(b's', string),
        Value::Array(items) => {
            hash.update(b"[");
            hash.update((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| add(hash, item));
        }
        Value::Object(members) => {
            hash.update(b"{");
            hash.update((members.len() as u64).to_be_bytes());
            // In which order serde_json keeps them is for any crate of a build to say.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name);
                add(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn digest(value: &Value) -> [u8; 32] {
        let mut hash = Sha256::new();
        add(&mut hash, value);
        hash.finalize().into()
    }

    fn headers(keys: &[&str]) -> HeaderMap {
        keys.iter().map(|key| (KEY, HeaderValue::from_bytes(key.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn one_key_of_visible_characters_is_taken() {
        for good in ["8e03978e-40d5-43e1-bc93-6894a57f9324", "\"0123456789abcd\"", &"k".repeat(255)] {
            assert_eq!(Repeat::of(&headers(&[good])).unwrap().key, good);
        }
        for (keys, code) in [
            (&[][..], "idempotency.key_required"),
            (&[""], "idempotency.key_invalid"),
            (&["123456789012345"], "idempotency.key_invalid"),
            (&["1234567890 123456"], "idempotency.key_invalid"),
            (&["一二三四五六七八九十一二三四五六"], "idempotency.key_invalid"),
            (&["0123456789abcdef", "0123456789abcdef"], "idempotency.key_invalid"),
        ] {
            assert_eq!(Repeat::of(&headers(keys)).unwrap_err().code(), code, "{keys:?}");
        }
        assert!(Repeat::of(&headers(&[&"k".repeat(256)])).is_err());
    }

    #[test]
    fn values_that_look_alike_differ() {
        let different = [
            json!(null),
            json!(""),
            json!([]),
            json!({}),
            json!(0),
            json!("0"),
            json!(false),
            json!("f"),
            json!([[], []]),
            json!([[[]]]),
            json!(["a", "b"]),
            json!(["ab"]),
            json!({ "a": "b" }),
            json!({ "b": "a" }),
            json!({ "a": null }),
            json!([null]),
            json!(1),
            json!(1.5),
            json!(-1),
        ];
        for (index, one) in different.iter().enumerate() {
            for other in &different[index + 1..] {
                assert_ne!(digest(one), digest(other), "{one} {other}");
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The same value with its members in the other order, and with white space.
    fn written_otherwise(value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|a, b| b.0.cmp(a.0));
                let written = members.iter().map(|(name, value)| {
                    format!("\n{} : {}", Value::from(name.as_str()), written_otherwise(value))
                });
                format!("{{{}}}", written.collect::<Vec<_>>().join(","))
            }
            Value::Array(items) => {
                format!("[ {} ]", items.iter().map(written_otherwise).collect::<Vec<_>>().join(" , "))
            }
            other => other.to_string(),
        }
    }

    proptest! {
        #[test]
        fn a_body_counts_by_what_it_says(value in value(), other in value()) {
            let again: Value = serde_json::from_str(&written_otherwise(&value)).unwrap();
            prop_assert_eq!(digest(&again), digest(&value));
            prop_assert_eq!(digest(&other) == digest(&value), other == value);
        }
    }
}
