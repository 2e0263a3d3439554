//! Where a page ends: the key of its last row, in a text that only the server reads.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::extract::Pair;
use crate::model::Model;

/// Characters of a cursor at most; it travels in a URL.
const LONGEST: usize = 2048;
/// Characters of the shortest cursor: the seal, and a key of one byte.
const SHORTEST: usize = 18;
/// Bytes of the seal.
const SEAL: usize = 12;

/// What a cursor belongs to: a list, in one order, with one filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Binding([u8; 32]);

impl Binding {
    /// Of a path and of the parameters that choose and order rows.
    pub(super) fn of(path: &str, parameters: &mut [Pair<'_>]) -> Self {
        // Another order of the same parameters is the same list.
        parameters.sort_unstable();
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        add(path);
        for (name, value) in parameters.iter() {
            add(name);
            add(value);
        }
        Self(digest.finalize().into())
    }

    fn seal(&self, key: &[u8]) -> [u8; SEAL] {
        let digest = Sha256::new().chain_update(b"queqiao cursor 1").chain_update(self.0).chain_update(key);
        let digest: [u8; 32] = digest.finalize().into();
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&digest[..SEAL]);
        seal
    }
}

/// Where the next page begins, in a text that only the server reads; see [`Paging`](super::Paging).
///
/// It is neither secret nor signed: whoever has it can read the key, and with effort write another. So a key holds
/// nothing that the caller may not see, and the query of a list names the owner besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Result<String, Broken>);

/// Why a key became no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// serde refused to write it.
    Unwritable,
    /// It is longer than a cursor may be.
    TooLong,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Unwritable => f.write_str("the key of a page's last row cannot be written as JSON"),
            Broken::TooLong => write!(
                f,
                "the key of a page's last row makes a cursor of more than {LONGEST} characters; take shorter columns into it"
            ),
        }
    }
}

/// A cursor that is none of this list.
#[derive(Debug)]
pub(super) struct Foreign;

impl Cursor {
    pub(super) fn of<K: Serialize>(key: &K, binding: &Binding) -> Self {
        let Ok(mut value) = serde_json::to_value(key) else { return Self(Err(Broken::Unwritable)) };
        floats_as_bits(&mut value);
        let Ok(key) = serde_json::to_vec(&value) else { return Self(Err(Broken::Unwritable)) };
        let text = URL_SAFE_NO_PAD.encode([&binding.seal(&key)[..], &key].concat());
        Self(if text.len() > LONGEST { Err(Broken::TooLong) } else { Ok(text) })
    }

    pub(super) fn open<K: DeserializeOwned>(&self, binding: &Binding) -> Result<K, Foreign> {
        let text = self.0.as_ref().map_err(|_| Foreign)?;
        if text.len() > LONGEST {
            return Err(Foreign);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Foreign)?;
        let (seal, key) = bytes.split_at_checked(SEAL).ok_or(Foreign)?;
        if seal != binding.seal(key) {
            return Err(Foreign);
        }
        let mut value = serde_json::from_slice(key).map_err(|_| Foreign)?;
        bits_as_floats(&mut value);
        // Of an older version of the server, whose keys were others.
        K::deserialize(value).map_err(|_| Foreign)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(text) => serializer.serialize_str(text),
            Err(broken) => Err(serde::ser::Error::custom(broken)),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Ok(text)))
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            // For tools that make up values: no text of this shape is a cursor but those that the server gave.
            "format": "cursor",
            "minLength": SHORTEST,
            "maxLength": LONGEST,
            "pattern": "^[A-Za-z0-9_-]+$",
        })
    }
}

impl Model for Cursor {}

/// The member under which a float's bits stand. A float's decimal text may be read back one digit off, and the page would
/// begin one row off.
const BITS: &str = "\0";

fn floats_as_bits(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let bits = number.as_f64().unwrap_or_default().to_bits();
            *value = Value::Object(Map::from_iter([(BITS.to_owned(), bits.into())]));
        }
        Value::Array(items) => items.iter_mut().for_each(floats_as_bits),
        Value::Object(members) => members.values_mut().for_each(floats_as_bits),
        _ => {}
    }
}

fn bits_as_floats(value: &mut Value) {
    match value {
        Value::Object(members) => match members.get(BITS).and_then(Value::as_u64) {
            Some(bits) => *value = Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number),
            None => members.values_mut().for_each(bits_as_floats),
        },
        Value::Array(items) => items.iter_mut().for_each(bits_as_floats),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn here() -> Binding {
        Binding::of("/todos", &mut [("sort".into(), "-createdAt".into())])
    }

    #[test]
    fn floats_come_back_to_the_last_bit() {
        for float in [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, -0.0, 1.0, 5e-324, 9_007_199_254_740_993.0] {
            let cursor = Cursor::of(&(float, "x"), &here());
            let (back, _): (f64, String) = cursor.open(&here()).unwrap();
            assert_eq!(back.to_bits(), float.to_bits(), "{float}");
        }
    }

    #[test]
    fn parameters_in_another_order_are_the_same_list_and_others_are_not() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            Binding::of("/a", &mut pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<_>>())
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1b2")]), of(&[("a", "1"), ("b", "2")]));
        assert_ne!(of(&[("ab", "c")]), of(&[("a", "bc")]));
    }

    #[test]
    fn a_key_that_makes_no_cursor_is_told_when_the_page_is_written() {
        let long = Cursor::of(&"x".repeat(LONGEST), &here());
        assert!(serde_json::to_string(&long).unwrap_err().to_string().contains("shorter columns"));
        let unwritable = Cursor::of(&std::collections::BTreeMap::from([((1, 2), 3)]), &here());
        assert!(serde_json::to_string(&unwritable).unwrap_err().to_string().contains("cannot be written"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_of_any_kind_come_back(
            number in any::<i64>(),
            text in "\\PC{0,40}",
            maybe in any::<Option<u64>>(),
            singles in prop::collection::vec(any::<(bool, f32)>(), 0..5),
            doubles in prop::collection::btree_map("\\PC{0,8}", any::<f64>(), 0..5),
        ) {
            type Key = (i64, String, Option<u64>, Vec<(bool, f32)>, std::collections::BTreeMap<String, f64>);
            let key: Key = (number, text, maybe, singles, doubles);
            let back: Key = Cursor::of(&key, &here()).open(&here()).unwrap();
            prop_assert_eq!(back, key);
        }

        #[test]
        fn nothing_but_what_was_given_is_opened(text in "\\PC*", at in any::<prop::sample::Index>(), bit in 0..6_u8) {
            let broken = Cursor(Ok(text)).open::<(i64, String)>(&here()).is_err();
            prop_assert!(broken);
            let given = Cursor::of(&(7_i64, "milk"), &here()).to_string();
            let place = at.index(given.len());
            // One character changed, and the text cut there.
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut changed = given.clone().into_bytes();
            let letter = letters.iter().position(|letter| *letter == changed[place]).unwrap();
            changed[place] = letters[letter ^ (1 << bit)];
            let changed = String::from_utf8(changed).unwrap();
            for text in [changed, given[..place].to_owned(), format!("{given}{given}"), format!("{given}=")] {
                prop_assert!(Cursor(Ok(text.clone())).open::<(i64, String)>(&here()).is_err(), "{}", text);
            }
        }
    }
}
