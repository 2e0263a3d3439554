//! Tasks for the operator: `<program> queqiao …` does them instead of serving, with the settings of the server.

mod export;
mod import;
mod keys;
mod migrations;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use queqiao_operator::{Db, Task, Users};
use queqiao_storage::{Database, SqlStore};
use serde_json::Value;

use super::error::{Error, Result};
use super::keys::ServerKeys;
use super::settings::{Mode, Settings};
use super::{environment, log};
use crate::api::{APP_MIGRATIONS, Api, Built};

/// The task that the program was started for, if it was.
pub(super) fn asked() -> Option<Vec<OsString>> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == queqiao_operator::WORD).then(|| arguments.collect())
}

/// What a task says at its end.
struct Report {
    code: u8,
    text: String,
    json: Value,
}

/// Does the task; the process ends with its exit code unless that is 0.
pub(super) async fn run<S: Clone + Send + Sync + 'static>(api: Api<S>, arguments: Vec<OsString>) -> Result {
    let program = std::env::args_os().next().unwrap_or_default();
    let program = std::path::Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    let task = Task::parse(&program, arguments).unwrap_or_else(|told| told.exit());
    let json = task.json();
    let code = match carry_out(api, task).await {
        Ok(Report { code, text, json: value }) => {
            // Nobody may be listening any more.
            let _ = match (json, text.as_str()) {
                (true, _) => writeln!(std::io::stdout(), "{value:#}"),
                (false, "") => Ok(()),
                (false, text) => writeln!(std::io::stdout(), "{text}"),
            };
            code
        }
        Err((code, error)) => {
            let _ = match json {
                true => {
                    writeln!(std::io::stdout(), "{:#}", serde_json::json!({ "error": error.to_string() }))
                }
                false => writeln!(std::io::stderr(), "{error}"),
            };
            code
        }
    };
    match code {
        0 => Ok(()),
        code => std::process::exit(code.into()),
    }
}

/// What the tasks work with.
struct Operated {
    settings: Settings,
    database: Database,
    /// The application's migrations.
    own: Vec<queqiao_storage::Migration>,
}

impl Operated {
    async fn open<S: Clone + Send + Sync + 'static>(api: Api<S>) -> Result<Self> {
        let built: Built<S> = api.build_to_serve()?;
        let settings = Settings::load(&environment(), Mode::of_this_build())?;
        log::install(&settings.log)?;
        let database = settings.database.open().await?;
        Ok(Self { settings, database, own: built.migrations().to_vec() })
    }

    /// The lists of migrations, by the tables that record them.
    fn lists(&self) -> [(&'static str, &[queqiao_storage::Migration]); 2] {
        let framework = SqlStore::migrations(self.database.engine());
        [(queqiao_storage::MIGRATIONS_TABLE, framework), (APP_MIGRATIONS, &self.own)]
    }

    /// The stores of a database that is up to date.
    async fn store(&self) -> Result<Arc<SqlStore>> {
        for (table, list) in self.lists() {
            let status = self.database.migration_status(table, list).await?;
            if status.iter().any(|one| one.state.is_open()) {
                return Err(Error::told(
                    "the database is not up to date; `db migrate` applies what is pending, `db status` lists it",
                ));
            }
        }
        self.stores().await
    }

    /// The stores, their tables brought up to date.
    async fn stores(&self) -> Result<Arc<SqlStore>> {
        let cipher = ServerKeys::load(&self.settings)?.cipher(&self.settings)?;
        let store = SqlStore::new(self.database.clone(), cipher).await?;
        self.database.migrate(APP_MIGRATIONS, &self.own).await?;
        Ok(Arc::new(store))
    }
}

/// An error with the exit code that belongs to it.
type Failed = (u8, Error);

/// Nothing could be found out, or done.
fn failed(error: impl Into<Error>) -> Failed {
    (2, error.into())
}

async fn carry_out<S>(api: Api<S>, task: Task) -> std::result::Result<Report, Failed>
where
    S: Clone + Send + Sync + 'static,
{
    let operated = Operated::open(api).await.map_err(failed)?;
    let report = match task {
        Task::Db(Db::Status(_)) => migrations::status(&operated).await.map_err(failed),
        Task::Db(Db::Migrate(_)) => migrations::migrate(&operated).await,
        Task::Db(Db::RotateKeys(task)) => keys::rotate(&operated, &task).await.map_err(failed),
        Task::Users(Users::Export(task)) => export::run(&operated, &task).await.map_err(failed),
        Task::Users(Users::Import(task)) => import::run(&operated, &task).await.map_err(failed),
    };
    operated.database.close().await;
    report
}

/// A bar on standard error, if that is a terminal.
fn progress(total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// `1 user`, `2 users`
fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}
