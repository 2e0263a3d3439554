//! The fields of a message, whether it came as JSON or as XML.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::lenient::Lenient;
use super::{PayloadError, Refused, xml};

/// How the body is written. Not a secret and no matter of trust: it is told by its first character, and a
/// reply is written in the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `{"ToUserName": …}`
    Json,
    /// `<xml><ToUserName>…`
    Xml,
}

/// What a message may cost before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the body.
    pub bytes: usize,
    /// Levels of objects, lists and elements in each other.
    pub depth: usize,
    /// Fields and list items in all.
    pub fields: usize,
}

impl Default for Limits {
    /// 256 KiB, 16 levels, 4,096 fields: WeChat's own messages are a hundredth of that.
    fn default() -> Self {
        Self { bytes: 256 * 1024, depth: 16, fields: 4096 }
    }
}

/// The fields of a message under WeChat's names.
///
/// From XML every value is a text, an element with elements is an object, and a repeated one a list; in JSON
/// WeChat too writes numbers as texts and a list of one as its item. [`decode`](Self::decode) evens that out.
#[derive(Clone, PartialEq, Eq)]
pub struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Reads JSON or XML, whichever it is.
    ///
    /// # Errors
    ///
    /// [`Refused::Unreadable`] and [`Refused::TooLarge`].
    pub fn read(body: &[u8], limits: &Limits) -> Result<(Self, Format), Refused> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Ok((Self::from_json(body, limits)?, Format::Json)),
            Some(b'<') => Ok((Self::from_xml(body, limits)?, Format::Xml)),
            Some(_) => Err(Refused::Unreadable("it begins neither as a JSON object nor as XML")),
            None => Err(Refused::Unreadable("it is empty")),
        }
    }

    /// Reads a JSON object.
    ///
    /// # Errors
    ///
    /// [`Refused::Unreadable`] and [`Refused::TooLarge`].
    pub fn from_json(body: &[u8], limits: &Limits) -> Result<Self, Refused> {
        limits.bytes(body)?;
        // serde_json goes no deeper than 128 levels by itself.
        let fields: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| Refused::Unreadable("it is no JSON object, or is cut off"))?;
        let mut count = 0;
        for value in fields.values() {
            limits.value(value, 2, &mut count)?;
        }
        Ok(Self(fields))
    }

    /// Reads `<xml>…</xml>`. Only the five named entities of XML itself and characters by number are
    /// replaced; a document type is refused.
    ///
    /// # Errors
    ///
    /// [`Refused::Unreadable`] and [`Refused::TooLarge`].
    pub fn from_xml(body: &[u8], limits: &Limits) -> Result<Self, Refused> {
        limits.bytes(body)?;
        Ok(Self(xml::read(body, limits)?))
    }

    /// Writes the fields in a format.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Json => Value::Object(self.0.clone()).to_string(),
            Format::Xml => xml::write(&self.0),
        }
    }

    /// A field that is a text, or a number as text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// All fields as JSON.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The fields in a type of your own, with `#[serde(rename = "…")]` for WeChat's names.
    ///
    /// Where the type has a number, a text of digits will do, and the reverse; where it has a `Vec`, a single
    /// item will do. (Not within `#[serde(flatten)]` and untagged enums, which serde reads without saying what
    /// it looks for.)
    ///
    /// ```
    /// use queqiao_wechat::push::{Fields, Limits};
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "snake_case")]
    /// struct Order { order_id: String, state: Vec<u8> }
    ///
    /// let xml = b"<xml><order_id>7</order_id><state>1</state></xml>";
    /// let order: Order = Fields::from_xml(xml, &Limits::default())?.decode()?;
    /// assert_eq!((order.order_id.as_str(), order.state), ("7", vec![1]));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A field that is missing or of another type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        T::deserialize(Lenient::object(&self.0))
            .map_err(|error| PayloadError { name: std::any::type_name::<T>(), what: error.to_string() })
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

/// The names only: what a user wrote is nobody's business.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Limits {
    pub(super) fn bytes(&self, body: &[u8]) -> Result<(), Refused> {
        match body.len() > self.bytes {
            true => Err(Refused::TooLarge { what: "bytes", limit: self.bytes }),
            false => Ok(()),
        }
    }

    pub(super) fn depth(&self, depth: usize) -> Result<(), Refused> {
        match depth > self.depth {
            true => Err(Refused::TooLarge { what: "levels", limit: self.depth }),
            false => Ok(()),
        }
    }

    pub(super) fn count(&self, count: &mut usize) -> Result<(), Refused> {
        *count += 1;
        match *count > self.fields {
            true => Err(Refused::TooLarge { what: "fields", limit: self.fields }),
            false => Ok(()),
        }
    }

    /// Checks what serde_json has read already: no deeper than it goes.
    fn value(&self, value: &Value, depth: usize, count: &mut usize) -> Result<(), Refused> {
        self.count(count)?;
        match value {
            Value::Array(items) => {
                self.depth(depth)?;
                items.iter().try_for_each(|item| self.value(item, depth + 1, count))
            }
            Value::Object(fields) => {
                self.depth(depth)?;
                fields.values().try_for_each(|value| self.value(value, depth + 1, count))
            }
            _ => Ok(()),
        }
    }
}
