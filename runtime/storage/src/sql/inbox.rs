//! The inbox in SQL.

use jiff::Timestamp;
use secrecy::SecretSlice;
use sqlx::AssertSqlSafe;

use super::SqlStore;
use crate::database::{Row, retried};
use crate::{
    Arrival, DEAD_LETTER, DeadLetter, Held, Inbox, InboxCounts, MessageKey, REMEMBERED_MESSAGE, Received,
    Sealed, StoreError, values,
};

/// Old messages forgotten with each that comes: enough to keep up, too few to be felt.
const SWEPT_PER_ARRIVAL: u32 = 20;
/// The longest failure that is kept, in characters.
const LONGEST_FAILURE: usize = 1000;

const COLUMNS: &str = "id, app, token, attempts, message, reply";
/// Whoever holds it, and nobody else.
const HOLDER: &str = "WHERE id = $1 AND token = $2 AND state = 'running'";

/// Binds a text to its row: one that is moved to another does not decrypt.
pub(super) fn context(key: &MessageKey, part: &str) -> Vec<u8> {
    format!("inbox|{part}|{key}").into_bytes()
}

/// As it is stored: version and nonce of the key, and the encrypted text behind them.
pub(super) fn written(sealed: &Sealed) -> Vec<u8> {
    [sealed.key_version.to_be_bytes().as_slice(), &sealed.nonce, &sealed.data].concat()
}

/// What [`written`] has written.
pub(super) fn sealed(stored: &[u8]) -> Option<Sealed> {
    let (version, rest) = stored.split_first_chunk::<4>()?;
    let (nonce, data) = rest.split_first_chunk::<12>()?;
    Some(Sealed { key_version: u32::from_be_bytes(*version), nonce: *nonce, data: data.to_vec() })
}

fn stored(token: u64) -> i64 {
    i64::try_from(token).unwrap_or(i64::MAX)
}

pub(super) fn key(row: &Row) -> Result<MessageKey, StoreError> {
    MessageKey::read(&row.get::<Vec<u8>>("id")?)
        .ok_or_else(|| StoreError::Corrupt { detail: "the id of a message is not 32 bytes long".into() })
}

fn short(failure: &str) -> String {
    failure.chars().filter(|character| *character != '\0').take(LONGEST_FAILURE).collect()
}

impl SqlStore {
    fn sealed(&self, key: &MessageKey, part: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(written(&self.cipher.seal(plain, &context(key, part))?))
    }

    /// The text; nothing where it cannot be read, which is told to the log.
    fn opened(&self, key: &MessageKey, part: &str, stored: Option<Vec<u8>>) -> Option<SecretSlice<u8>> {
        self.cipher
            .open(&sealed(&stored?)?, &context(key, part))
            .inspect_err(|error| tracing::warn!(%key, %error, "a stored {part} cannot be read"))
            .ok()
    }

    fn held(&self, row: &Row, taken: u64) -> Result<Held, StoreError> {
        let key = key(row)?;
        Ok(Held {
            app: row.get("app")?,
            token: row.get::<u64>("token")?.saturating_add(taken),
            attempt: u32::try_from(row.get::<u64>("attempts")?.saturating_add(taken)).unwrap_or(u32::MAX),
            message: self.opened(&key, "message", row.get("message")?),
            reply: self.opened(&key, "reply", row.get("reply")?),
            key,
        })
    }

