//! A value, `null`, or nothing.

use arbitrary::Arbitrary;
use queqiao::model;
use queqiao::serde::{Deserialize, Deserializer};

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Part {
    a: u8,
    b: Option<String>,
}

#[model]
#[derive(Arbitrary)]
struct Optional {
    number: Option<u8>,
    text: Option<String>,
    model: Option<Part>,
    list: Option<Vec<u8>>,
    boxed: Option<Box<Part>>,
}

/// `null` clears, nothing leaves as it is.
#[model]
#[derive(Arbitrary)]
struct Update {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "queqiao::types::present")]
    title: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "queqiao::types::present")]
    count: Option<Option<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<bool>,
}

#[model]
#[derive(Arbitrary)]
struct Twice {
    inner: Option<Option<u8>>,
}

#[model]
#[derive(Arbitrary)]
struct Explicit {
    #[serde(default, deserialize_with = "explicit")]
    maybe: Option<u8>,
}

fn explicit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    Option::deserialize(deserializer)
}

#[model]
#[derive(Arbitrary)]
struct Omitted {
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<Part>,
}

#[model]
#[derive(Arbitrary)]
#[serde(deny_unknown_fields)]
struct OptionalStrict {
    a: Option<u8>,
    b: Option<Part>,
}

#[model]
#[derive(Arbitrary)]
struct OptionalNewtype(Option<u8>);

#[model]
#[derive(Arbitrary)]
struct OptionalInTuple(Option<u8>, Option<Part>);

#[model]
#[derive(Arbitrary)]
struct OfOptionalNewtype {
    maybe: OptionalNewtype,
    items: Vec<Option<u8>>,
}

#[model]
#[derive(Arbitrary)]
struct OptionalWithDefault {
    #[serde(default = "five")]
    a: Option<u8>,
}

#[allow(clippy::unnecessary_wraps)] // serde asks for the field's type
fn five() -> Option<u8> {
    Some(5)
}

cases! {
    optional: Optional,
    optional_update: Update,
    optional_twice: Twice,
    optional_explicit: Explicit,
    optional_omitted: Omitted,
    optional_strict: OptionalStrict,
    optional_newtype: OptionalNewtype,
    optional_in_tuple: OptionalInTuple,
    optional_of_newtype: OfOptionalNewtype,
    optional_with_default: OptionalWithDefault,
    optional_scalar: Option<u8>,
    optional_model: Option<Part>,
    optional_list: Option<Vec<Part>>,
}
