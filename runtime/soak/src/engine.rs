//! Places for the runs' data, on the engines that are put under stress.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use queqiao_storage::sqlx::AssertSqlSafe;
use queqiao_storage::{Database, PoolOptions};

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        }
    }
}

/// A database of its own on an engine that runs already, or a file.
pub(crate) struct Place {
    pub(crate) url: String,
    /// How it is removed: a statement, and where it is said.
    remove: Option<(String, String)>,
}

impl Place {
    pub(crate) async fn make(engine: Engine, folder: &Path, name: &str) -> Result<Self> {
        let server =
            |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.into());
        let own = format!("queqiao_soak_{name}_{}", std::process::id());
        Ok(match engine {
            Engine::Sqlite => {
                Self { url: format!("sqlite:{}", folder.join(format!("{name}.db")).display()), remove: None }
            }
            Engine::Postgres => {
                let server = server("QUEQIAO_TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test");
                execute(&server, &format!("CREATE SCHEMA {own}")).await?;
                let url = format!("{server}?options[search_path]={own}");
                Self { url, remove: Some((format!("DROP SCHEMA {own} CASCADE"), server)) }
            }
            Engine::Mariadb => {
                let server = server("QUEQIAO_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test");
                execute(&server, &format!("CREATE DATABASE {own}")).await?;
                let (host, _) = server.rsplit_once('/').context("the URL names no database")?;
                let url = format!("{host}/{own}");
                Self { url, remove: Some((format!("DROP DATABASE {own}"), server)) }
            }
        })
    }

    pub(crate) async fn remove(self) -> Result<()> {
        match self.remove {
            Some((statement, server)) => execute(&server, &statement).await,
            None => Ok(()),
        }
    }
}

/// A few connections, with patience for a server that is just starting.
pub(crate) async fn open(url: &str) -> Result<Database> {
    let options = PoolOptions {
        max_connections: 2,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: Duration::from_secs(600),
        ..PoolOptions::default()
    };
    Ok(Database::open(url, &options).await?)
}

async fn execute(url: &str, statement: &str) -> Result<()> {
    let database = open(url).await?;
    database.execute(AssertSqlSafe(statement.to_owned()), &[]).await?;
    database.close().await;
    Ok(())
}
