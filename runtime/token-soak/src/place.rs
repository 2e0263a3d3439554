//! A place of its own on a store, removed afterwards.

use anyhow::{Context, Result, bail};
use queqiao_storage::sqlx::AssertSqlSafe;
use queqiao_storage::{Database, PoolOptions};

/// Where the members keep what they share.
pub(crate) enum Place {
    /// A prefix.
    Redis { url: String, prefix: String },
    /// A schema on a server.
    Postgres { server: String, url: String, schema: String },
}

impl Place {
    pub(crate) async fn new(url: &str) -> Result<Self> {
        let name = format!("queqiao_soak_{}", uuid::Uuid::new_v4().simple());
        if url.starts_with("redis") {
            return Ok(Self::Redis { url: url.to_owned(), prefix: format!("{name}:") });
        }
        if !url.starts_with("postgres") {
            bail!("{url} is neither redis:// nor postgres://");
        }
        run(url, format!("CREATE SCHEMA {name}")).await?;
        let own = format!("{url}?options[search_path]={name}");
        Ok(Self::Postgres { server: url.to_owned(), url: own, schema: name })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Redis { .. } => "Redis",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Redis { url, .. } | Self::Postgres { url, .. } => url,
        }
    }

    /// In front of each key, also of each app.
    pub(crate) fn prefix(&self) -> &str {
        match self {
            Self::Redis { prefix, .. } => prefix,
            Self::Postgres { .. } => "",
        }
    }

    /// Removes it. In Redis two keys of the run stay until Redis forgets them.
    pub(crate) async fn remove(self) -> Result<()> {
        match self {
            Self::Redis { .. } => Ok(()),
            Self::Postgres { server, schema, .. } => {
                run(&server, format!("DROP SCHEMA {schema} CASCADE")).await
            }
        }
    }
}

async fn run(url: &str, sql: String) -> Result<()> {
    let database =
        Database::open(url, &PoolOptions::default()).await.context("the soak needs a PostgreSQL")?;
    database.execute(AssertSqlSafe(sql), &[]).await?;
    database.close().await;
    Ok(())
}
