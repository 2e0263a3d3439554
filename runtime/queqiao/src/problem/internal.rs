//! Failures of the infrastructure, which only the log is told.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::{ApiError, ErrorSet, INTERNAL, Problem};

/// A failure of the infrastructure, for the log only: the answer is 500 `internal`, and 503 `store.unavailable` with
/// `Retry-After` for a `StoreError` or `sqlx::Error`, or what was caused by one, that may pass by itself.
///
/// Every [`std::error::Error`] converts into it, so `?` works in a handler that returns `Result<_, Internal>`;
/// an error enum lists the sources it takes: `#[error(internal, from(StoreError))] Internal(Internal)`.
#[derive(Clone)]
pub struct Internal(Arc<dyn StdError + Send + Sync>);

impl Internal {
    /// An internal failure told by a sentence.
    pub fn message(message: impl Into<String>) -> Self {
        Self(Box::<dyn StdError + Send + Sync>::from(message.into()).into())
    }

    /// The cause.
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// Whether it is, or comes from, a store that does not answer now and may later.
    pub(super) fn is_absent_store(&self) -> bool {
        #[cfg(feature = "server")]
        {
            use queqiao_storage::{StoreError, sqlx};
            let mut error: Option<&(dyn StdError + 'static)> = Some(self.source());
            while let Some(here) = error {
                if let Some(store) = here.downcast_ref::<StoreError>() {
                    return store.is_transient();
                }
                if let Some(store) = here.downcast_ref::<Arc<StoreError>>() {
                    return store.is_transient();
                }
                if let Some(query) = here.downcast_ref::<sqlx::Error>() {
                    return StoreError::from(query).is_transient();
                }
                error = here.source();
            }
        }
        false
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Internal {
    fn from(source: E) -> Self {
        Self(Arc::new(source))
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
