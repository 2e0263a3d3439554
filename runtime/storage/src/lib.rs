//! What a mini-program backend remembers: users, session keys and used login codes.
//!
//! Few, small traits with exact promises, and adapters that keep them. The traits are
//! [`Accounts`] (users, identities, roles, token epochs), [`SessionKeys`] (encrypted at rest),
//! [`LoginCodes`] (one exchange per code, across instances), [`KeyValues`] (with an end, and compare-and-set),
//! [`Leases`] (with fencing tokens), [`IdempotencyRecords`], [`Inbox`], [`Uploads`], [`SubscriptionGrants`] (what
//! users agreed to be sent), [`MediaChecks`] and [`ClientCalls`] (which versions of the mini-program still call what). [`SqlStore`] implements all of them in a [`Database`]: one SQLite file
//! on disk, PostgreSQL (feature `postgres`), MySQL or MariaDB (feature `mysql`). Nothing here reads the
//! clock by itself: the time is an argument, taken from a [`Clock`] that tests can move.
//!
//! ```
//! use queqiao_storage::{Accounts, Cipher, Clock, Database, Identity, PoolOptions, SqlStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}/app.db", folder.path().display());
//! let clock = Clock::system();
//! let database = Database::open(&url, &PoolOptions::default()).await?; // "sqlite:data/app.db"
//! let store = SqlStore::new(database, Cipher::new([(1, [7; 32])])?).await?;
//!
//! let identity = Identity::new("wx0000000000000000", "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
//! let account = store.sign_in(&identity, clock.now()).await?;
//! assert_eq!(store.sign_in(&identity, clock.now()).await?.id, account.id);
//! # Ok(())
//! # }
//! ```
//!
//! An adapter for another engine proves itself with the suite in `conformance` (feature
//! `conformance`).

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that panics has failed"))]

mod account;
mod cipher;
mod client_calls;
pub mod clock;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod database;
mod error;
mod idempotency;
mod inbox;
mod key_value;
mod lease;
mod login_code;
mod media_check;
mod memory;
mod object;
mod post_form;
#[cfg(feature = "redis")]
mod redis;
mod session_key;
mod sql;
mod subscription;
#[cfg(test)]
mod test_servers;
mod upload;
mod users;

pub use account::{Access, Account, Accounts, BadUserId, Identity, UserId};
pub use cipher::{Cipher, CipherError, Sealed};
pub use client_calls::{
    BadContractId, CallCount, ClientBounds, ClientCalls, ClientFigures, ClientId, ContractId, FORGOTTEN,
    KEPT_PACKAGES, PackageSeen,
};
pub use clock::Clock;
pub use database::{
    Column, Database, Engine, FromCell, Migration, MigrationState, MigrationStatus, PoolOptions, Read, Row,
    Transaction, Value, check_migrations,
};
pub use error::StoreError;
pub use idempotency::{
    ANSWER_LIMIT, AfterCrash, Answer, Attempt, Begun, BodyHash, IdempotencyRecords, IdempotentRequest,
    REMEMBERED, Scope,
};
pub use inbox::{
    Arrival, DEAD_LETTER, DeadLetter, Held, Inbox, InboxCounts, MessageKey, REMEMBERED_MESSAGE, Received,
};
pub use key_value::{Entry, Expected, KEY_LIMIT, KeyValues, VALUE_LIMIT};
pub use lease::{Grant, Leased, Leases};
pub use login_code::{Claim, CodeHash, LEASE, Lease, LoginCodes, REFUSAL, REPLAY};
pub use media_check::{LONGEST_SUBJECT, MediaCheckRecord, MediaChecks, MediaTold, Which};
pub use memory::MemoryStore;
pub use object::{
    BadObjectKey, Bucket, BucketObjects, LocalObjects, ObjectBytes, ObjectError, ObjectKey, ObjectMeta,
    ObjectOptions, ObjectStore, ObjectWriter, Service, Writing,
};
pub use post_form::{PostForm, PostRefusal, PostRules};
#[cfg(feature = "redis")]
pub use redis::{RedisOptions, RedisStore};
pub use session_key::{KEPT_KEYS, SessionKey, SessionKeys};
pub use sql::{MIGRATIONS_TABLE, Resealed, ResealedTo, SqlStore};
pub use subscription::{
    Counted, FailedDelivery, GrantCounts, GrantKey, MOST_GRANTS, PAIRING, REMEMBERED_GRANT, Receipt, Report,
    SENDING, Settled, SubscriptionGrants, Take, Taken, UNCERTAIN, Witness,
};
pub use upload::{Confirmed, SWEEPING, Upload, UploadRecord, Uploads};
pub use users::{
    ImportError, ImportMark, ImportOptions, Imported, OnExisting, OwnTable, RecordError, UserRecord,
};

/// The SQL toolkit that the adapters stand on, so that the application uses the same version.
pub use sqlx;
