//! Types whose wire form a mini-program can hold.

mod base64;
#[cfg(feature = "decimal")]
mod decimal;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::base64::Base64;
#[cfg(feature = "decimal")]
pub use self::decimal::{Decimal, DecimalError};

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

// The patterns spell out the ranges: what the server refuses, the schema refuses.

integer_text! {
    /// An `i64` that travels as a decimal string: a JavaScript number would lose digits beyond 2^53 − 1.
    I64(i64),
    "^(0|-?([1-9][0-9]{0,17}|[1-8][0-9]{18}|9[0-1][0-9]{17}|92[0-1][0-9]{16}|922[0-2][0-9]{15}|9223[0-2][0-9]{14}|92233[0-6][0-9]{13}|922337[0-1][0-9]{12}|92233720[0-2][0-9]{10}|922337203[0-5][0-9]{9}|9223372036[0-7][0-9]{8}|92233720368[0-4][0-9]{7}|922337203685[0-3][0-9]{6}|9223372036854[0-6][0-9]{5}|92233720368547[0-6][0-9]{4}|922337203685477[0-4][0-9]{3}|9223372036854775[0-7][0-9]{2}|922337203685477580[0-6]|9223372036854775807)|-9223372036854775808)$", "a 64-bit integer"
}

integer_text! {
    /// A `u64` that travels as a decimal string: a JavaScript number would lose digits beyond 2^53 − 1.
    U64(u64),
    "^(0|[1-9][0-9]{0,18}|1[0-7][0-9]{18}|18[0-3][0-9]{17}|184[0-3][0-9]{16}|1844[0-5][0-9]{15}|18446[0-6][0-9]{14}|184467[0-3][0-9]{13}|1844674[0-3][0-9]{12}|184467440[0-6][0-9]{10}|1844674407[0-2][0-9]{9}|18446744073[0-6][0-9]{8}|1844674407370[0-8][0-9]{6}|18446744073709[0-4][0-9]{5}|184467440737095[0-4][0-9]{4}|18446744073709550[0-9]{3}|18446744073709551[0-5][0-9]{2}|1844674407370955160[0-9]|1844674407370955161[0-4]|18446744073709551615)$", "an unsigned 64-bit integer"
}

/// Reads a member that may be absent, `null` or there, into `Option<Option<T>>`: `None` for absent, `Some(None)` for
/// `null`. So an update can tell what to leave as it is from what to clear.
///
/// ```
/// use queqiao::{model, serde_json::json};
///
/// #[model]
/// struct TodoUpdate {
///     #[serde(default, deserialize_with = "queqiao::types::present", skip_serializing_if = "Option::is_none")]
///     note: Option<Option<String>>,
/// }
///
/// let update = |value| queqiao::serde_json::from_value::<TodoUpdate>(value).map(|update| update.note);
/// assert_eq!(update(json!({})).unwrap(), None);
/// assert_eq!(update(json!({ "note": null })).unwrap(), Some(None));
/// assert_eq!(update(json!({ "note": "milk" })).unwrap(), Some(Some("milk".to_owned())));
/// ```
///
/// # Errors
/// What `T` says of a value that is not one.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
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
