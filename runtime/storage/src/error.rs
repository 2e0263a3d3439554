//! What can go wrong in a store, said so that the operator knows what to do.

use crate::{CipherError, UserId};

/// A failure of the store.
///
/// The texts name the remedy and never show credentials or stored values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not answer in time, or not at all. Trying again later may help.
    #[error(
        "the database is not available: {detail}; check that it runs, and that no other process holds it locked"
    )]
    Unavailable {
        /// What was tried and how it ended.
        detail: String,
    },
    /// The database URL is not one that this store understands.
    #[error(
        "the database URL {url} cannot be used: {reason}; write it as sqlite:data/app.db, postgres://user:password@host/database or mysql://user:password@host/database"
    )]
    BadUrl {
        /// The URL, without user name, password and parameter values.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server refuses user name and password.
    #[error(
        "the database refuses to log in: {detail}; correct user name and password in the database URL, or let the server admit them from this host"
    )]
    Credentials {
        /// What the server said.
        detail: String,
    },
    /// The server has no such database.
    #[error(
        "there is no such database: {detail}; create it (CREATE DATABASE …), or correct its name in the URL"
    )]
    Missing {
        /// What the server said.
        detail: String,
    },
    /// The operating system or the database refuses access.
    #[error(
        "the database may not be used: {detail}; of a file, give the user that runs this process the right to read and write it and its folder; on a server, GRANT the rights on the database to the user of the URL"
    )]
    Permission {
        /// What was refused.
        detail: String,
    },
    /// The database can be read but not written.
    #[error(
        "the database is read-only: {detail}; open it without mode=ro, on a writable file system, or point the URL at the primary"
    )]
    ReadOnly {
        /// What was refused.
        detail: String,
    },
    /// There is no room left.
    #[error("the database has no room left: {detail}; free space on its disk, or raise its size limit")]
    Full {
        /// What was refused.
        detail: String,
    },
    /// The database file is damaged, or is no database.
    #[error(
        "the database is damaged or not a database: {detail}; check the path in the URL, or restore the latest backup"
    )]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// Others changed the same rows at the same time, again and again. Trying again later may help.
    #[error("too many changes of the same rows at once: {detail}; try again")]
    Contention {
        /// What the database said.
        detail: String,
    },
    /// A row that must be unique exists already, or one that is referred to does not.
    #[error("the change contradicts what is stored: {detail}")]
    Conflict {
        /// The constraint that was violated.
        detail: String,
    },
    /// No such user.
    #[error("there is no user {0}: it was deleted, or never signed in")]
    UnknownUser(UserId),
    /// The migrations of the program and those of the database do not fit.
    #[error("migration {version} ({name}) in table {table}: {problem}")]
    Migration {
        /// The table that records applied migrations.
        table: String,
        /// The version of the migration.
        version: i64,
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The key that encrypts secrets at rest does not work.
    #[error(transparent)]
    Cipher(#[from] CipherError),
    /// A name or a value that no store takes.
    #[error("{0}")]
    Limit(String),
    /// Anything else that the database said.
    #[error("the database refused a statement: {detail}")]
    Database {
        /// The database's own words.
        detail: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without a change by a person.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Contention { .. })
    }

    /// The same error, with the place where it happened in front of its detail.
    pub(crate) fn at(mut self, place: &str) -> Self {
        match &mut self {
            Self::Unavailable { detail }
            | Self::Credentials { detail }
            | Self::Missing { detail }
            | Self::Permission { detail }
            | Self::ReadOnly { detail }
            | Self::Full { detail }
            | Self::Corrupt { detail }
            | Self::Database { detail } => *detail = format!("{place}: {detail}"),
            _ => {}
        }
        self
    }
}

/// Lets an application's own queries end in the same error as the framework's.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&sqlx::Error> for StoreError {
    fn from(error: &sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(error) => crate::database::classify(error.as_ref()),
            E::PoolTimedOut => Self::Unavailable {
                detail: "no connection became free in time (all are in use, or none could be opened)".into(),
            },
            E::PoolClosed => Self::Unavailable { detail: "the connection pool was closed".into() },
            E::WorkerCrashed => Self::Unavailable { detail: "the connection's worker ended".into() },
            E::Io(error) => match error.kind() {
                std::io::ErrorKind::PermissionDenied => Self::Permission { detail: error.to_string() },
                std::io::ErrorKind::StorageFull => Self::Full { detail: error.to_string() },
                std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { detail: error.to_string() },
                _ => Self::Unavailable { detail: error.to_string() },
            },
            E::Tls(_) => Self::Unavailable { detail: "no TLS connection could be made".into() },
            // Its text may repeat the URL, and with it a password.
            E::Configuration(_) => Self::Database { detail: "the connection options are not valid".into() },
            other => Self::Database { detail: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_driver_error_is_not_repeated() {
        let error = StoreError::from(sqlx::Error::Configuration("bad url postgres://me:hunter2@db".into()));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_pool_without_free_connections_is_transient() {
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_transient());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).is_transient());
    }
}
