//! What must hold after a kill, read from the database itself.

use std::collections::BTreeSet;

use anyhow::Result;
use queqiao_storage::sqlx::AssertSqlSafe;
use queqiao_storage::{Database, values};
use uuid::Uuid;

use crate::load::Told;

/// What a round found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Sentences of what does not hold.
    pub(crate) broken: Vec<String>,
    /// Writes that are there although nobody was told so, which is allowed.
    pub(crate) unacknowledged: u64,
}

/// Of the transfers of one round, of the migrations, and of the sum of all balances.
pub(crate) async fn round(database: &Database, round: u32, told: &Told, migrated: Migrated) -> Result<Found> {
    let mut found = Found::default();
    let broken = &mut found.broken;
    if exists(database, "transfers").await? {
        let rows = database.rows("SELECT id FROM transfers WHERE round = $1", &values![round]).await?;
        let there = rows.iter().map(|row| row.get::<Uuid>(0)).collect::<Result<BTreeSet<_>, _>>()?;
        let lost = told.acknowledged.difference(&there).count();
        if lost > 0 {
            broken.push(format!("{lost} acknowledged transfers are lost"));
        }
        let invented = there.difference(&told.attempted).count();
        if invented > 0 {
            broken.push(format!("{invented} transfers are there that nobody made"));
        }
        found.unacknowledged = there.difference(&told.acknowledged).count() as u64;
        let halves = "SELECT count(*) FROM (
                          SELECT transfers.id FROM transfers LEFT JOIN entries ON entries.transfer = transfers.id
                          WHERE transfers.round = $1 GROUP BY transfers.id
                          HAVING count(entries.side) <> 2 OR sum(entries.amount) <> 0
                      ) halves";
        none(database, halves, &values![round], "transfers do not have their two sides", broken).await?;
        let sum = "SELECT count(*) FROM (SELECT sum(balance) AS total FROM accounts) sums WHERE total <> 0";
        none(database, sum, &[], "sums of all balances are not 0", broken).await?;
    } else if !told.acknowledged.is_empty() {
        broken.push("transfers were acknowledged, and their table is not there".into());
    }
    migrations(database, migrated, broken).await?;
    Ok(found)
}

/// Which migrations may be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migrated {
    /// All up to this one must be applied, with all that they do.
    pub(crate) applied: u32,
    /// Those up to this one may be, as a whole or, on MariaDB, in part, not later ones.
    pub(crate) begun: u32,
    /// Whether a change of the schema stays when its migration was interrupted.
    pub(crate) in_part: bool,
}

async fn migrations(database: &Database, migrated: Migrated, broken: &mut Vec<String>) -> Result<()> {
    for number in migrated.applied.saturating_sub(2).max(1)..=migrated.begun {
        let recorded = match exists(database, "app_migrations").await? {
            true => {
                let select = "SELECT 1 FROM app_migrations WHERE version = $1 AND success = TRUE";
                database.row(select, &values![number + 1]).await?.is_some()
            }
            false => false,
        };
        let table = format!("generation_{number}");
        let there = exists(database, &table).await?;
        if number <= migrated.applied && !recorded {
            broken.push(format!("migration {number} was applied and is not recorded"));
        }
        if recorded && !there {
            broken.push(format!("migration {number} is recorded and its table is not there"));
        }
        if there && !recorded && !migrated.in_part {
            broken.push(format!("migration {number} is half done"));
        }
        if recorded && there {
            let select = format!("SELECT count(*) FROM {table}");
            let rows = database.row(AssertSqlSafe(select), &[]).await?;
            let rows = rows.map_or(Ok(0), |row| row.get::<i64>(0))?;
            if rows != 1001 {
                broken.push(format!("migration {number} is recorded and left {rows} of its 1001 rows"));
            }
        }
    }
    Ok(())
}

/// Of everything since the first round.
pub(crate) async fn all(
    database: &Database,
    acknowledged: u64,
    users: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let count = async |table: &str| -> Result<u64> {
        let row = database.row(AssertSqlSafe(format!("SELECT count(*) FROM {table}")), &[]).await?;
        Ok(row.map_or(Ok(0), |row| row.get(0))?)
    };
    let transfers = count("transfers").await?;
    if transfers < acknowledged {
        broken.push(format!(
            "{acknowledged} transfers were acknowledged since the start, and {transfers} are there"
        ));
    }
    let known = count("queqiao_identities").await?;
    if known < users.len() as u64 {
        broken.push(format!("{} users logged in since the start, and {known} are there", users.len()));
    }
    let orphans = "SELECT count(*) FROM entries LEFT JOIN transfers ON transfers.id = entries.transfer
                   WHERE transfers.id IS NULL";
    none(database, orphans, &[], "entries have no transfer", &mut broken).await?;
    let balances = "SELECT count(*) FROM accounts LEFT JOIN
                        (SELECT account, sum(amount) AS total FROM entries GROUP BY account) sums
                    ON sums.account = accounts.id WHERE accounts.balance <> COALESCE(sums.total, 0)";
    none(database, balances, &[], "balances are not the sum of their entries", &mut broken).await?;
    let lonely =
        "SELECT count(*) FROM queqiao_identities LEFT JOIN queqiao_users ON id = user_id WHERE id IS NULL";
    none(database, lonely, &[], "identities have no user", &mut broken).await?;
    let nameless = "SELECT count(*) FROM queqiao_users LEFT JOIN queqiao_identities ON id = user_id
                    WHERE user_id IS NULL";
    none(database, nameless, &[], "users have no identity", &mut broken).await?;
    Ok(broken)
}

async fn none(
    database: &Database,
    select: &'static str,
    values: &[queqiao_storage::Value<'_>],
    what: &str,
    broken: &mut Vec<String>,
) -> Result<()> {
    let count: i64 = database.row(select, values).await?.map_or(Ok(0), |row| row.get(0))?;
    if count > 0 {
        broken.push(format!("{count} {what}"));
    }
    Ok(())
}

async fn exists(database: &Database, table: &str) -> Result<bool> {
    use queqiao_storage::Engine;
    let select = match database.engine() {
        Engine::Sqlite => "SELECT 1 FROM sqlite_schema WHERE name = $1",
        Engine::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        Engine::MySql => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = $1"
        }
    };
    Ok(database.row(select, &values![table]).await?.is_some())
}
