//! What path, query and header arguments share: from texts through a value into the type.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Checker, Model};
use crate::problem::{FieldError, Location, Problem};

/// Reads `T` from a value made of texts and checks it.
pub(super) fn read<T: Model + DeserializeOwned>(
    location: Location,
    prefix: &str,
    value: Value,
) -> Result<T, Problem> {
    let parsed = T::deserialize(&value).map_err(|error| {
        let (pointer, message) = match serde_path_to_error::deserialize::<_, T>(&value) {
            Err(traced) => (super::body::pointer(traced.path()), traced.inner().to_string()),
            Ok(_) => (String::new(), error.to_string()),
        };
        Problem::validation(vec![FieldError {
            location,
            pointer: format!("{prefix}{pointer}"),
            code: "type".into(),
            message: message.into(),
        }])
    })?;
    check(location, prefix, &parsed)?;
    Ok(parsed)
}

/// Checks the constraints of a value.
pub(super) fn check<T: Model>(location: Location, prefix: &str, value: &T) -> Result<(), Problem> {
    let mut errors = Vec::new();
    value.check(&mut Checker::root(&mut errors));
    if errors.is_empty() {
        return Ok(());
    }
    for error in &mut errors {
        error.location = location;
        error.pointer.insert_str(0, prefix);
    }
    Err(Problem::validation(errors))
}
