//! Why a document gives no client.

use std::fmt::Write as _;

/// Why no client can be generated from a document.
///
/// Every error knows the place in the document ([`GenerateError::pointer`]) and the way out
/// ([`GenerateError::remedy`]); `Display` tells both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The value is no OpenAPI 3 document at all.
    #[error("this is not an OpenAPI 3 document: expected \"openapi\": \"3.x\", found {found}. {}", self.remedy())]
    NotOpenApi {
        /// What stands in the place of the version.
        found: String,
    },
    /// A part of the document has another shape than OpenAPI gives it.
    #[error("at {pointer}: expected {expected}, found {found}. {}", self.remedy())]
    Malformed {
        /// Place in the document, as a JSON pointer.
        pointer: String,
        /// What OpenAPI wants here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// A `$ref` that leads nowhere, out of the document or in a circle.
    #[error("at {pointer}: the reference \"{reference}\" {problem}. {}", self.remedy())]
    Reference {
        /// Place of the reference, as a JSON pointer.
        pointer: String,
        /// The reference as it is written.
        reference: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Schemas nested deeper than the generator follows.
    #[error("at {pointer}: nested deeper than {limit} levels. {}", self.remedy())]
    TooDeep {
        /// Place in the document, as a JSON pointer.
        pointer: String,
        /// The limit.
        limit: usize,
    },
    /// Two things that would have one name in the client.
    #[error("at {pointer}: {what} \"{name}\" is already taken by {other}. {}", self.remedy())]
    Duplicate {
        /// Place in the document, as a JSON pointer.
        pointer: String,
        /// What has the name.
        what: &'static str,
        /// The name.
        name: String,
        /// Place of the first holder, as a JSON pointer.
        other: String,
    },
    /// Something that a mini-program cannot send or receive.
    #[error("at {pointer}: {what}. {remedy}")]
    Impossible {
        /// Place in the document, as a JSON pointer.
        pointer: String,
        /// What cannot work, with its reason.
        what: String,
        /// The way out.
        remedy: String,
    },
    /// The options do not fit.
    #[error("{what}. {remedy}")]
    Options {
        /// What is wrong with the options.
        what: String,
        /// The way out.
        remedy: &'static str,
    },
}

impl GenerateError {
    /// The place in the document as a JSON pointer; empty if the whole document or the options are meant.
    pub fn pointer(&self) -> &str {
        match self {
            Self::NotOpenApi { .. } | Self::Options { .. } => "",
            Self::Malformed { pointer, .. }
            | Self::Reference { pointer, .. }
            | Self::TooDeep { pointer, .. }
            | Self::Duplicate { pointer, .. }
            | Self::Impossible { pointer, .. } => pointer,
        }
    }

    /// What is wrong, without place and remedy.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::TooDeep { limit, .. } => format!("nested deeper than {limit} levels"),
            Self::Duplicate { what, name, other, .. } => {
                format!("{what} \"{name}\" is already taken by {other}")
            }
            Self::Reference { reference, problem, .. } => format!("the reference \"{reference}\" {problem}"),
            Self::Impossible { what, .. } | Self::Options { what, .. } => what.clone(),
            Self::NotOpenApi { .. } | Self::Malformed { .. } => self.to_string(),
        }
    }

    /// Whether the rest of the document means the same without the place.
    pub(crate) fn spares_the_rest(&self) -> bool {
        matches!(self, Self::Impossible { .. } | Self::TooDeep { .. } | Self::Duplicate { .. })
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        match self {
            Self::NotOpenApi { .. } => {
                "Give an OpenAPI 3.0 or 3.1 document as JSON; convert a Swagger 2.0 document first"
            }
            Self::Malformed { .. } => "Correct the document, or the program that writes it",
            Self::Reference { .. } => {
                "Let it name an existing place in this document (\"#/components/…\"); bundle several files into one first"
            }
            Self::TooDeep { .. } => "Give the inner schemas names under components/schemas and refer to them",
            Self::Duplicate { .. } => "Rename one of the two",
            Self::Impossible { remedy, .. } => remedy,
            Self::Options { remedy, .. } => remedy,
        }
    }
}

/// A value in few words, for "found …".
pub(crate) fn describe(value: Option<&serde_json::Value>) -> String {
    use serde_json::Value;
    match value {
        None => "nothing".into(),
        Some(Value::Null) => "null".into(),
        Some(Value::Object(_)) => "an object".into(),
        Some(Value::Array(_)) => "an array".into(),
        Some(scalar) => {
            let mut text = String::new();
            let _ = write!(text, "{scalar}");
            if text.chars().count() > 60 {
                text = text.chars().take(60).chain("…".chars()).collect();
            }
            text
        }
    }
}
