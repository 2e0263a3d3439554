//! Types whose wire form a mini-program can hold.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Model;

macro_rules! integer_text {
    ($(#[$doc:meta])* $name:ident($inner:ty), $pattern:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                // Only the canonical form, so that one number is one text.
                match text.parse::<$inner>() {
                    Ok(value) if value.to_string() == *text => Ok(Self(value)),
                    _ => Err(serde::de::Error::custom(concat!("expected ", $what, " as a decimal string"))),
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }

        impl Model for $name {}
    };
}

integer_text! {
    /// An `i64` that travels as a decimal string: a JavaScript number would lose digits beyond 2^53 − 1.
    I64(i64), "^(0|-?[1-9][0-9]{0,18})$", "a 64-bit integer"
}

integer_text! {
    /// A `u64` that travels as a decimal string: a JavaScript number would lose digits beyond 2^53 − 1.
    U64(u64), "^(0|[1-9][0-9]{0,19})$", "an unsigned 64-bit integer"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_canonical_and_lose_nothing() {
        assert_eq!(serde_json::to_string(&U64(u64::MAX)).unwrap(), "\"18446744073709551615\"");
        assert_eq!(serde_json::from_str::<I64>("\"-9223372036854775808\"").unwrap(), I64(i64::MIN));
        for wrong in ["\"01\"", "\"+1\"", "1", "\"\"", "\"18446744073709551616\"", "\"-0\""] {
            assert!(serde_json::from_str::<U64>(wrong).is_err(), "{wrong}");
        }
    }
}
