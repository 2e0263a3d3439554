//! `with`, `from`, `into`, `try_from`, and serde written by hand.

use std::borrow::Cow;

use arbitrary::Arbitrary;
use queqiao::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use queqiao::serde::{Deserialize, Deserializer, Serialize, Serializer};
use queqiao::{Model, model};

use crate::cases::cases;

#[model]
#[derive(Arbitrary, Clone)]
#[serde(from = "Wire", into = "Wire")]
struct Converted {
    sum: u16,
}

#[model]
#[derive(Clone)]
struct Wire {
    low: u8,
    high: u8,
}

impl From<Wire> for Converted {
    fn from(wire: Wire) -> Self {
        Self { sum: u16::from(wire.low) | u16::from(wire.high) << 8 }
    }
}

impl From<Converted> for Wire {
    fn from(converted: Converted) -> Self {
        let [low, high] = converted.sum.to_le_bytes();
        Self { low, high }
    }
}

#[model]
#[derive(Arbitrary, Clone)]
#[serde(from = "String", into = "String")]
struct FromText {
    text: String,
}

impl From<String> for FromText {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl From<FromText> for String {
    fn from(value: FromText) -> Self {
        value.text
    }
}

/// An even number.
#[model]
#[derive(Clone)]
#[serde(try_from = "u8", into = "u8")]
struct Even(u8);

impl<'a> Arbitrary<'a> for Even {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(u.arbitrary::<u8>()? & !1))
    }
}

impl TryFrom<u8> for Even {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number.is_multiple_of(2) { Ok(Self(number)) } else { Err("must be even") }
    }
}

impl From<Even> for u8 {
    fn from(even: Even) -> Self {
        even.0
    }
}

#[model]
#[derive(Arbitrary)]
struct OfConverted {
    one: Converted,
    two: Option<Converted>,
    text: FromText,
}

/// A flag that travels as 0 or 1.
mod bit {
    use queqiao::serde::de::Error as _;
    use queqiao::serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*flag))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(D::Error::custom("expected 0 or 1")),
        }
    }
}

fn bit_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": 1 })
}

#[model]
#[derive(Arbitrary)]
struct With {
    #[serde(with = "bit")]
    #[schemars(schema_with = "bit_schema")]
    flag: bool,
    other: u8,
}

#[model]
#[derive(Arbitrary)]
struct WithAs {
    #[serde(with = "bit")]
    #[schemars(with = "Bit")]
    flag: bool,
}

struct Bit;

impl JsonSchema for Bit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        bit_schema(generator)
    }
}

#[model]
#[derive(Arbitrary)]
struct OneWay {
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    #[serde(deserialize_with = "of_text")]
    number: u8,
}

fn as_text<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("n{number}"))
}

fn of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    Ok(String::deserialize(deserializer)?.len().min(255) as u8)
}

/// Everything by hand: a point as `"x,y"`.
#[derive(Arbitrary, Clone, Copy)]
struct Point {
    x: u8,
    y: u8,
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{},{}", self.x, self.y))
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = |text: &str| text.parse().ok().filter(|number: &u8| number.to_string() == text);
        text.split_once(',')
            .and_then(|(x, y)| Some(Self { x: read(x)?, y: read(y)? }))
            .ok_or_else(|| queqiao::serde::de::Error::custom("expected `x,y`"))
    }
}

impl JsonSchema for Point {
    fn schema_name() -> Cow<'static, str> {
        "Point".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let byte = "(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
        json_schema!({ "type": "string", "pattern": format!("^{byte},{byte}$") })
    }
}

impl Model for Point {}

#[model]
#[derive(Arbitrary)]
struct OfPoint {
    from: Point,
    to: Option<Point>,
    way: Vec<Point>,
}

cases! {
    converted: Converted,
    converted_text: FromText,
    converted_try: Even,
    converted_inside: OfConverted,
    converted_with: With,
    converted_with_as: WithAs,
    converted_one_way: OneWay,
    by_hand: Point,
    by_hand_inside: OfPoint,
    converted_list: Vec<Converted>,
}
