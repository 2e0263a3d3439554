//! Reads values into types, whichever way WeChat wrote them.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// A value, read as what the type asks for: a number from a text of digits, a text from a number, a list
/// from its only item.
#[derive(Clone, Copy)]
pub(super) enum Lenient<'a> {
    Value(&'a Value),
    Object(&'a Map<String, Value>),
}

impl<'a> Lenient<'a> {
    pub(super) fn object(fields: &'a Map<String, Value>) -> Self {
        Self::Object(fields)
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Object(_) | Self::Value(Value::Object(_)) => "an object",
            Self::Value(Value::Null) => "null",
            Self::Value(Value::Bool(_)) => "true or false",
            Self::Value(Value::Number(_)) => "a number",
            Self::Value(Value::String(_)) => "a text",
            Self::Value(Value::Array(_)) => "a list",
        }
    }

    /// serde's own text would quote the value.
    fn mismatch(self, expected: &str) -> Error {
        Error::custom(format_args!("{expected} is expected, and {} stands there", self.kind()))
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Value(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

macro_rules! number {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if let Some(text) = self.text() {
                let number = text.trim().parse::<$type>().map_err(|_| self.mismatch($expected))?;
                return visitor.$visit(number);
            }
            match self {
                Self::Value(Value::Number(_)) => self.deserialize_any(visitor),
                _ => Err(self.mismatch($expected)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Object(fields) | Self::Value(Value::Object(fields)) => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), Lenient::Value(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            Self::Value(Value::Array(items)) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(Lenient::Value)))
            }
            Self::Value(value) => value.deserialize_any(visitor),
        }
    }

    number! {
        deserialize_i8 visit_i64 i64, "a whole number";
        deserialize_i16 visit_i64 i64, "a whole number";
        deserialize_i32 visit_i64 i64, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_i128 visit_i128 i128, "a whole number";
        deserialize_u8 visit_u64 u64, "a whole number, not negative";
        deserialize_u16 visit_u64 u64, "a whole number, not negative";
        deserialize_u32 visit_u64 u64, "a whole number, not negative";
        deserialize_u64 visit_u64 u64, "a whole number, not negative";
        deserialize_u128 visit_u128 u128, "a whole number, not negative";
        deserialize_f32 visit_f64 f64, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Value(Value::Bool(value)) => visitor.visit_bool(*value),
            Self::Value(Value::String(text)) if matches!(text.as_str(), "1" | "true") => {
                visitor.visit_bool(true)
            }
            Self::Value(Value::String(text)) if matches!(text.as_str(), "0" | "false") => {
                visitor.visit_bool(false)
            }
            Self::Value(Value::Number(number)) => match number.as_u64() {
                Some(0) => visitor.visit_bool(false),
                Some(1) => visitor.visit_bool(true),
                _ => Err(self.mismatch("true or false")),
            },
            _ => Err(self.mismatch("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Value(Value::String(text)) => visitor.visit_borrowed_str(text),
            Self::Value(Value::Number(number)) => visitor.visit_string(number.to_string()),
            _ => Err(self.mismatch("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Value(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Value(Value::Array(_)) => self.deserialize_any(visitor),
            // `<List/>`: none of them.
            Self::Value(Value::Null) => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Self>())),
            Self::Value(Value::String(text)) if text.trim().is_empty() => {
                visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Self>()))
            }
            one => visitor.visit_seq(SeqDeserializer::new(std::iter::once(one))),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Object(_) | Self::Value(Value::Object(_)) => self.deserialize_any(visitor),
            // `<result/>`: an object without fields.
            Self::Value(Value::String(text)) if text.trim().is_empty() => {
                visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, Self)>()))
            }
            _ => Err(self.mismatch("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Value(value @ Value::String(_)) => value.deserialize_enum(name, variants, visitor),
            _ => Err(self.mismatch("a text")),
        }
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Lenient<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
