//! Failures of the infrastructure, which only the log is told.

use std::error::Error as StdError;
use std::fmt;

use super::{ApiError, ErrorSet, INTERNAL, Problem};

/// A failure of the infrastructure, for the log only.
///
/// Every [`std::error::Error`] converts into it, so `?` works in a handler that returns `Result<_, Internal>`;
/// an error enum lists the sources it takes: `#[error(internal, from(StoreError))] Internal(Internal)`.
pub struct Internal(Box<dyn StdError + Send + Sync>);

impl Internal {
    /// An internal failure told by a sentence.
    pub fn message(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    /// The cause.
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Internal {
    fn from(source: E) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Debug for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl ApiError for Internal {
    fn describe(errors: &mut ErrorSet) {
        errors.case(INTERNAL);
    }

    fn into_problem(self) -> Problem {
        Problem::internal(self)
    }
}

/// An error with its causes, in one line.
pub(super) struct Chain<'a>(pub(super) &'a Internal);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut told = self.0.to_string();
        let mut cause = self.0.source().source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors repeat their cause in their own sentence.
            if !told.contains(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}
