//! Secrets at rest under a new key, while the servers run.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use sqlx::AssertSqlSafe;

use super::{SqlStore, inbox, session_keys};
use crate::database::{Row, Transaction, retried};
use crate::{CipherError, Sealed, StoreError, values};

/// What is encrypted in a message's row. Each is also part of what binds the text to its row.
const PARTS: [&str; 2] = ["message", "reply"];

/// How far [`SqlStore::reseal`] has come; the default is the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResealedTo(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The id of a session_key.
    SessionKey(i64),
    /// The id of a message; empty before the first.
    Message(Vec<u8>),
}

impl Default for Place {
    fn default() -> Self {
        Self::SessionKey(0)
    }
}

/// What one step of [`SqlStore::reseal`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many secrets are under the newest key now that were not before.
    pub resealed: u64,
    /// How many were looked at and cannot be decrypted with the keys that are configured. They stay as they are.
    pub unreadable: u64,
    /// Where the next step begins; nothing when this was the last.
    pub next: Option<ResealedTo>,
}

impl SqlStore {
    /// Encrypts stored secrets anew, those that are not under the newest key: session_keys, and messages with their
    /// replies; of the rows behind `after` at most `limit`, in one transaction.
    ///
    /// Servers read and write meanwhile. All of them must know the newest key already, or they cannot read what was
    /// encrypted anew. One that still encrypts under an older key adds rows to do: count with
    /// [`sealed_by`](Self::sealed_by) at the end. An interrupted run is begun anew and finds less to do.
    ///
    /// ```
    /// use queqiao_storage::{Cipher, Clock, Database, PoolOptions, ResealedTo, SessionKeys, SqlStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = Database::open("sqlite::memory:", &PoolOptions::default()).await?;
    /// let old = SqlStore::new(database.clone(), Cipher::new([(1, [1; 32])])?).await?;
    /// old.put("wx1", "o1", &"tiihtNczf5v6AKRyjwEUhQ==".into(), Clock::system().now()).await?;
    ///
    /// let new = SqlStore::new(database, Cipher::new([(2, [2; 32]), (1, [1; 32])])?).await?;
    /// let mut next = Some(ResealedTo::default());
    /// while let Some(after) = next {
    ///     next = new.reseal(&after, 500).await?.next;
    /// }
    /// assert_eq!(new.sealed_by().await?, [(2, 1)].into());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As the database fails; the steps before stay done.
    pub async fn reseal(&self, after: &ResealedTo, limit: u32) -> Result<Resealed, StoreError> {
        retried(|| self.reseal_once(after, limit)).await
    }

    async fn reseal_once(&self, after: &ResealedTo, limit: u32) -> Result<Resealed, StoreError> {
        let mut transaction = self.database.begin().await?;
        let step = match &after.0 {
            Place::SessionKey(id) => self.reseal_session_keys(&mut transaction, *id, limit).await?,
            Place::Message(id) => self.reseal_messages(&mut transaction, id, limit).await?,
        };
        transaction.commit().await?;
        Ok(step)
    }

    async fn reseal_session_keys(
        &self,
        transaction: &mut Transaction,
        after: i64,
        limit: u32,
    ) -> Result<Resealed, StoreError> {
        let select = "SELECT id, appid, openid, key_version, nonce, data FROM queqiao_session_keys
                      WHERE id > $1 AND key_version <> $2 ORDER BY id LIMIT $3";
        let rows = transaction.rows(select, &values![after, self.cipher.newest(), limit]).await?;
        let mut step = Resealed::default();
        for row in &rows {
            let (id, version): (i64, u32) = (row.get(0)?, row.get(3)?);
            let context = session_keys::context(&row.get::<String>(1)?, &row.get::<String>(2)?);
            let nonce: Vec<u8> = row.get(4)?;
            let sealed = Sealed {
                key_version: version,
                nonce: nonce.as_slice().try_into().unwrap_or_default(),
                data: row.get(5)?,
            };
            let Some(new) = self.anew(&sealed, &context)? else {
                step.unreadable += 1;
                continue;
            };
            // Unless a login has replaced it meanwhile.
            let update = "UPDATE queqiao_session_keys SET key_version = $1, nonce = $2, data = $3
                          WHERE id = $4 AND key_version = $5 AND nonce = $6";
            let values = values![new.key_version, new.nonce.as_slice(), &new.data, id, version, &nonce];
            step.resealed += transaction.execute(update, &values).await?;
        }
        step.next = Some(ResealedTo(match rows.last() {
            Some(last) if full(&rows, limit) => Place::SessionKey(last.get(0)?),
            _ => Place::Message(Vec::new()),
        }));
        Ok(step)
    }

