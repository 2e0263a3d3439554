//! Answers, decoded by their content: WeChat sends JSON as `text/plain`, and errors with status 200.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{ErrCode, Error, Operation, Refusal};

/// A JSON object without an errcode, or with errcode 0.
#[derive(Debug)]
pub(crate) struct Answer {
    operation: Operation,
    status: u16,
    object: Map<String, Value>,
}

impl Answer {
    /// Decodes what came. `secrets` are kept out of the error.
    pub(crate) fn decode(
        operation: Operation,
        status: u16,
        body: &[u8],
        secrets: &[&str],
    ) -> Result<Self, Error> {
        let unexpected =
            |found: String| Error::Unexpected { operation, status, expected: "a JSON object", found };
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let object = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(unexpected("JSON of another kind".into())),
            Err(error) => return Err(unexpected(describe(body, &error))),
        };
        let errcode = match object.get("errcode") {
            None | Some(Value::Null) => 0,
            Some(Value::Number(number)) if number.is_i64() => number.as_i64().unwrap_or(0),
            Some(_) => return Err(unexpected("an errcode that is no integer".into())),
        };
        if errcode != 0 {
            let errmsg = object.get("errmsg").and_then(Value::as_str).unwrap_or("no errmsg");
            return Err(Error::Refused(Refusal::new(operation, ErrCode(errcode), errmsg, secrets)));
        }
        Ok(Self { operation, status, object })
    }

    /// The answer as `T`.
    pub(crate) fn into<T: DeserializeOwned>(self, expected: &'static str) -> Result<T, Error> {
        let names: Vec<&str> = self.object.keys().map(String::as_str).take(20).collect();
        let found = format!("an object with the fields [{}]", names.join(", "));
        let (operation, status) = (self.operation, self.status);
        // serde's own text quotes values.
        serde_json::from_value(Value::Object(self.object)).map_err(|_| Error::Unexpected {
            operation,
            status,
            expected,
            found,
        })
    }
}

/// Decodes an answer of WeChat's server API that came by another way than [`WeChat`](crate::WeChat), such as
/// cloud hosting's: by its content, an errcode other than 0 as an error.
///
/// # Errors
///
/// [`Error::Refused`]; [`Error::Unexpected`] for what is no answer, or has not the fields of `T`.
pub fn decode_answer<T: DeserializeOwned>(
    operation: Operation,
    status: u16,
    body: &[u8],
) -> Result<T, Error> {
    Answer::decode(operation, status, body, &[])?.into("the fields of this API's answer")
}

fn describe(body: &[u8], error: &serde_json::Error) -> String {
    let size = body.len();
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "an empty body".into(),
        Some(b'<') => format!("HTML or XML ({size} bytes)"),
        Some(b'{') if error.is_eof() => format!("JSON that is cut off after {size} bytes"),
        Some(_) => format!("{size} bytes that are not JSON (from column {} on)", error.column()),
    }
}
