//! Users into the database, batch by batch, each as a whole or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::{OwnTable, UserRecord};
use crate::database::Transaction;
use crate::sql::{places, set_in, union_lock};
use crate::{Identity, SqlStore, StoreError, UserId, Value, values};

/// What happens to a line whose user is there already: by id, by (appid, openid), or, for a line without an id, by
/// unionid, as at a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExisting {
    /// The import stops there; the batches before it stay.
    Refuse,
    /// The user stays as it is.
    Skip,
    /// What the line says replaces what is there: unionids, roles, the own columns that it names. New identities and
    /// revoked sessions are added; the epoch never falls, so that no void token is good again, and the first login never
    /// becomes later. The id stays.
    Update,
}

/// How users are imported.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions<'a> {
    /// What happens to those who are there.
    pub on_existing: OnExisting,
    /// The application's own table, for the lines' `own`.
    pub own: Option<&'a OwnTable>,
    /// The time of the first login of those whose line names none.
    pub now: Timestamp,
}

/// How far an import is: written with the batch itself, so that it goes on exactly there.
#[derive(Debug, Clone, Copy)]
pub struct ImportMark<'a> {
    /// A key of [`KeyValues`](crate::KeyValues).
    pub key: &'a str,
    /// The mark; nothing when this is the last batch, and the mark is removed.
    pub value: Option<&'a [u8]>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// What became of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Users who are new.
    pub created: u64,
    /// Users who were there and were changed.
    pub updated: u64,
    /// Users who were there and stayed as they were.
    pub skipped: u64,
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.skipped += other.skipped;
    }
}

/// Why a batch was not imported. Nothing of it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A line that does not fit.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Key = (String, String);

fn key(identity: &Identity) -> Key {
    (identity.appid.clone(), identity.openid.clone())
}

/// The users that a batch speaks of, as the database has them and as the lines before made them.
#[derive(Default)]
struct Known {
    identities: HashMap<Key, (UserId, Option<String>)>,
    ids: HashSet<UserId>,
    unionids: HashMap<String, UserId>,
}

