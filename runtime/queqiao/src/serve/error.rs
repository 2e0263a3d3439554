//! Why a server does not start.

use std::fmt;

/// The result of `serve` and of a `connect` function.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// Any error, told to the operator as sentences: `main` prints it when it returns one.
pub struct Error(Box<dyn std::error::Error + Send + Sync>);

impl Error {
    /// An error told by a sentence.
    pub fn told(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(source: E) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut told = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors repeat their cause in their own sentence.
            if !told.contains(&text) {
                write!(f, "\n  because: {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): a `main` that returns this prints sentences.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
