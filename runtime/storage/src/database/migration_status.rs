//! How a database stands to a list of migrations, found out without changing anything.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::migrate::{Migration, Recorded, check_table_name, checksum, exists, sorted};
use super::{Database, Engine};
use crate::{StoreError, values};

/// One migration that the program has, or the database records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its place in the order.
    pub version: i64,
    /// What it does, as the program says, or, if the program does not have it, the database.
    pub name: String,
    /// How far it is.
    pub state: MigrationState,
}

/// How far a migration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// Done.
    Applied {
        /// When, to the second.
        at: Timestamp,
    },
    /// Not begun.
    Pending,
    /// Begun and not finished: the process was killed, or a statement failed. The next start goes on. MySQL only.
    Interrupted {
        /// How many of its statements are done.
        done: u32,
    },
    /// Done, and its text was edited since: the program refuses to start. Restore the text, and put the change into a
    /// new migration.
    Changed,
    /// Done, and the program does not have it: it refuses to start. The program is older than the database, or the
    /// file was removed.
    Unknown,
}

impl MigrationState {
    /// Whether [`Database::migrate`] refuses to run because of it.
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Changed | Self::Unknown)
    }

    /// Whether [`Database::migrate`] has to do something about it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Interrupted { .. })
    }
}

impl Database {
    /// How the database stands to a list of migrations, in the order of the versions. Changes nothing, and asks for no
    /// right but to read.
    ///
    /// ```
    /// use queqiao_storage::{Database, Migration, MigrationState, PoolOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// const TODOS: Migration = Migration { version: 1, name: "todos", sql: "CREATE TABLE todos (id BIGINT)" };
    ///
    /// let database = Database::open("sqlite::memory:", &PoolOptions::default()).await?;
    /// assert_eq!(database.migration_status("app_migrations", &[TODOS]).await?[0].state, MigrationState::Pending);
    /// database.migrate("app_migrations", &[TODOS]).await?;
    /// let status = database.migration_status("app_migrations", &[TODOS]).await?;
    /// assert!(matches!(status[0].state, MigrationState::Applied { .. }));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Migration`] when two of the list have one version; otherwise as the database fails.
    pub async fn migration_status(
        &self,
        table: &'static str,
        migrations: &[Migration],
    ) -> Result<Vec<MigrationStatus>, StoreError> {
        check_table_name(table)?;
        let mut found: Vec<MigrationStatus> = sorted(table, migrations)?
            .into_iter()
            .map(|Migration { version, name, .. }| MigrationStatus {
                version,
                name: name.to_owned(),
                state: MigrationState::Pending,
            })
            .collect();
        if self.row(exists(self.engine()), &values![table]).await?.is_none() {
            return Ok(found);
        }
        let (at, done) = match self.engine() {
            Engine::Sqlite => ("CAST(strftime('%s', installed_on) AS INTEGER)", "0"),
            #[cfg(feature = "postgres")]
            Engine::Postgres => ("CAST(EXTRACT(EPOCH FROM installed_on) AS BIGINT)", "0"),
            #[cfg(feature = "mysql")]
            Engine::MySql => ("CAST(UNIX_TIMESTAMP(installed_on) AS SIGNED)", "statements_done"),
        };
        let select = format!(
            "SELECT version, description, success, checksum, {at}, {done} FROM {table} ORDER BY version"
        );
        for row in self.rows(AssertSqlSafe(select), &[]).await? {
            let Recorded { version, name, checksum: applied, success } = Recorded::read(&row)?;
            let at = Timestamp::from_second(row.get(4)?).unwrap_or(Timestamp::UNIX_EPOCH);
            let ours = migrations.iter().find(|migration| migration.version == version);
            let state = match ours {
                None => MigrationState::Unknown,
                Some(_) if !success => MigrationState::Interrupted { done: row.get(5)? },
                Some(ours) if applied != checksum([ours.sql]) => MigrationState::Changed,
                Some(_) => MigrationState::Applied { at },
            };
            match found.iter_mut().find(|status| status.version == version) {
                Some(status) => status.state = state,
                None => found.push(MigrationStatus { version, name, state }),
            }
        }
        found.sort_by_key(|status| status.version);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PoolOptions;
    use crate::test_servers::{self, Place};

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE a (x INT)" };
    const TWO: Migration = Migration { version: 2, name: "two", sql: "CREATE TABLE b (x INT)" };

    /// The same on every engine.
    async fn each_state_is_told(place: Place) {
        use MigrationState as S;
        let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
        let states = async |list: &[Migration]| {
            let status = database.migration_status("m", list).await.unwrap();
            status.into_iter().map(|one| (one.version, one.name, one.state)).collect::<Vec<_>>()
        };
        let pending = |version, name: &str| (version, name.to_owned(), S::Pending);
        assert_eq!(states(&[TWO, ONE]).await, [pending(1, "one"), pending(2, "two")]);
        let before = Timestamp::now().as_second() - 1;
        database.migrate("m", &[ONE]).await.unwrap();
        let told = states(&[ONE, TWO]).await;
        let S::Applied { at } = told[0].2 else { panic!("{told:?}") };
        assert!((before..before + 600).contains(&at.as_second()), "{at}");
        assert_eq!(told[1], pending(2, "two"));

        database.migrate("m", &[ONE, TWO]).await.unwrap();
        let edited = Migration { sql: "CREATE TABLE b (x INT, y INT)", ..TWO };
        let told = states(&[edited]).await;
        assert_eq!(told, [(1, "one".to_owned(), S::Unknown), (2, "two".to_owned(), S::Changed)]);
        assert!(told.iter().all(|(.., state)| state.is_refused() && !state.is_open()));
        assert!(database.migration_status("m", &[ONE, ONE]).await.is_err());
        database.close().await;
    }

    #[tokio::test]
    async fn each_state_is_told_on_sqlite() {
        each_state_is_told(test_servers::sqlite().await).await;
    }

    #[cfg(feature = "postgres")]
    #[tokio::test]
    async fn each_state_is_told_on_postgres() {
        each_state_is_told(test_servers::postgres().await).await;
    }

    #[cfg(feature = "mysql")]
    #[tokio::test]
    async fn each_state_is_told_on_mysql_and_that_one_was_interrupted() {
        each_state_is_told(test_servers::mysql().await).await;
        let place = test_servers::mysql().await;
        let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
        let broken = Migration { sql: "CREATE TABLE a (x INT); CREATE TABEL b (x INT)", ..ONE };
        database.migrate("m", &[broken]).await.unwrap_err();
        let status = database.migration_status("m", &[broken]).await.unwrap();
        assert_eq!(status[0].state, MigrationState::Interrupted { done: 1 });
        database.close().await;
    }
}