    async fn reseal_messages(
        &self,
        transaction: &mut Transaction,
        after: &[u8],
        limit: u32,
    ) -> Result<Resealed, StoreError> {
        // The version of the key stands in front.
        let select = "SELECT id, message, reply FROM queqiao_inbox
                      WHERE id > $1 AND (substr(message, 1, 4) <> $2 OR substr(reply, 1, 4) <> $2)
                      ORDER BY id LIMIT $3";
        let newest = self.cipher.newest().to_be_bytes();
        let rows = transaction.rows(select, &values![after, newest.as_slice(), limit]).await?;
        let mut step = Resealed::default();
        for row in &rows {
            let key = inbox::key(row)?;
            for part in PARTS {
                let Some(old) = row.get::<Option<Vec<u8>>>(part)? else { continue };
                if old.starts_with(&newest) {
                    continue;
                }
                let new = inbox::sealed(&old)
                    .map(|sealed| self.anew(&sealed, &inbox::context(&key, part)))
                    .transpose()?
                    .flatten();
                let Some(new) = new else {
                    step.unreadable += 1;
                    continue;
                };
                // Unless its holder has replaced it meanwhile.
                let update = format!("UPDATE queqiao_inbox SET {part} = $1 WHERE id = $2 AND {part} = $3");
                let values = values![inbox::written(&new), key.as_bytes(), &old];
                step.resealed += transaction.execute(AssertSqlSafe(update), &values).await?;
            }
        }
        if full(&rows, limit) {
            step.next =
                rows.last().map(|row| row.get(0)).transpose()?.map(|id| ResealedTo(Place::Message(id)));
        }
        Ok(step)
    }

