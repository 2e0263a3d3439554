//! What path, query and header arguments share: from texts through a value into the type.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Checker, Model};
use crate::problem::{FieldError, Location, Problem, Text};

/// Reads `T` from a value made of texts and checks it; `name` is the parameter that the whole value is.
pub(super) fn read<T: Model + DeserializeOwned>(
    location: Location,
    name: Option<&str>,
    value: Value,
) -> Result<T, Problem> {
    let parsed = T::deserialize(&value).map_err(|error| {
        let (pointer, message) = match serde_path_to_error::deserialize::<_, T>(&value) {
            Err(traced) => (super::body::pointer(traced.path()), traced.inner().to_string()),
            Ok(_) => (String::new(), error.to_string()),
        };
        let error = misfit::<T>(&value, pointer, message);
        Problem::validation(vec![FieldError { location, pointer: below(name, &error.pointer), ..error }])
    })?;
    check(location, name, &parsed)?;
    Ok(parsed)
}

/// Reads the texts of a form.
#[cfg(feature = "server")]
pub(crate) fn form_fields<T: Model + DeserializeOwned>(
    plan: &crate::document::Plan,
    texts: &[(String, String)],
) -> Result<T, Problem> {
    use std::borrow::Cow;

    let texts = texts.iter().map(|(name, text)| (Cow::Borrowed(&**name), Cow::Borrowed(&**text)));
    let value = plan.object(texts, &crate::document::Kind::Text).map_err(|repeated| {
        let message = Text::both("不能给出多次", "is given more than once");
        Problem::validation(vec![FieldError::new(format!("/{}", repeated.name), "repeated", message)])
    })?;
    read(Location::Body, None, value)
}

/// Reads the texts of a form as they stand in a JSON body.
#[cfg(feature = "server")]
pub(crate) fn form_members<T: Model + DeserializeOwned>(
    members: serde_json::Map<String, Value>,
) -> Result<T, Problem> {
    read(Location::Body, None, Value::Object(members))
}

/// The error of a value that serde does not take: a missing member is reported at its own place.
pub(super) fn misfit<T: DeserializeOwned>(value: &Value, mut pointer: String, message: String) -> FieldError {
    let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) else {
        let told = Text::both(format!("类型不符：{message}"), message);
        return FieldError::new(pointer, "type", told);
    };
    // Behind `flatten` and tags serde loses the place: it is right if a member there changes what serde says.
    let mut trial = value.clone();
    if let Some(Value::Object(members)) = trial.pointer_mut(&pointer) {
        members.insert(name.to_owned(), Value::Null);
        if T::deserialize(&trial).map_or_else(|error| error.to_string() != message, |_| true) {
            super::body::push_segment(&mut pointer, name);
        }
    }
    let told = Text::both(format!("缺少 `{name}`"), format!("`{name}` is missing"));
    FieldError::new(pointer, "required", told)
}

/// Checks the constraints of a value.
pub(super) fn check<T: Model>(location: Location, name: Option<&str>, value: &T) -> Result<(), Problem> {
    let mut errors = Vec::new();
    value.check(&mut Checker::root(&mut errors));
    if errors.is_empty() {
        return Ok(());
    }
    for error in &mut errors {
        error.location = location;
        error.pointer = below(name, &error.pointer);
    }
    Err(Problem::validation(errors))
}

fn below(name: Option<&str>, pointer: &str) -> String {
    let mut whole = String::new();
    if let Some(name) = name {
        super::body::push_segment(&mut whole, name);
    }
    whole + pointer
}
