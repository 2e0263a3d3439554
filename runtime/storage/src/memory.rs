//! In this process, for tests and for what one process alone needs: gone when it ends.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use crate::idempotency::check_answer;
use crate::key_value::{check_key, check_value, lives};
use crate::lease::next_token;
use crate::upload::SWEEPING;
use crate::{
    AfterCrash, Answer, Attempt, Begun, Confirmed, Entry, Expected, Grant, IdempotencyRecords,
    IdempotentRequest, KeyValues, Leased, Leases, Scope, StoreError, Upload, UploadRecord, Uploads,
};

/// [`KeyValues`], [`Leases`], [`IdempotencyRecords`] and [`Uploads`] in memory. Clones share what is stored.
///
/// For the other stores open `sqlite::memory:`.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    values: Swept<String, Entry>,
    leases: HashMap<String, Grant>,
    requests: Swept<Scope, Begin>,
    uploads: HashMap<String, Record>,
}

#[derive(Debug)]
struct Begin {
    request: IdempotentRequest,
    answer: Option<Answer>,
}

impl Begin {
    /// What is known of it at a time; nothing if the request may be executed.
    fn known(&self, request: &IdempotentRequest, now: Timestamp) -> Option<Begun> {
        if !lives(Some(self.request.until), now) {
            None
        } else if self.request.body != request.body {
            Some(Begun::OtherBody)
        } else if let Some(answer) = &self.answer {
            Some(Begun::Answered(answer.clone()))
        } else if lives(Some(self.request.patience), now) {
            Some(Begun::Running)
        } else {
            (self.request.after_crash == AfterCrash::Unknown).then_some(Begun::Unknown)
        }
    }
}

#[derive(Debug)]
struct Record {
    record: UploadRecord,
    abandoned: bool,
    /// When its object may be deleted; nothing of a confirmed one.
    sweep_at: Option<Timestamp>,
}

/// A map that forgets what has ended whenever it has doubled.
#[derive(Debug)]
struct Swept<K, V> {
    map: HashMap<K, V>,
    sweep_at: usize,
}

impl<K, V> Default for Swept<K, V> {
    fn default() -> Self {
        Self { map: HashMap::new(), sweep_at: 1024 }
    }
}

impl<K: Eq + Hash, V> Swept<K, V> {
    fn insert(&mut self, key: K, value: V, lives: impl Fn(&V) -> bool) {
        if self.map.len() >= self.sweep_at {
            self.map.retain(|_, value| lives(value));
            self.sweep_at = (self.map.len() * 2).max(1024);
        }
        self.map.insert(key, value);
    }
}

/// As an adapter that stores milliseconds has it.
fn stored(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method leaves it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        key: &str,
        expected: Option<Expected>,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        check_key(key)?;
        check_value(value)?;
        let mut state = self.state();
        let found = state.values.map.get(key).filter(|entry| lives(entry.expires_at, now));
        let found = found.map(|entry| entry.version);
        if expected.is_some_and(|expected| match expected {
            Expected::Absent => found.is_some(),
            Expected::Version(version) => found != Some(version),
        }) {
            return Ok(None);
        }
        let version = Uuid::new_v4();
        let entry = Entry { value: value.to_vec(), version, expires_at: expires_at.map(stored) };
        state.values.insert(key.to_owned(), entry, |entry| lives(entry.expires_at, now));
        Ok(Some(version))
    }
}

#[async_trait::async_trait]
impl KeyValues for MemoryStore {
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        Ok(self.state().values.map.get(key).filter(|entry| lives(entry.expires_at, now)).cloned())
    }

    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        let version = self.write(key, None, value, expires_at, now)?;
        version.ok_or_else(|| StoreError::Database { detail: "an unconditional write was refused".into() })
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        self.write(key, Some(expected), value, expires_at, now)
    }

    async fn take(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        Ok(self.state().values.map.remove(key).filter(|entry| lives(entry.expires_at, now)))
    }
}

