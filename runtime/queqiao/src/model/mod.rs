//! Models: the types that a contract speaks of.
//!
//! `#[model]` implements [`Model`] by one call for each field, so that nesting needs no attribute: a value is
//! walked from its root, and every broken constraint is reported at its wire pointer.

mod checker;
mod constraint;
mod each;
pub(crate) mod example;
mod foreign;
mod text;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "server")]
pub(crate) use self::checker::UserText;
pub use self::checker::{Checker, Violation};
pub(crate) use self::text::CONTENT_SECURITY;

/// What `#[model]` emits calls of.
pub mod constraints {
    pub use super::constraint::{
        Constraint, Length, Range, Unique, custom, deprecated, length, range, refine, rust_type, unique,
    };
    pub use super::each::{Each, each};
    pub use super::example::{example, read, read_with};
    pub use super::text::{Pattern, Text, content_security, email, pattern, url};
}

/// A type with a JSON schema whose values can be checked; implemented by `#[model]`.
///
/// Everything that enters through an extractor is checked at every depth, without further calls. To check a value
/// elsewhere:
///
/// ```
/// use queqiao::{Checker, Model};
///
/// let mut errors = Vec::new();
/// vec![Some(1.5_f64)].check(&mut Checker::root(&mut errors));
/// assert!(errors.is_empty());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "has no schema and no checks",
    note = "add `#[model]` to the type; a type of another crate goes into a newtype with `#[model]`, or takes `#[check(skip)]` on the field if it has a JSON schema"
)]
// All of what a contract's type can do are supertraits, so that a type that lacks them gives one error, and this one.
pub trait Model: JsonSchema + Serialize + DeserializeOwned {
    /// Reports every broken constraint of the value, at its wire pointer.
    fn check(&self, at: &mut Checker<'_>) {
        let _ = at;
    }
}
