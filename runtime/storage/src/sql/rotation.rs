//! Secrets at rest under a new key, while the servers run.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::SqlStore;
use super::session_keys::context;
use crate::database::retried;
use crate::{CipherError, Sealed, StoreError, values};

/// What one step of [`SqlStore::reseal`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many secrets are under the newest key now that were not before.
    pub resealed: u64,
    /// How many were looked at and cannot be decrypted with the keys that are configured. They stay as they are.
    pub unreadable: u64,
    /// Where the next step begins; nothing when this was the last.
    pub next: Option<i64>,
}

impl SqlStore {
    /// Encrypts stored secrets anew, those that are not under the newest key: of the rows behind `after`, which is 0 at
    /// first, at most `limit`, in one transaction.
    ///
    /// Servers read and write meanwhile. All of them must know the newest key already, or they cannot read what was
    /// encrypted anew. One that still encrypts under an older key adds rows to do: count with
    /// [`sealed_by`](Self::sealed_by) at the end. An interrupted run is begun anew and finds less to do.
    ///
    /// ```
    /// use queqiao_storage::{Cipher, Clock, Database, PoolOptions, SessionKeys, SqlStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = Database::open("sqlite::memory:", &PoolOptions::default()).await?;
    /// let old = SqlStore::new(database.clone(), Cipher::new([(1, [1; 32])])?).await?;
    /// old.put("wx1", "o1", &"tiihtNczf5v6AKRyjwEUhQ==".into(), Clock::system().now()).await?;
    ///
    /// let new = SqlStore::new(database, Cipher::new([(2, [2; 32]), (1, [1; 32])])?).await?;
    /// let mut next = Some(0);
    /// while let Some(after) = next {
    ///     next = new.reseal(after, 500).await?.next;
    /// }
    /// assert_eq!(new.sealed_by().await?, [(2, 1)].into());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As the database fails; the steps before stay done.
    pub async fn reseal(&self, after: i64, limit: u32) -> Result<Resealed, StoreError> {
        retried(|| self.reseal_once(after, limit)).await
    }

    async fn reseal_once(&self, after: i64, limit: u32) -> Result<Resealed, StoreError> {
        let mut transaction = self.database.begin().await?;
        let select = "SELECT id, appid, openid, key_version, nonce, data FROM queqiao_session_keys
                      WHERE id > $1 AND key_version <> $2 ORDER BY id LIMIT $3";
        let rows = transaction.rows(select, &values![after, self.cipher.newest(), limit]).await?;
        let mut step = Resealed::default();
        for row in &rows {
            let (id, version): (i64, u32) = (row.get(0)?, row.get(3)?);
            let context = context(&row.get::<String>(1)?, &row.get::<String>(2)?);
            let nonce: Vec<u8> = row.get(4)?;
            let sealed = Sealed {
                key_version: version,
                nonce: nonce.as_slice().try_into().unwrap_or_default(),
                data: row.get(5)?,
            };
            let plain = match self.cipher.open(&sealed, &context) {
                Ok(plain) => plain,
                Err(CipherError::UnknownKey(_) | CipherError::Altered(_)) => {
                    step.unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let new = self.cipher.seal(plain.expose_secret(), &context)?;
            // Unless a login has replaced it meanwhile.
            let update = "UPDATE queqiao_session_keys SET key_version = $1, nonce = $2, data = $3
                          WHERE id = $4 AND key_version = $5 AND nonce = $6";
            let values = values![new.key_version, new.nonce.as_slice(), &new.data, id, version, &nonce];
            step.resealed += transaction.execute(update, &values).await?;
        }
        if rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            step.next = rows.last().map(|row| row.get(0)).transpose()?;
        }
        transaction.commit().await?;
        Ok(step)
    }

    /// How many secrets are stored under each key, by its version.
    ///
    /// # Errors
    ///
    /// As the database fails.
    pub async fn sealed_by(&self) -> Result<BTreeMap<u32, u64>, StoreError> {
        let select = "SELECT key_version, count(*) FROM queqiao_session_keys GROUP BY key_version";
        let rows = self.database.rows(select, &[]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// The versions of the keys that the store was given, newest first.
    pub fn key_versions(&self) -> Vec<u32> {
        self.cipher.versions()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::test_servers::{self, Place};
    use crate::{Cipher, Database, PoolOptions, SessionKeys};

    const OLD: (u32, [u8; 32]) = (1, [1; 32]);
    const NEW: (u32, [u8; 32]) = (2, [2; 32]);

    /// An instance of the server, with a pool of its own.
    async fn instance(place: &Place, keys: &[(u32, [u8; 32])]) -> SqlStore {
        let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
        SqlStore::new(database, Cipher::new(keys.iter().copied()).unwrap()).await.unwrap()
    }

    async fn all(store: &SqlStore, limit: u32) -> (u64, u64) {
        let (mut next, mut done) = (Some(0), (0, 0));
        while let Some(after) = next {
            let step = store.reseal(after, limit).await.unwrap();
            done = (done.0 + step.resealed, done.1 + step.unreadable);
            next = step.next;
        }
        done
    }

    /// The documented order, with logins and reads on two instances all the while: none misses a key.
    async fn two_instances_under_load(place: Place) {
        const USERS: usize = 40;
        const ROUNDS: usize = 30;
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
        // The old key is dropped, and every key is still there.
        let after = instance(&place, &[NEW]).await;
        for user in 0..USERS {
            assert!(!after.newest("wx1", &name(user)).await.unwrap().is_empty(), "{user}");
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
        let step = new.reseal(0, 4).await.unwrap();
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
