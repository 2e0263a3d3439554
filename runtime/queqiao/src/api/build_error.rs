//! What is wrong with an API, all of it.

use std::fmt;

/// Why an [`Api`](crate::Api) cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    pub(super) mistakes: Vec<String>,
}

impl BuildError {
    pub(super) fn one(mistake: String) -> Self {
        Self { mistakes: vec![mistake] }
    }

    /// Each mistake with its remedy.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => write!(f, "the API cannot be built: {one}"),
            many => {
                write!(f, "the API cannot be built, for {} reasons:", many.len())?;
                many.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
            }
        }
    }
}

impl std::error::Error for BuildError {}
