//! Bytes in JSON.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Model;

/// Bytes that travel as a text in Base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-4), with padding):
/// `wx.base64ToArrayBuffer` and `wx.arrayBufferToBase64` read and write it.
///
/// ```
/// use queqiao::types::Base64;
///
/// assert_eq!(queqiao::serde_json::to_string(&Base64::from(vec![1, 2, 255])).unwrap(), "\"AQL/\"");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base64(pub Bytes);

impl From<Bytes> for Base64 {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Base64 {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Base64> for Bytes {
    fn from(bytes: Base64) -> Self {
        bytes.0
    }
}

impl AsRef<[u8]> for Base64 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        match STANDARD.decode(text.as_bytes()) {
            Ok(bytes) => Ok(bytes.into()),
            Err(_) => Err(serde::de::Error::custom("expected bytes in Base64, with padding")),
        }
    }
}

impl JsonSchema for Base64 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Base64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // The bits that the last letter has too many are zero, so that the same bytes are the same text.
        json_schema!({
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
        })
    }
}

impl Model for Base64 {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", b"\xff\xfe\0"] {
            let text = serde_json::to_string(&Base64::from(bytes.to_vec())).unwrap();
            assert_eq!(serde_json::from_str::<Base64>(&text).unwrap().as_ref(), bytes, "{text}");
        }
        for wrong in ["\"YQ\"", "\"YR==\"", "\"YQ= =\"", "\"YQ==\\n\"", "\"_-8=\"", "\"Y\"", "[97]", "97"] {
            assert!(serde_json::from_str::<Base64>(wrong).is_err(), "{wrong}");
        }
    }
}