    async fn receive_once(
        &self,
        arrival: &Arrival<'_>,
        message: &[u8],
        hold: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        let id = arrival.key.as_bytes();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[id]).await?;
        let select = "SELECT state, due_at, reply FROM queqiao_inbox WHERE id = $1";
        if let Some(row) = transaction.row(select, &values![id]).await? {
            let state: String = row.get("state")?;
            let open = matches!(state.as_str(), "waiting" | "running");
            if open || row.get::<Timestamp>("due_at")? > now {
                let reply = || Ok::<_, StoreError>(self.opened(&arrival.key, "reply", row.get("reply")?));
                return Ok(if state == "done" { Received::Done(reply()?) } else { Received::Kept });
            }
            transaction.execute("DELETE FROM queqiao_inbox WHERE id = $1", &values![id]).await?;
        }
        let insert =
            "INSERT INTO queqiao_inbox (id, app, kind, state, token, attempts, due_at, received_at, message)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let (state, held) = if hold.is_some() { ("running", 1) } else { ("waiting", 0) };
        let due = hold.unwrap_or(now);
        let values = values![id, arrival.app, arrival.kind, state, held, held, due, now, message];
        transaction.execute(insert, &values).await?;
        transaction.commit().await?;
        Ok(match hold {
            None => Received::Kept,
            Some(_) => Received::Yours(Box::new(Held {
                key: arrival.key,
                app: arrival.app.to_owned(),
                token: 1,
                attempt: 1,
                message: Some(arrival.message.to_vec().into()),
                reply: None,
            })),
        })
    }

    async fn take_due_once(
        &self,
        most: u32,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Held>, StoreError> {
        let mut transaction = self.database.begin().await?;
        // Two takers at once take different ones.
        let select = format!(
            "SELECT {COLUMNS} FROM queqiao_inbox WHERE state IN ('running', 'waiting') AND due_at <= $1
             ORDER BY due_at LIMIT $2{}",
            transaction.engine().skip_locked()
        );
        let rows = transaction.rows(AssertSqlSafe(select), &values![now, most]).await?;
        let taken = rows.iter().map(|row| self.held(row, 1)).collect::<Result<Vec<_>, _>>()?;
        for held in &taken {
            let update = "UPDATE queqiao_inbox SET state = 'running', token = $2, attempts = $3, due_at = $4
                          WHERE id = $1";
            let values = values![held.key.as_bytes(), stored(held.token), held.attempt, until];
            transaction.execute(update, &values).await?;
        }
        transaction.commit().await?;
        Ok(taken)
    }

    /// Whether the holder still held it, and what is set is set.
    async fn as_holder(&self, held: &Held, set: &str, more: &[crate::Value<'_>]) -> Result<bool, StoreError> {
        let update = format!("UPDATE queqiao_inbox SET {set} {HOLDER}");
        let mut values = values![held.key.as_bytes(), stored(held.token)].to_vec();
        values.extend_from_slice(more);
        Ok(retried(|| self.database.execute(AssertSqlSafe(update.clone()), &values)).await? > 0)
    }

    async fn sweep_inbox(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT id FROM queqiao_inbox WHERE state IN ('dead', 'done') AND due_at <= $1 LIMIT $2";
        let old = self.database.rows(select, &values![now, SWEPT_PER_ARRIVAL]).await?;
        for row in &old {
            let delete =
                "DELETE FROM queqiao_inbox WHERE id = $1 AND state IN ('dead', 'done') AND due_at <= $2";
            let id = row.get::<Vec<u8>>(0)?;
            self.execute_retried(delete, &values![&id, now]).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Inbox for SqlStore {
    async fn receive(
        &self,
        arrival: &Arrival<'_>,
        hold: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        self.sweep_inbox(now).await?;
        let message = self.sealed(&arrival.key, "message", arrival.message)?;
        retried(|| self.receive_once(arrival, &message, hold, now)).await
    }

    async fn take_due(&self, most: u32, until: Timestamp, now: Timestamp) -> Result<Vec<Held>, StoreError> {
        retried(|| self.take_due_once(most, until, now)).await
    }

    async fn extend(&self, held: &Held, until: Timestamp) -> Result<bool, StoreError> {
        self.as_holder(held, "due_at = $3", &values![until]).await
    }

    async fn note_reply(&self, held: &Held, reply: &[u8]) -> Result<bool, StoreError> {
        let reply = self.sealed(&held.key, "reply", reply)?;
        self.as_holder(held, "reply = $3", &values![reply]).await
    }

    async fn finish(&self, held: &Held, answer: Option<&[u8]>, now: Timestamp) -> Result<bool, StoreError> {
        let answer = answer.map(|answer| self.sealed(&held.key, "reply", answer)).transpose()?;
        let end = now.checked_add(REMEMBERED_MESSAGE).unwrap_or(Timestamp::MAX);
        let set = "state = 'done', message = NULL, failure = NULL, reply = $3, due_at = $4";
        self.as_holder(held, set, &values![answer, end]).await
    }

    async fn retry(&self, held: &Held, failure: &str, due: Timestamp) -> Result<bool, StoreError> {
        let set = "state = 'waiting', failure = $3, due_at = $4";
        self.as_holder(held, set, &values![short(failure), due]).await
    }

    async fn bury(&self, held: &Held, failure: &str, now: Timestamp) -> Result<bool, StoreError> {
        let end = now.checked_add(DEAD_LETTER).unwrap_or(Timestamp::MAX);
        let set = "state = 'dead', failure = $3, due_at = $4";
        self.as_holder(held, set, &values![short(failure), end]).await
    }

    async fn dead_letters(&self, most: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let select = "SELECT id, app, kind, attempts, failure, received_at, message FROM queqiao_inbox
                      WHERE state = 'dead' ORDER BY due_at DESC LIMIT $1";
        let rows = self.database.rows(select, &values![most]).await?;
        let letter = |row: &Row| {
            let key = key(row)?;
            Ok(DeadLetter {
                app: row.get("app")?,
                kind: row.get("kind")?,
                attempts: u32::try_from(row.get::<u64>("attempts")?).unwrap_or(u32::MAX),
                failure: row.get::<Option<String>>("failure")?.unwrap_or_default(),
                received_at: row.get("received_at")?,
                message: self.opened(&key, "message", row.get("message")?),
                key,
            })
        };
        rows.iter().map(letter).collect()
    }

    async fn revive(&self, key: &MessageKey, now: Timestamp) -> Result<bool, StoreError> {
        let update = "UPDATE queqiao_inbox SET state = 'waiting', attempts = 0, due_at = $2
                      WHERE id = $1 AND state = 'dead'";
        Ok(self.execute_retried(update, &values![key.as_bytes(), now]).await? > 0)
    }

    async fn inbox_counts(&self) -> Result<InboxCounts, StoreError> {
        let select = "SELECT state, count(*) FROM queqiao_inbox WHERE state <> 'done' GROUP BY state";
        let mut counts = InboxCounts::default();
        for row in self.database.rows(select, &[]).await? {
            let count: u64 = row.get(1)?;
            match row.get::<String>(0)?.as_str() {
                "dead" => counts.dead += count,
                _ => counts.open += count,
            }
        }
        Ok(counts)
    }
}
