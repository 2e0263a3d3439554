//! Examples in schemas, each tried by the type that it is an example of.

use schemars::Schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Checker;
use crate::problem::Language;

/// Where a wrong example is told, until the document is written or refused.
pub(crate) const MISTAKE: &str = "x-example-mistake";

/// An example as a schemars transform: `read` is what serde does with the value, `check` what the constraints say.
pub fn example<T>(
    example: impl Serialize,
    read: impl Fn(Value) -> Result<T, String>,
    check: impl Fn(&T, &mut Checker<'_>),
) -> impl FnMut(&mut Schema) {
    let value = serde_json::to_value(example).map_err(|error| format!("cannot be written as JSON: {error}"));
    move |schema: &mut Schema| {
        let object = schema.ensure_object();
        let judged = value.clone().and_then(|value| judge(&value, &read, &check).map(|()| value));
        match judged {
            Ok(value) => {
                let examples = object.entry("examples").or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(examples) = examples {
                    examples.push(value);
                }
            }
            Err(mistake) => {
                object.insert(MISTAKE.into(), mistake.into());
            }
        }
    }
}

fn judge<T>(
    value: &Value,
    read: impl Fn(Value) -> Result<T, String>,
    check: impl Fn(&T, &mut Checker<'_>),
) -> Result<(), String> {
    let told = |what: String| format!("the example {value} {what}");
    let read = read(value.clone()).map_err(told)?;
    let mut errors = Vec::new();
    check(&read, &mut Checker::root(&mut errors));
    match errors.first() {
        None => Ok(()),
        Some(error) => {
            let place =
                if error.pointer.is_empty() { String::new() } else { format!(" at `{}`", error.pointer) };
            Err(told(format!("breaks `{}`{place}: {}", error.code, error.message.told_in(Language::English))))
        }
    }
}

/// Reads an example as serde reads what comes in.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!(" at `{path}`") };
        refused(format!("{place}: {}", error.inner()))
    })
}

/// Reads an example by the function of a field's `with` or `deserialize_with`.
pub fn read_with<T>(value: Value, read: impl Fn(Value) -> Result<T, serde_json::Error>) -> Result<T, String> {
    read(value).map_err(|error| refused(format!(": {error}")))
}

fn refused(rest: String) -> String {
    format!("cannot be read{rest}")
}