/// Rows that wait to be inserted together.
#[derive(Default)]
struct New<'r> {
    users: Vec<(UserId, i64, Timestamp)>,
    identities: Vec<(UserId, &'r Identity)>,
    roles: Vec<(UserId, &'r str)>,
    sessions: Vec<(UserId, uuid::Uuid, Timestamp)>,
    own: Vec<(UserId, &'r BTreeMap<String, serde_json::Value>)>,
}

/// How often a batch is tried when logins of the same users get in its way.
const ATTEMPTS: u32 = 5;

impl SqlStore {
    /// Imports a batch of lines with their numbers, in one transaction with the mark. A few hundred lines are good.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing of the batch was imported then.
    pub async fn import_users(
        &self,
        batch: &[(u64, UserRecord)],
        options: ImportOptions<'_>,
        mark: ImportMark<'_>,
    ) -> Result<Imported, ImportError> {
        let mut attempt = 1;
        loop {
            match self.import_once(batch, options, mark).await {
                // A login was faster; the next look finds its user.
                Err(ImportError::Store(StoreError::Contention { .. } | StoreError::Conflict { .. }))
                    if attempt < ATTEMPTS => {}
                Err(ImportError::Store(error)) if !error.is_transient() => {
                    return Err(self.culprit(batch, options, mark, error).await);
                }
                outcome => return outcome,
            }
            tokio::time::sleep(std::time::Duration::from_millis(20 * u64::from(attempt))).await;
            attempt += 1;
        }
    }

    /// Names the line that the database refuses, line by line in a transaction that is undone.
    async fn culprit(
        &self,
        batch: &[(u64, UserRecord)],
        options: ImportOptions<'_>,
        mark: ImportMark<'_>,
        error: StoreError,
    ) -> ImportError {
        let Ok(mut transaction) = self.database().begin().await else { return error.into() };
        for one in batch {
            match self.import_in(&mut transaction, std::slice::from_ref(one), options, mark).await {
                Ok(_) => {}
                Err(ImportError::Store(error)) if !error.is_transient() => {
                    return ImportError::Line { line: one.0, problem: error.to_string() };
                }
                Err(error) => return error,
            }
        }
        error.into()
    }

    async fn import_once(
        &self,
        batch: &[(u64, UserRecord)],
        options: ImportOptions<'_>,
        mark: ImportMark<'_>,
    ) -> Result<Imported, ImportError> {
        let mut transaction = self.database().begin().await?;
        let imported = self.import_in(&mut transaction, batch, options, mark).await?;
        transaction.commit().await?;
        Ok(imported)
    }

    async fn import_in(
        &self,
        transaction: &mut Transaction,
        batch: &[(u64, UserRecord)],
        options: ImportOptions<'_>,
        mark: ImportMark<'_>,
    ) -> Result<Imported, ImportError> {
        #[cfg(feature = "postgres")]
        if transaction.engine() == crate::Engine::Postgres {
            plan_for_growth(transaction).await?;
        }
        let mut known = Known::find(transaction, batch).await?;
        let (mut new, mut imported) = (New::default(), Imported::default());
        for (line, record) in batch {
            let told = |problem: String| ImportError::Line { line: *line, problem };
            match (&record.own, options.own) {
                (Some(own), Some(table)) => table.check(own).map_err(told)?,
                (Some(_), None) => {
                    let text = "it has `own` columns, and no table for them was named: give --table";
                    return Err(told(text.into()));
                }
                (None, _) => {}
            }
            let Some(user) = known.owner(record).map_err(told)? else {
                let created_at = record.created_at.unwrap_or(options.now);
                let user = record.id.unwrap_or_else(|| UserId::new(created_at));
                known.add(user, record);
                new.add(user, created_at, record);
                imported.created += 1;
                continue;
            };
            match options.on_existing {
                OnExisting::Refuse => return Err(told(there_already(user, record))),
                OnExisting::Skip => imported.skipped += 1,
                OnExisting::Update => {
                    // It may be one of those who wait.
                    new.insert(transaction, options.own).await?;
                    update(transaction, user, record, &known, options.own).await?;
                    known.add(user, record);
                    imported.updated += 1;
                }
            }
        }
        new.insert(transaction, options.own).await?;
        set_in(transaction, mark.key, mark.value, mark.expires_at).await?;
        Ok(imported)
    }
}

/// Keeps PostgreSQL's plans right while the tables grow faster than its own statistics follow, or without any.
///
/// A plan that was made while a table was small would be kept, and would read it whole when it is large; and whoever
/// knows nothing of the values takes the openids of an app for a few, and reads them all.
#[cfg(feature = "postgres")]
async fn plan_for_growth(transaction: &mut Transaction) -> Result<(), StoreError> {
    transaction.execute("SET LOCAL plan_cache_mode = force_custom_plan", &[]).await?;
    let select = "SELECT 1 FROM pg_class WHERE oid = 'queqiao_identities'::regclass
                  AND pg_relation_size(oid) > current_setting('block_size')::bigint * 2 * (greatest(relpages, 0) + 50)";
    if !transaction.rows(select, &[]).await?.is_empty() {
        transaction.execute("ANALYZE queqiao_users, queqiao_identities", &[]).await?;
    }
    Ok(())
}

fn there_already(user: UserId, record: &UserRecord) -> String {
    let names: Vec<String> =
        record.identities.iter().map(|one| format!("openid {} of {}", one.openid, one.appid)).collect();
    format!(
        "{} is there already, as user {user}: in the database, or by a line before. `--existing skip` leaves such users as \
         they are, `--existing update` takes the file's word",
        if names.is_empty() { "the id".to_owned() } else { names.join(", ") }
    )
}

impl Known {
    async fn find(transaction: &mut Transaction, batch: &[(u64, UserRecord)]) -> Result<Self, StoreError> {
        let mut known = Self::default();
        let records = || batch.iter().map(|(_, record)| record);
        // As at a login: nobody makes a user of these unionids from here to the end.
        let unions: Vec<Vec<u8>> = records()
            .flat_map(|record| &record.identities)
            .filter_map(Identity::known_unionid)
            .map(union_lock)
            .collect();
        transaction.lock(&unions.iter().map(Vec::as_slice).collect::<Vec<_>>()).await?;
        let mut openids: BTreeMap<&str, Vec<Value<'_>>> = BTreeMap::new();
        for one in records().flat_map(|record| &record.identities) {
            openids.entry(&one.appid).or_default().push(one.openid.as_str().into());
        }
        for (appid, mut openids) in openids {
            let select = format!(
                "SELECT appid, openid, user_id, unionid FROM queqiao_identities WHERE appid = $1 AND openid IN ({})",
                places(2, padded(&mut openids))
            );
            let mut values = vec![Value::from(appid)];
            values.extend(openids);
            for row in transaction.rows(AssertSqlSafe(select), &values).await? {
                known.identities.insert((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
            }
        }
        let mut ids: BTreeSet<UserId> = records().filter_map(|record| record.id).collect();
        ids.extend(known.identities.values().map(|(user, _)| user));
        let mut ids: Vec<Value<'_>> = ids.into_iter().map(Value::from).collect();
        if !ids.is_empty() {
            let select =
                format!("SELECT id FROM queqiao_users WHERE id IN ({})", places(1, padded(&mut ids)));
            for row in transaction.rows(AssertSqlSafe(select), &ids).await? {
                known.ids.insert(row.get(0)?);
            }
        }
        // As at a login: whoever has no id of our own may be known through another app.
        let unionids: BTreeSet<&str> = records()
            .filter(|record| record.id.is_none())
            .flat_map(|record| &record.identities)
            .filter_map(Identity::known_unionid)
            .collect();
        let mut unionids: Vec<Value<'_>> = unionids.into_iter().map(Value::from).collect();
        if !unionids.is_empty() {
            let select = format!(
                "SELECT unionid, user_id FROM queqiao_identities JOIN queqiao_users ON id = user_id
                 WHERE unionid IN ({}) ORDER BY created_at DESC, id DESC",
                places(1, padded(&mut unionids))
            );
            for row in transaction.rows(AssertSqlSafe(select), &unionids).await? {
                known.unionids.insert(row.get(0)?, row.get(1)?);
            }
        }
        Ok(known)
    }

    /// The user that a line speaks of, if it is there.
    fn owner(&self, record: &UserRecord) -> Result<Option<UserId>, String> {
        let mut found: BTreeSet<UserId> = record
            .identities
            .iter()
            .filter_map(|one| self.identities.get(&key(one)).map(|(user, _)| *user))
            .collect();
        found.extend(record.id.filter(|id| self.ids.contains(id)));
        if found.is_empty() && record.id.is_none() {
            let by_unionid = record.identities.iter().filter_map(Identity::known_unionid);
            found.extend(by_unionid.filter_map(|unionid| self.unionids.get(unionid)).take(1));
        }
        if found.len() > 1 {
            let users: Vec<String> = found.iter().map(UserId::to_string).collect();
            return Err(format!(
                "it speaks of several users: {}; no import makes one of them, for each may own data. Take its `id`, or \
                 the identities of the others, out of the line",
                users.join(", ")
            ));
        }
        Ok(found.pop_first())
    }

    fn add(&mut self, user: UserId, record: &UserRecord) {
        self.ids.insert(user);
        for one in &record.identities {
            let unionid = one.known_unionid().map(str::to_owned);
            if let Some(unionid) = &unionid {
                self.unionids.entry(unionid.clone()).or_insert(user);
            }
            let kept = self.identities.get(&key(one)).and_then(|(_, unionid)| unionid.clone());
            self.identities.insert(key(one), (user, unionid.or(kept)));
        }
    }
}

async fn update(
    transaction: &mut Transaction,
    user: UserId,
    record: &UserRecord,
    known: &Known,
    own: Option<&OwnTable>,
) -> Result<(), StoreError> {
    let update = "UPDATE queqiao_users SET epoch = CASE WHEN epoch < $2 THEN $2 ELSE epoch END,
                  created_at = CASE WHEN created_at > $3 THEN $3 ELSE created_at END WHERE id = $1";
    let created_at = record.created_at.unwrap_or(Timestamp::MAX);
    transaction.execute(update, &values![user, record.epoch.unwrap_or(0), created_at]).await?;
    let mut new = New::default();
    for one in &record.identities {
        match known.identities.get(&key(one)) {
            None => new.identities.push((user, one)),
            Some((_, unionid)) if one.unionid.is_some() && *unionid != one.unionid => {
                let update = "UPDATE queqiao_identities SET unionid = $3 WHERE appid = $1 AND openid = $2";
                let values = values![&one.appid, &one.openid, one.known_unionid()];
                transaction.execute(update, &values).await?;
            }
            Some(_) => {}
        }
    }
    if let Some(roles) = &record.roles {
        transaction.execute("DELETE FROM queqiao_roles WHERE user_id = $1", &values![user]).await?;
        new.roles.extend(roles.iter().map(|role| (user, role.as_str())));
    }
    for (session, until) in &record.revoked_sessions {
        let values = values![user, *session];
        let delete = "DELETE FROM queqiao_revoked_sessions WHERE user_id = $1 AND session = $2";
        transaction.execute(delete, &values).await?;
        new.sessions.push((user, *session, *until));
    }
    if let (Some(columns), Some(table)) = (&record.own, own) {
        let (update, values) = table.update(user.into(), columns);
        if transaction.execute(update, &values).await? == 0 {
            new.own.push((user, columns));
        }
    }
    new.insert(transaction, own).await
}

/// How many rows one statement has, far below the engines' limits of bound values. Few sizes, because a connection keeps
/// the statements that it has prepared.
const SIZES: [usize; 4] = [500, 64, 8, 1];

/// Cuts rows into pieces of these sizes.
fn pieces<T>(mut rows: &[T], width: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        // The last size takes what there is.
        let size = SIZES.into_iter().find(|size| size * width <= rows.len())?;
        let (piece, rest) = rows.split_at(size * width);
        rows = rest;
        Some(piece)
    })
}

/// Repeats the last value until there are as many as in one of few sizes, and returns how many that is.
fn padded(values: &mut Vec<Value<'_>>) -> usize {
    if let Some(last) = values.last().cloned() {
        let size = [8, 64, 512, 4096].into_iter().find(|size| *size >= values.len());
        values.resize(size.unwrap_or_else(|| values.len().next_multiple_of(4096)), last);
    }
    values.len()
}

impl<'r> New<'r> {
    fn add(&mut self, user: UserId, created_at: Timestamp, record: &'r UserRecord) {
        self.users.push((user, record.epoch.unwrap_or(0), created_at));
        self.identities.extend(record.identities.iter().map(|one| (user, one)));
        self.roles.extend(record.roles.iter().flatten().map(|role| (user, role.as_str())));
        self.sessions.extend(record.revoked_sessions.iter().map(|(session, until)| (user, *session, *until)));
        self.own.extend(record.own.iter().map(|own| (user, own)));
    }

    /// Inserts all, and is empty again.
    async fn insert(
        &mut self,
        transaction: &mut Transaction,
        own: Option<&OwnTable>,
    ) -> Result<(), StoreError> {
        let New { users, identities, roles, sessions, own: columns } = std::mem::take(self);
        let users = users.into_iter().flat_map(|(user, epoch, at)| values![user, epoch, at]);
        insert(transaction, "queqiao_users (id, epoch, created_at)", 3, users.collect()).await?;
        let identities = identities.into_iter().flat_map(|(user, one)| {
            values![one.appid.as_str(), one.openid.as_str(), one.known_unionid(), user]
        });
        let table = "queqiao_identities (appid, openid, unionid, user_id)";
        insert(transaction, table, 4, identities.collect()).await?;
        let roles = roles.into_iter().flat_map(|(user, role)| values![user, role]);
        insert(transaction, "queqiao_roles (user_id, role)", 2, roles.collect()).await?;
        let sessions = sessions.into_iter().flat_map(|(user, session, until)| values![user, session, until]);
        let table = "queqiao_revoked_sessions (user_id, session, until)";
        insert(transaction, table, 3, sessions.collect()).await?;
        let Some(table) = own else { return Ok(()) };
        // Rows of the same columns go together.
        let mut groups: BTreeMap<Vec<&String>, Vec<(Value<'_>, &BTreeMap<_, _>)>> = BTreeMap::new();
        for (user, columns) in columns {
            groups.entry(columns.keys().collect()).or_default().push((user.into(), columns));
        }
        for (columns, rows) in groups {
            // A table may have so many columns that 500 rows are too many values.
            for rows in rows.chunks((10_000 / (columns.len() + 1)).max(1)).flat_map(|rows| pieces(rows, 1)) {
                let (insert, values) = table.insert(rows);
                transaction.execute(insert, &values).await?;
            }
        }
        Ok(())
    }
}

async fn insert(
    transaction: &mut Transaction,
    table: &str,
    width: usize,
    values: Vec<Value<'_>>,
) -> Result<(), StoreError> {
    for values in pieces(&values, width) {
        let rows: Vec<String> =
            (0..values.len() / width).map(|row| format!("({})", places(row * width + 1, width))).collect();
        let insert = format!("INSERT INTO {table} VALUES {}", rows.join(", "));
        transaction.execute(AssertSqlSafe(insert), values).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_are_in_few_sizes_of_statements() {
        for rows in [0, 1, 7, 8, 499, 500, 1237] {
            let values: Vec<usize> = (0..rows * 3).collect();
            let cut: Vec<&[usize]> = pieces(&values, 3).collect();
            assert_eq!(cut.concat(), values);
            assert!(cut.iter().all(|piece| SIZES.contains(&(piece.len() / 3))), "{rows}");
        }
        let mut few = values![1, 2, 3].to_vec();
        assert_eq!((padded(&mut few), few.len(), few.last().cloned()), (8, 8, Some(Value::from(3))));
        assert_eq!(padded(&mut Vec::new()), 0);
    }
}
