//! What can go wrong in an object store, said so that the operator knows what to do.

use std::error::Error;
use std::io;

/// A failure of the object store. The texts show no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// There is no such object, or no such bucket.
    #[error("there is no such object: {detail}")]
    NotFound {
        /// What was looked for.
        detail: String,
    },
    /// A range that does not lie within the object.
    #[error("the range ends behind the object: {detail}")]
    OutOfRange {
        /// What was asked for.
        detail: String,
    },
    /// The store does not let us in, or not do this.
    #[error(
        "the object store refuses access: {detail}; correct the access key, its rights on the bucket (get, put, delete, list), or the folder's owner"
    )]
    Permission {
        /// What was refused.
        detail: String,
    },
    /// There is no room left.
    #[error("the object store has no room left: {detail}; free space on its disk, or raise its quota")]
    Full {
        /// What was refused.
        detail: String,
    },
    /// The store did not answer, or asks to come back later. Trying again may help.
    #[error("the object store is not available: {detail}; check that it runs and can be reached")]
    Unavailable {
        /// What was tried and how it ended.
        detail: String,
    },
    /// The settings do not describe a store.
    #[error("the object store is not configured right: {detail}")]
    Settings {
        /// What is wrong, and the remedy.
        detail: String,
    },
    /// Anything else.
    #[error("the object store failed: {detail}")]
    Other {
        /// Its own words.
        detail: String,
    },
}

impl ObjectError {
    /// Whether the same call may succeed later without a change by a person.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl From<opendal::Error> for ObjectError {
    fn from(error: opendal::Error) -> Self {
        use opendal::ErrorKind as E;
        let detail = error.to_string();
        if let Some(io) = io_cause(&error) {
            return match io.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { detail },
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Self::Permission { detail }
                }
                io::ErrorKind::NotFound => Self::NotFound { detail },
                _ => Self::Unavailable { detail },
            };
        }
        match error.kind() {
            E::NotFound => Self::NotFound { detail },
            E::RangeNotSatisfied => Self::OutOfRange { detail },
            E::PermissionDenied => Self::Permission { detail },
            E::ConfigInvalid => Self::Settings { detail },
            E::RateLimited => Self::Unavailable { detail },
            _ if error.is_temporary() => Self::Unavailable { detail },
            _ => Self::Other { detail },
        }
    }
}

/// The operating system's own word, where it stands behind an error.
fn io_cause(error: &dyn Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}