    /// The same under the newest key; nothing if it cannot be decrypted.
    fn anew(&self, sealed: &Sealed, context: &[u8]) -> Result<Option<Sealed>, StoreError> {
        match self.cipher.open(sealed, context) {
            Ok(plain) => Ok(Some(self.cipher.seal(plain.expose_secret(), context)?)),
            Err(CipherError::UnknownKey(_) | CipherError::Altered(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How many secrets are stored under each key, by its version.
    ///
    /// # Errors
    ///
    /// As the database fails.
    pub async fn sealed_by(&self) -> Result<BTreeMap<u32, u64>, StoreError> {
        let select = "SELECT key_version, count(*) FROM queqiao_session_keys GROUP BY key_version";
        let rows = self.database.rows(select, &[]).await?;
        let session_keys = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
        let mut counts = session_keys.collect::<Result<BTreeMap<u32, u64>, StoreError>>()?;
        for part in PARTS {
            let select = format!(
                "SELECT substr({part}, 1, 4), count(*) FROM queqiao_inbox
                 WHERE {part} IS NOT NULL GROUP BY substr({part}, 1, 4)"
            );
            for row in self.database.rows(AssertSqlSafe(select), &[]).await? {
                // One of another length was altered, and no key has the version 0.
                let version = row.get::<Vec<u8>>(0)?.try_into().map(u32::from_be_bytes).unwrap_or_default();
                *counts.entry(version).or_default() += row.get::<u64>(1)?;
            }
        }
        Ok(counts)
    }

    /// The versions of the keys that the store was given, newest first.
    pub fn key_versions(&self) -> Vec<u32> {
        self.cipher.versions()
    }
}

/// Whether there may be more rows.
fn full(rows: &[Row], limit: u32) -> bool {
    rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::test_servers;
    use crate::{Arrival, Cipher, Database, Held, Inbox, MessageKey, PoolOptions, Received, SessionKeys};

    const OLD: (u32, [u8; 32]) = (1, [1; 32]);
    const NEW: (u32, [u8; 32]) = (2, [2; 32]);

    /// An instance of the server, with a pool of its own.
    async fn instance(place: &test_servers::Place, keys: &[(u32, [u8; 32])]) -> SqlStore {
        let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
        SqlStore::new(database, Cipher::new(keys.iter().copied()).unwrap()).await.unwrap()
    }

    async fn all(store: &SqlStore, limit: u32) -> (u64, u64) {
        let (mut next, mut done) = (Some(ResealedTo::default()), (0, 0));
        while let Some(after) = next {
            let step = store.reseal(&after, limit).await.unwrap();
            done = (done.0 + step.resealed, done.1 + step.unreadable);
            next = step.next;
        }
        done
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A message of which the content is its name, in the hands of the one who received it.
    async fn received(store: &SqlStore, name: &str) -> Held {
        let arrival =
            Arrival { key: MessageKey::new("wx1", name), app: "wx1", kind: "text", message: name.as_bytes() };
        match store.receive(&arrival, Some(second(30)), second(0)).await.unwrap() {
            Received::Yours(held) => *held,
            other => panic!("{name} is not new: {other:?}"),
        }
    }

    /// What a message was answered with that comes again.
    async fn answer(store: &SqlStore, key: MessageKey) -> String {
        let again = Arrival { key, app: "wx1", kind: "text", message: b"again" };
        match store.receive(&again, None, second(60)).await.unwrap() {
            Received::Done(Some(answer)) => String::from_utf8(answer.expose_secret().to_vec()).unwrap(),
            other => panic!("it was answered: {other:?}"),
        }
    }

    /// Held, waiting, done and dead: all stay readable when the old key is gone.
    async fn messages(place: test_servers::Place) {
        let old = instance(&place, &[OLD]).await;
        for message in 0..5 {
            let held = received(&old, &format!("held {message}")).await;
            assert!(old.note_reply(&held, format!("reply {message}").as_bytes()).await.unwrap());
        }
        let done = received(&old, "done").await;
        assert!(old.finish(&done, Some(b"answer"), second(1)).await.unwrap());
        let dead = received(&old, "dead").await;
        assert!(old.bury(&dead, "it failed", second(1)).await.unwrap());
        let both = instance(&place, &[NEW, OLD]).await;
        let mixed = received(&both, "mixed").await;
        assert!(old.note_reply(&mixed, b"reply of the old").await.unwrap());
        let other = instance(&place, &[(9, [9; 32])]).await;
        let lost = received(&other, "lost").await;
        old.put("wx1", "o1", &"k".into(), second(0)).await.unwrap();
        assert_eq!(both.sealed_by().await.unwrap(), [(1, 14), (2, 1), (9, 1)].into());

        assert_eq!(all(&both, 2).await, (14, 1));
        assert_eq!(all(&both, 2).await, (0, 1));
        assert_eq!(both.sealed_by().await.unwrap(), [(2, 15), (9, 1)].into());
        // An altered one stays too.
        let alter = "UPDATE queqiao_inbox SET message = $1 WHERE id = $2";
        let values = values![b"odd".as_slice(), lost.key.as_bytes()];
        assert_eq!(both.database().execute(alter, &values).await.unwrap(), 1);
        assert_eq!(all(&both, 2).await, (0, 1));
        assert_eq!(both.sealed_by().await.unwrap(), [(0, 1), (2, 15)].into());

        let new = instance(&place, &[NEW]).await;
        let text = |secret: &Option<secrecy::SecretSlice<u8>>| {
            secret.as_ref().map(|secret| String::from_utf8(secret.expose_secret().to_vec()).unwrap())
        };
        assert!(new.finish(&mixed, Some(b"later"), second(1)).await.unwrap(), "its holder holds it still");
        let taken = new.take_due(20, second(90), second(60)).await.unwrap();
        assert_eq!(taken.len(), 6);
        for held in taken.iter().filter(|held| held.key != lost.key) {
            let number = text(&held.reply).unwrap().replace("reply ", "");
            assert_eq!(text(&held.message), Some(format!("held {number}")));
        }
        assert_eq!(text(&new.dead_letters(1).await.unwrap()[0].message).as_deref(), Some("dead"));
        assert_eq!(answer(&new, done.key).await, "answer");
        for store in [old, both, other, new] {
            store.database().close().await;
        }
    }

    #[tokio::test]
    async fn messages_get_the_new_key_on_sqlite() {
        messages(test_servers::sqlite().await).await;
    }

    #[cfg(feature = "postgres")]
    #[tokio::test]
    async fn messages_get_the_new_key_on_postgres() {
        messages(test_servers::postgres().await).await;
    }

    #[cfg(feature = "mysql")]
    #[tokio::test]
    async fn messages_get_the_new_key_on_mysql() {
        messages(test_servers::mysql().await).await;
    }

    /// The documented order, with logins and reads on two instances all the while: none misses a key.
    async fn two_instances_under_load(place: test_servers::Place) {
        const USERS: usize = 40;
        const ROUNDS: usize = 20;
        let name = |user: usize| format!("o{user}");
        let before = instance(&place, &[OLD]).await;
        for user in 0..USERS {
            before.put("wx1", &name(user), &format!("{user}/0").into(), Timestamp::now()).await.unwrap();
        }
        before.database().close().await;
        // Each knows the new key; one is restarted already and encrypts under it.
        let instances =
            [Arc::new(instance(&place, &[OLD, NEW]).await), Arc::new(instance(&place, &[NEW, OLD]).await)];
        let load: Vec<_> = (0..4)
            .map(|worker| {
                let instances = instances.clone();
                tokio::spawn(async move {
                    for round in 0..ROUNDS {
                        let user = (worker + 4 * round) % USERS;
                        let written = format!("{user}/{worker}/{round}");
                        // Each user comes to the one first, and to the other the next time.
                        let first = (round + 4 * round / USERS) % 2;
                        let (writer, reader) = (&instances[first], &instances[1 - first]);
                        writer
                            .put("wx1", &name(user), &written.as_str().into(), Timestamp::now())
                            .await
                            .unwrap();
                        let keys = reader.newest("wx1", &name(user)).await.unwrap();
                        assert!(
                            keys.iter().any(|key| key.key.expose_secret() == written),
                            "{user} lost a key in round {round}"
                        );
                        let name = format!("{worker}/{round}");
                        let held = received(writer, &name).await;
                        assert!(reader.note_reply(&held, b"a reply").await.unwrap());
                        assert!(reader.finish(&held, Some(name.as_bytes()), second(1)).await.unwrap());
                    }
                })
            })
            .collect();
        let mut resealed = 0;
        while load.iter().any(|worker| !worker.is_finished()) {
            resealed += all(&instances[1], 7).await.0;
        }
        for worker in load {
            worker.await.unwrap();
        }
        assert!(resealed > 0);
        // The last one is restarted too; what it wrote meanwhile is done now.
        instances[0].database().close().await;
        assert_eq!(all(&instances[1], 7).await.1, 0);
        assert_eq!(instances[1].sealed_by().await.unwrap().into_keys().collect::<Vec<_>>(), [NEW.0]);
        instances[1].database().close().await;
        // The old key is dropped, and every secret is still there.
        let after = instance(&place, &[NEW]).await;
        for user in 0..USERS {
            assert!(!after.newest("wx1", &name(user)).await.unwrap().is_empty(), "{user}");
        }
        for name in (0..4 * ROUNDS).map(|n| format!("{}/{}", n % 4, n / 4)) {
            assert_eq!(answer(&after, MessageKey::new("wx1", &name)).await, name);
        }
        after.database().close().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_instances_under_load_on_sqlite() {
        two_instances_under_load(test_servers::sqlite().await).await;
    }

    #[cfg(feature = "postgres")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_instances_under_load_on_postgres() {
        two_instances_under_load(test_servers::postgres().await).await;
    }

    #[cfg(feature = "mysql")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_instances_under_load_on_mysql() {
        two_instances_under_load(test_servers::mysql().await).await;
    }

    #[tokio::test]
    async fn what_cannot_be_read_stays_and_is_counted_and_an_interrupted_run_finds_less_to_do() {
        let place = test_servers::sqlite().await;
        let lost = instance(&place, &[(9, [9; 32])]).await;
        lost.put("wx1", "lost", &"k".into(), Timestamp::now()).await.unwrap();
        let old = instance(&place, &[OLD]).await;
        for user in 0..10 {
            old.put("wx1", &format!("o{user}"), &"k".into(), Timestamp::now()).await.unwrap();
        }
        let new = instance(&place, &[NEW, OLD]).await;
        let step = new.reseal(&ResealedTo::default(), 4).await.unwrap();
        assert_eq!((step.resealed, step.unreadable), (3, 1));
        assert!(step.next.is_some());
        // Killed here, and begun anew.
        assert_eq!(all(&new, 4).await, (7, 1));
        assert_eq!(all(&new, 4).await, (0, 1));
        assert_eq!(new.sealed_by().await.unwrap(), [(2, 10), (9, 1)].into());
        assert_eq!(new.key_versions(), [2, 1]);
        for store in [lost, old, new] {
            store.database().close().await;
        }
    }
}
