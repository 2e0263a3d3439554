//! What a `connect` function gets.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use queqiao_storage::{Accounts, Clock, Database, Inbox, KeyValues, Leases, ObjectStore, SubscriptionGrants};
use serde::de::DeserializeOwned;

use super::error::Result;
use super::reader::ConfigError;
use super::settings::Settings;
use super::stores::Stores;
use crate::subscribe::Subscriptions;
use crate::upload::Files;

/// The parts of the framework that an application builds its state from.
pub struct Boot {
    stores: Stores,
    accounts: Arc<dyn Accounts>,
    inbox: Arc<dyn Inbox>,
    grants: Arc<dyn SubscriptionGrants>,
    subscriptions: Subscriptions,
    files: Files,
    clock: Clock,
    app: config::Map<String, config::Value>,
    folder: std::path::PathBuf,
}

impl Boot {
    pub(super) fn new(
        settings: &Settings,
        stores: Stores,
        files: Files,
        subscriptions: Subscriptions,
        clock: Clock,
    ) -> Self {
        let (accounts, inbox, grants) = (stores.sql.clone(), stores.sql.clone(), stores.sql.clone());
        let (app, folder) = (settings.app.clone(), settings.folder.clone());
        Self { stores, accounts, inbox, grants, subscriptions, files, clock, app, folder }
    }

    /// The SQL database, whose pool the framework shares: SQLite, PostgreSQL or MySQL, as `database.url` says.
    /// `begin()` starts a transaction.
    ///
    /// ```
    /// use queqiao::{Boot, values};
    ///
    /// async fn titles(boot: &Boot, owner: &str) -> queqiao::Result<Vec<String>> {
    ///     let rows = boot.sql().rows("SELECT title FROM todos WHERE owner = $1", &values![owner]).await?;
    ///     Ok(rows.iter().map(|row| row.get("title")).collect::<Result<_, _>>()?)
    /// }
    /// ```
    pub fn sql(&self) -> &Database {
        self.stores.sql.database()
    }

    /// Small values by key, with an end and compare-and-set, alike for all instances: in the database, or where
    /// `storage.key_values` says.
    ///
    /// ```
    /// use queqiao::{Boot, StoreError};
    ///
    /// /// Remembers for ten minutes what was hard to find out.
    /// async fn remember(boot: &Boot, weather: &str) -> Result<(), StoreError> {
    ///     let now = boot.clock().now();
    ///     let end = now + queqiao::jiff::SignedDuration::from_mins(10);
    ///     boot.key_values().put("weather", weather.as_bytes(), Some(end), now).await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn key_values(&self) -> &Arc<dyn KeyValues> {
        &self.stores.key_values
    }

    /// Leases with fencing tokens, so that one of all instances does something: in the database, or where
    /// `storage.leases` says.
    ///
    /// ```
    /// use queqiao::{Boot, Leased, StoreError};
    ///
    /// /// Whether this instance is to send the report of today.
    /// async fn mine(boot: &Boot) -> Result<bool, StoreError> {
    ///     let now = boot.clock().now();
    ///     let until = now + queqiao::jiff::SignedDuration::from_mins(5);
    ///     Ok(matches!(boot.leases().acquire("report", until, now).await?, Leased::Yours(_)))
    /// }
    /// ```
    pub fn leases(&self) -> &Arc<dyn Leases> {
        &self.stores.leases
    }

    /// Users, their WeChat identities and roles: for an operation by which one admin appoints another.
    ///
    /// A role that is given or withdrawn here is seen by every instance within five seconds.
    ///
    /// ```
    /// use queqiao::{Boot, UserId};
    ///
    /// async fn appoint(boot: &Boot, user: UserId) -> queqiao::Result<()> {
    ///     Ok(boot.accounts().grant_role(user, "admin").await?)
    /// }
    /// ```
    pub fn accounts(&self) -> &Arc<dyn Accounts> {
        &self.accounts
    }

    /// Messages of WeChat's that wait, are dealt with, or were given up: for an operation by which an admin looks at
    /// the dead letters, and lets one be tried again.
    ///
    /// ```
    /// use queqiao::Boot;
    ///
    /// async fn revive_all(boot: &Boot) -> queqiao::Result<()> {
    ///     for letter in boot.inbox().dead_letters(100).await? {
    ///         println!("{} for {}: {}", letter.kind, letter.app, letter.failure);
    ///         boot.inbox().revive(&letter.key, boot.clock().now()).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn inbox(&self) -> &Arc<dyn Inbox> {
        &self.inbox
    }

    /// Sends subscribe messages, from what runs beside the handlers. Handlers take [`Subscriptions`] as an argument.
    ///
    /// ```
    /// use queqiao::subscribe::{Sent, Subscriptions};
    /// use queqiao::{Boot, SubscribeMessage, UserId};
    ///
    /// /// Your parcel has come.
    /// #[derive(SubscribeMessage)]
    /// struct Arrived {
    ///     thing1: String,
    /// }
    ///
    /// async fn tell(boot: &Boot, user: UserId) -> queqiao::Result<bool> {
    ///     let sent = boot.subscriptions().send(user, &Arrived { thing1: "前台".to_owned() }).await?;
    ///     Ok(sent == Sent::Sent)
    /// }
    /// ```
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// The ledger of subscriptions itself: what there is, and which messages did not arrive.
    ///
    /// ```
    /// use queqiao::Boot;
    ///
    /// async fn complaints(boot: &Boot) -> queqiao::Result<Vec<String>> {
    ///     let failed = boot.grants().failed_deliveries(100).await?;
    ///     Ok(failed.into_iter().map(|one| format!("{}: {}", one.template, one.failure)).collect())
    /// }
    /// ```
    pub fn grants(&self) -> &Arc<dyn SubscriptionGrants> {
        &self.grants
    }

    /// The files that users uploaded: their URLs, and their end. Handlers may take [`Files`] as an argument too.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The object store, where the bytes of files are: a folder, or the bucket of `[objects]`.
    ///
    /// What an application writes there itself belongs under keys that begin with neither `public/` nor
    /// `private/`; no URL of the framework leads to it.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        self.files.objects()
    }

    /// The clock that the framework itself reads; tests move it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The folder of `queqiao.toml`, from which its relative paths start.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The section `[app]` of the configuration, with `QUEQIAO__APP__…` from the environment, in the
    /// application's own type.
    ///
    /// # Errors
    /// A value that is missing or of another type.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T> {
        let value = config::Value::new(None, config::ValueKind::Table(self.app.clone()));
        value.try_deserialize().map_err(|error| ConfigError::one(format!("[app]: {error}")).into())
    }

    pub(crate) async fn close(&self) {
        self.sql().close().await;
    }
}

/// Makes the application's state: an `async fn(&Boot) -> Result<S>`, or such a closure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make the state of the API",
    label = "not an `async fn(&Boot) -> queqiao::Result<{S}>`",
    note = "for an API without state write `async |_: &queqiao::Boot| Ok(())`"
)]
pub trait Connect<'a, S>: Send + 'static {
    /// The work.
    type Connecting: Future<Output = Result<S>> + Send;

    /// Starts it.
    fn connect(self, boot: &'a Boot) -> Self::Connecting;
}

impl<'a, S, F, Connecting> Connect<'a, S> for F
where
    F: FnOnce(&'a Boot) -> Connecting + Send + 'static,
    Connecting: Future<Output = Result<S>> + Send,
{
    type Connecting = Connecting;

    fn connect(self, boot: &'a Boot) -> Connecting {
        self(boot)
    }
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Boot").field("folder", &self.folder).finish_non_exhaustive()
    }
}
