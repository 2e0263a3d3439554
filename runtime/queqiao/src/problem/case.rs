//! The ways in which an operation fails, as data.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{Problem, Text, both, plain};
use crate::model::Model;

/// One way in which an operation fails, as the contract states it.
///
/// Two are equal if they mean the same to a client, whatever their origins.
#[derive(Clone, Debug)]
pub struct ErrorCase {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// Stable code, for example `todo.not_found`.
    pub code: &'static str,
    /// One sentence for people, with `{name}` where a detail is told.
    pub title: Text,
    /// More, if there is more.
    pub detail: Option<Text>,
    /// What is told to programs, as members of `details`.
    pub details: &'static [Detail],
    /// Where it is declared, for the messages of [`Api::build`](crate::Api::build).
    pub origin: &'static str,
}

impl ErrorCase {
    /// A case of an extractor or a reply, with a title for all readers.
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self::titled(status, code, plain(title))
    }

    /// As [`ErrorCase::new`], with the title in Chinese and in English.
    pub const fn in_both(status: u16, code: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::titled(status, code, both(zh, en))
    }

    const fn titled(status: u16, code: &'static str, title: Text) -> Self {
        Self { status, code, title, detail: None, details: &[], origin: "an extractor or a reply" }
    }

    /// The case as a message names it, beside another of the same code.
    fn told_apart(&self) -> String {
        let details: Vec<String> =
            self.details.iter().map(|d| format!("{}: {}", d.name, (d.rust)())).collect();
        let details = if details.is_empty() {
            String::new()
        } else {
            format!(", details {{ {} }}", details.join(", "))
        };
        let texts = |text: &Text| match text {
            Text::Both { zh, en } => format!("“{en}” “{zh}”"),
            Text::Plain(text) => format!("“{text}”"),
        };
        let texts: Vec<String> = std::iter::once(&self.title).chain(&self.detail).map(texts).collect();
        format!("{} {}{details} in `{}`", self.status, texts.join(" "), self.origin)
    }
}

/// A code means one thing to a client, whichever operation answers it: a sentence for each that means two.
pub(crate) fn ambiguous<'a>(cases: impl Iterator<Item = &'a ErrorCase>) -> Vec<String> {
    let mut meanings: BTreeMap<&str, Vec<&ErrorCase>> = BTreeMap::new();
    for case in cases {
        let known = meanings.entry(case.code).or_default();
        if !known.contains(&case) {
            known.push(case);
        }
    }
    let mut mistakes = Vec::new();
    for (code, mut meanings) in meanings {
        // Whatever the order of the handlers.
        meanings.sort_by_key(|case| case.origin);
        if let [first, others @ ..] = meanings.as_slice() {
            mistakes.extend(others.iter().map(|other| {
                format!(
                    "the error code `{code}` means two things: {}, and {}; let both say the same, or give one another \
                     code with `#[error(code = \"…\")]`",
                    first.told_apart(),
                    other.told_apart()
                )
            }));
        }
    }
    mistakes
}

impl PartialEq for ErrorCase {
    fn eq(&self, other: &Self) -> bool {
        let Self { status, code, title, detail, details, origin: _ } = self;
        (*status, *code, title, detail, *details)
            == (other.status, other.code, &other.title, &other.detail, other.details)
    }
}

impl Eq for ErrorCase {}

/// One member of a problem's `details`.
#[derive(Clone, Copy)]
pub struct Detail {
    name: &'static str,
    description: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    rust: fn() -> &'static str,
}

impl Detail {
    /// The wire name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What people are told of it.
    pub fn description(&self) -> &'static str {
        self.description
    }

    pub(crate) fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

impl PartialEq for Detail {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.description, (self.rust)()) == (other.name, other.description, (other.rust)())
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detail").field("name", &self.name).field("type", &(self.rust)()).finish()
    }
}

/// A [`Detail`] that knows its type. Made once for each field, so that a field of no model is one error.
pub struct DetailOf<T> {
    detail: Detail,
    write: fn(&T) -> serde_json::Result<Value>,
    show: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl<T> DetailOf<T> {
    /// The field of this wire name and doc comment.
    pub const fn new(name: &'static str, description: &'static str) -> Self
    where
        T: Model,
    {
        let schema = |generator: &mut SchemaGenerator| generator.subschema_for::<T>();
        let detail = Detail { name, description, schema, rust: type_name::<T> };
        Self { detail, write: |value| serde_json::to_value(value), show: |_, _| Ok(()) }
    }

    /// As `new`, of a field that texts tell.
    pub const fn told(name: &'static str, description: &'static str) -> Self
    where
        T: Model + fmt::Display,
    {
        Self { show: <T as fmt::Display>::fmt, ..Self::new(name, description) }
    }

    /// The value as texts tell it.
    pub fn shown<'a>(&self, value: &'a T) -> impl fmt::Display + use<'a, T> {
        Shown(value, self.show)
    }

    /// Without its type.
    pub const fn detail(&self) -> Detail {
        self.detail
    }
}

struct Shown<'a, T>(&'a T, fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result);

impl<T> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.1)(self.0, f)
    }
}

impl<T> fmt::Debug for DetailOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.detail.fmt(f)
    }
}

/// The values of a problem's `details`.
#[derive(Debug)]
pub struct Details(serde_json::Result<Map<String, Value>>);

impl Details {
    /// None yet.
    pub fn new() -> Self {
        Self(Ok(Map::new()))
    }

    /// Adds a value.
    #[must_use]
    pub fn with<T>(mut self, field: &DetailOf<T>, value: &T) -> Self {
        if let Ok(members) = &mut self.0 {
            match (field.write)(value) {
                Ok(value) => {
                    members.insert(field.detail.name.to_owned(), value);
                }
                Err(error) => self.0 = Err(error),
            }
        }
        self
    }

    /// # Errors
    /// What serde refused to write.
    pub(super) fn into_members(self) -> serde_json::Result<Map<String, Value>> {
        self.0
    }
}

impl Default for Details {
    fn default() -> Self {
        Self::new()
    }
}

/// The cases of an operation, collected from its error type and its extractors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorSet(Vec<ErrorCase>);

impl ErrorSet {
    /// Adds a case; adding it twice is adding it once.
    pub fn case(&mut self, case: ErrorCase) {
        if !self.0.contains(&case) {
            self.0.push(case);
        }
    }

    /// The cases in the order in which they were added.
    pub fn cases(&self) -> &[ErrorCase] {
        &self.0
    }
}

/// A handler's error type; derived by `#[derive(ApiError)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error of a contract",
    label = "has no statuses and codes",
    note = "derive it: `#[derive(ApiError)] enum MyError {{ /** Title. */ #[error(status = 404)] NotFound }}`, or use `queqiao::Internal`"
)]
pub trait ApiError: Sized + Send + 'static {
    /// Lists the cases.
    fn describe(errors: &mut ErrorSet);

    /// The problem document of this value.
    fn into_problem(self) -> Problem;
}
