//! Where access tokens are kept: in this process, or in a store that all instances share.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use queqiao_storage::{
    Cipher, Clock, Expected, Grant, KeyValues, Leased, Leases, MemoryStore, Sealed, StoreError,
};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Where access tokens are kept. Clones share what is kept.
#[derive(Clone)]
pub struct TokenStore {
    values: Arc<dyn KeyValues>,
    leases: Arc<dyn Leases>,
    /// Encrypts at rest; nothing in this process' own memory.
    cipher: Option<Cipher>,
}

impl TokenStore {
    /// In this process only: each process fetches its tokens itself.
    pub fn in_process() -> Self {
        let store = Arc::new(MemoryStore::new());
        Self { values: store.clone(), leases: store, cipher: None }
    }

    /// In a store that several instances share, Redis or an SQL database: together they fetch each token once.
    /// The tokens are encrypted at rest with the cipher, which has to have the same keys everywhere.
    pub fn shared<S: KeyValues + Leases + 'static>(store: Arc<S>, cipher: Cipher) -> Self {
        Self { values: store.clone(), leases: store, cipher: Some(cipher) }
    }
}

impl Default for TokenStore {
    fn default() -> Self {
        Self::in_process()
    }
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStore").field("encrypted", &self.cipher.is_some()).finish_non_exhaustive()
    }
}

/// What is known of an app's token, for all instances.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(serialize_with = "exposed")]
    pub(super) token: SecretString,
    pub(super) expires_at: Timestamp,
    /// The number of the lease under which it was written: each record's is greater than that of the one before.
    pub(super) fence: u64,
    /// When a token was last fetched because WeChat refused the one before.
    pub(super) replaced_at: Option<Timestamp>,
    /// The last forced refresh, by this crate.
    pub(super) forced_at: Option<Timestamp>,
    /// How many there were on that day, Beijing time.
    pub(super) forced_today: u32,
}

fn exposed<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// What stands in the store, and how to replace exactly that.
pub(super) struct Found {
    pub(super) record: Option<Record>,
    expected: Expected,
}

/// One app's place in the store.
pub(super) struct Place<'a> {
    pub(super) store: &'a TokenStore,
    pub(super) clock: &'a Clock,
    pub(super) name: String,
}

/// The key's version and the nonce in front of sealed bytes.
const HEAD: usize = 4 + 12;

impl Place<'_> {
    pub(super) async fn read(&self) -> Result<Found, StoreError> {
        let Some(entry) = self.store.values.get(&self.name, self.clock.now()).await? else {
            return Ok(Found { record: None, expected: Expected::Absent });
        };
        let record = match self.open(&entry.value) {
            Ok(record) => Some(record),
            Err(problem) => {
                // A token can always be fetched, so what cannot be read is replaced.
                tracing::warn!(place = self.name, problem, "a stored access token cannot be read");
                None
            }
        };
        Ok(Found { record, expected: Expected::Version(entry.version) })
    }

    /// Writes, if what was found is still there and older: the holder of an ended lease writes nothing.
    pub(super) async fn write(&self, found: &Found, record: &Record) -> Result<bool, StoreError> {
        if found.record.as_ref().is_some_and(|known| known.fence >= record.fence) {
            return Ok(false);
        }
        let value = self.seal(record)?;
        let now = self.clock.now();
        // Without an end, so that the number of its lease outlives the token.
        let version =
            self.store.values.compare_and_set(&self.name, found.expected, &value, None, now).await?;
        Ok(version.is_some())
    }

    pub(super) async fn acquire(&self, lease: std::time::Duration) -> Result<Leased, StoreError> {
        let now = self.clock.now();
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        self.store.leases.acquire(&self.name, until, now).await
    }

    pub(super) async fn release(&self, grant: &Grant) {
        if let Err(error) = self.store.leases.release(grant).await {
            tracing::warn!(place = self.name, %error, "the lease of an access token is not given back");
        }
    }

    fn seal(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(record).map_err(|error| StoreError::Database {
            detail: format!("an access token cannot be written: {error}"),
        })?);
        let Some(cipher) = &self.store.cipher else { return Ok(plain.to_vec()) };
        let sealed = cipher.seal(&plain, self.name.as_bytes())?;
        Ok([&sealed.key_version.to_be_bytes()[..], &sealed.nonce, &sealed.data].concat())
    }

    fn open(&self, value: &[u8]) -> Result<Record, String> {
        let Some(cipher) = &self.store.cipher else {
            return serde_json::from_slice(value).map_err(|_| "it is no record of a token".to_owned());
        };
        let (head, data) = value.split_first_chunk::<HEAD>().ok_or("it is too short")?;
        let (version, nonce) = head.split_first_chunk::<4>().ok_or("it is too short")?;
        let nonce = nonce.try_into().map_err(|_| "it is too short")?;
        let sealed = Sealed { key_version: u32::from_be_bytes(*version), nonce, data: data.to_vec() };
        let plain = cipher.open(&sealed, self.name.as_bytes()).map_err(|error| error.to_string())?;
        serde_json::from_slice(plain.expose_secret()).map_err(|_| "it is no record of a token".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fence: u64) -> Record {
        Record {
            token: "88_secret".into(),
            expires_at: Timestamp::UNIX_EPOCH,
            fence,
            replaced_at: None,
            forced_at: None,
            forced_today: 0,
        }
    }

    #[tokio::test]
    async fn tokens_are_encrypted_in_a_shared_store_and_bound_to_their_place() {
        let memory = Arc::new(MemoryStore::new());
        let store = TokenStore::shared(memory.clone(), Cipher::new([(1, [7; 32])]).unwrap());
        let clock = Clock::system();
        let place = |name: &str| Place { store: &store, clock: &clock, name: name.into() };
        let found = place("a").read().await.unwrap();
        assert!(place("a").write(&found, &record(1)).await.unwrap());
        let value = memory.get("a", clock.now()).await.unwrap().unwrap().value;
        assert!(!String::from_utf8_lossy(&value).contains("secret"));
        let read = place("a").read().await.unwrap().record.unwrap();
        assert_eq!((read.token.expose_secret(), read.fence), ("88_secret", 1));

        for broken in [&value[..], &value[..10], b""] {
            memory.put("b", broken, None, clock.now()).await.unwrap();
            assert!(place("b").read().await.unwrap().record.is_none());
        }
    }

    #[tokio::test]
    async fn who_comes_late_writes_nothing() {
        let store = TokenStore::in_process();
        let clock = Clock::system();
        let place = Place { store: &store, clock: &clock, name: "a".into() };
        let early = place.read().await.unwrap();
        assert!(place.write(&early, &record(2)).await.unwrap());
        // Read before the other wrote.
        assert!(!place.write(&early, &record(1)).await.unwrap());
        assert!(!place.write(&early, &record(3)).await.unwrap());
        // Read after it, under an older lease.
        let late = place.read().await.unwrap();
        assert!(!place.write(&late, &record(1)).await.unwrap());
        assert!(place.write(&late, &record(3)).await.unwrap());
    }
}
