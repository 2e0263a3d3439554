//! Users as lines of NDJSON, to move them from one database to another, and in from other systems.
//!
//! One line is one user ([`UserRecord`]): who it is, what it may do, which of its tokens are void, and the columns of
//! the application's own table about it ([`OwnTable`]). Session keys, login codes and keys are not in it: they are
//! secrets of one server, and the next login brings new ones.

mod export;
mod import;
mod own;
mod record;
#[cfg(test)]
mod tests;

pub use import::{ImportError, ImportMark, ImportOptions, Imported, OnExisting};
pub use own::OwnTable;
pub use record::{RecordError, UserRecord};