#[async_trait::async_trait]
impl Leases for MemoryStore {
    async fn acquire(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError> {
        check_key(name)?;
        let mut state = self.state();
        let last = state.leases.get(name);
        if let Some(held) = last.filter(|held| lives(Some(held.until), now)) {
            return Ok(Leased::Held { until: held.until });
        }
        let token = next_token(last.map(|last| last.token), now);
        let grant = Grant { name: name.to_owned(), token, until: stored(until) };
        state.leases.insert(name.to_owned(), grant.clone());
        Ok(Leased::Yours(grant))
    }

    async fn renew(
        &self,
        grant: &Grant,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let mut state = self.state();
        let held = state.leases.get_mut(&grant.name);
        let held = held.filter(|held| held.token == grant.token && lives(Some(held.until), now));
        Ok(held.map(|held| {
            held.until = stored(until);
            held.clone()
        }))
    }

    async fn release(&self, grant: &Grant) -> Result<(), StoreError> {
        self.renew(grant, Timestamp::MIN, Timestamp::MIN).await?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl IdempotencyRecords for MemoryStore {
    async fn begin(&self, request: &IdempotentRequest, now: Timestamp) -> Result<Begun, StoreError> {
        let mut state = self.state();
        let known = state.requests.map.get(&request.scope).and_then(|begin| begin.known(request, now));
        if let Some(begun) = known {
            return Ok(begun);
        }
        let begin = Begin { request: request.clone(), answer: None };
        state.requests.insert(request.scope, begin, |begin| lives(Some(begin.request.until), now));
        Ok(Begun::Yours(Attempt { scope: request.scope, id: request.attempt }))
    }

    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        check_answer(answer)?;
        if let Some(request) = self.state().requests.map.get_mut(&attempt.scope)
            && request.request.attempt == attempt.id
            && request.answer.is_none()
        {
            request.answer = Some(answer.clone());
        }
        Ok(())
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let mut state = self.state();
        let begin = state.requests.map.get(&attempt.scope);
        if begin.is_some_and(|begin| begin.request.attempt == attempt.id && begin.answer.is_none()) {
            state.requests.map.remove(&attempt.scope);
        }
        Ok(())
    }

    async fn give_up(&self, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
        if let Some(begin) = self.state().requests.map.get_mut(&attempt.scope)
            && begin.request.attempt == attempt.id
        {
            begin.request.patience = now;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Uploads for MemoryStore {
    async fn begin_upload(
        &self,
        upload: &Upload,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        check_key(&upload.key)?;
        let mut state = self.state();
        if state.uploads.contains_key(&upload.key) {
            return Err(StoreError::Conflict { detail: "there is an upload of this key already".into() });
        }
        let record = UploadRecord { upload: upload.clone(), confirmed: false, begun_at: stored(now) };
        let record = Record { record, abandoned: false, sweep_at: Some(until) };
        state.uploads.insert(upload.key.clone(), record);
        Ok(())
    }

    async fn confirm_upload(
        &self,
        key: &str,
        size: u64,
        content_type: &str,
        now: Timestamp,
    ) -> Result<Confirmed, StoreError> {
        check_key(key)?;
        let mut state = self.state();
        let Some(held) = state.uploads.get_mut(key) else { return Ok(Confirmed::Unknown) };
        if held.record.confirmed && !held.abandoned {
            return Ok(Confirmed::Yes(held.record.clone()));
        }
        if held.abandoned || !lives(held.sweep_at, now) {
            return Ok(Confirmed::TooLate);
        }
        held.sweep_at = None;
        held.record.confirmed = true;
        held.record.upload.size = size;
        held.record.upload.content_type = content_type.to_owned();
        Ok(Confirmed::Yes(held.record.clone()))
    }

    async fn upload(&self, key: &str) -> Result<Option<UploadRecord>, StoreError> {
        check_key(key)?;
        Ok(self.state().uploads.get(key).filter(|held| !held.abandoned).map(|held| held.record.clone()))
    }

    async fn remove_upload(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        check_key(key)?;
        let mut state = self.state();
        let Some(held) = state.uploads.get_mut(key).filter(|held| !held.abandoned) else { return Ok(false) };
        (held.abandoned, held.sweep_at) = (true, Some(now));
        Ok(true)
    }

    async fn take_abandoned(&self, most: u32, now: Timestamp) -> Result<Vec<UploadRecord>, StoreError> {
        let mut state = self.state();
        let ended = state.uploads.values_mut().filter(|held| !lives(held.sweep_at, now));
        let again = now.checked_add(SWEEPING).unwrap_or(Timestamp::MAX);
        let taken = ended.take(usize::try_from(most).unwrap_or(usize::MAX)).map(|held| {
            (held.abandoned, held.sweep_at) = (true, Some(again));
            held.record.clone()
        });
        Ok(taken.collect())
    }

    async fn forget_upload(&self, key: &str) -> Result<(), StoreError> {
        check_key(key)?;
        self.state().uploads.retain(|other, held| other != key || !held.abandoned);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::conformance_tests!([key_values leases idempotency uploads] async { (MemoryStore::new(), ()) });

    #[tokio::test]
    async fn what_has_ended_is_forgotten() {
        let (store, now) = (MemoryStore::new(), Timestamp::now());
        for n in 0..5000 {
            store.put(&n.to_string(), b"", Some(now), now).await.unwrap();
        }
        assert!(store.state().values.map.len() <= 1024);
    }
}
