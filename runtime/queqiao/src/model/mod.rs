//! Models: the types that a contract speaks of.

use std::borrow::Cow;

use schemars::JsonSchema;

/// A type with a JSON schema and checks of its constraints; derived by `#[model]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "has no schema",
    note = "add `#[model]` to the type; for a type of another crate, wrap it in a newtype with `#[model]`"
)]
pub trait Model: JsonSchema {
    /// Reports every broken constraint of the value, at its wire pointer.
    fn check(&self, at: &mut Checker<'_>) {
        let _ = at;
    }
}

/// Collects broken constraints while a value is walked.
#[derive(Debug)]
pub struct Checker<'a> {
    errors: &'a mut Vec<crate::problem::FieldError>,
}

impl<'a> Checker<'a> {
    /// At the root of a value.
    pub fn root(errors: &'a mut Vec<crate::problem::FieldError>) -> Self {
        Self { errors }
    }

    /// Reports a broken constraint at the current place.
    pub fn fail(&mut self, code: &'static str, message: impl Into<Cow<'static, str>>) {
        self.errors.push(crate::problem::FieldError { location: Default::default(), pointer: String::new(), code: code.into(), message: message.into() });
    }
}

impl Model for String {}
impl Model for u32 {}
