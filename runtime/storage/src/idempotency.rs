//! Idempotency records: a request that is sent again is not executed again.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{StoreError, UserId};

/// How long a request is remembered, from when it first came, unless the application says otherwise.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How long an answer may be that is kept, in bytes: its body, and names and values of its headers.
pub const ANSWER_LIMIT: usize = 1024 * 1024;

/// Which request it is: SHA-256 of user, operation and the key that the client made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 32]);

impl Scope {
    /// The scope of a request. Without a user, whoever has the key shares it.
    pub fn new(user: Option<UserId>, operation: &str, key: &str) -> Self {
        let user = user.map(|user| user.to_string()).unwrap_or_default();
        let mut hash = Sha256::new();
        // The lengths keep ("ab", "c") and ("a", "bc") apart.
        for part in [user.as_str(), operation, key] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Scope({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// What was sent: SHA-256 of the body, and of whatever else decides what the request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyHash([u8; 32]);

impl BodyHash {
    /// The hash of a body.
    pub fn new(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What becomes of a request that was begun, and that nobody answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCrash {
    /// It is [`Unknown`](Begun::Unknown), and is not executed again: it may have had its effect.
    Unknown,
    /// It may be executed again. Only for one whose effect becomes true together with its answer, by
    /// `SqlStore::answer_in`: unanswered, it had none, and an attempt that comes too late cannot answer any more.
    Again,
}

/// A request that somebody wants to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// Which request.
    pub scope: Scope,
    /// Made for this attempt, to tell it from any other.
    pub attempt: Uuid,
    /// What was sent.
    pub body: BodyHash,
    /// From when on it counts as crashed if it is not answered.
    pub patience: Timestamp,
    /// When it is forgotten: from then on it is as if it never came.
    pub until: Timestamp,
    /// What becomes of it after a crash.
    pub after_crash: AfterCrash,
}

/// The right to execute a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which request.
    pub scope: Scope,
    /// Tells this attempt from any other.
    pub id: Uuid,
}

/// An answer that is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, in their order. Neither names nor values hold line breaks.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// How long it is, as [`ANSWER_LIMIT`] counts.
    pub fn length(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + self.body.len()
    }

    /// The headers in one piece, as adapters store them: `name:value` in lines.
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.push(b':');
            head.extend_from_slice(value);
            head.push(b'\n');
        }
        head
    }

    /// The headers of such a piece; lines that are none are left out.
    pub fn headers_of(head: &[u8]) -> Vec<(String, Vec<u8>)> {
        head.split(|byte| *byte == b'\n')
            .filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (name, value) = line.split_at(colon);
                Some((String::from_utf8(name.to_vec()).ok()?, value.get(1..)?.to_vec()))
            })
            .collect()
    }
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new: the caller is to execute it, and to [`answer`](IdempotencyRecords::answer) or
    /// [`abandon`](IdempotencyRecords::abandon) it.
    Yours(Attempt),
    /// It is being executed right now.
    Running,
    /// It was executed, and this is what it answered.
    Answered(Answer),
    /// The key was used for another body.
    OtherBody,
    /// It was begun, and whoever executed it did not come back: nobody knows whether it had an effect.
    Unknown,
}

/// What became of requests, for all instances together.
#[async_trait::async_trait]
pub trait IdempotencyRecords: Send + Sync {
    /// Asks whether to execute a request. Of concurrent callers exactly one is to.
    ///
    /// From its patience on, one that was not answered counts as crashed. What was asked when it was begun
    /// decides then, not what is asked now. A caller that does not hear the answer may
    /// [`abandon`](Self::abandon) its attempt all the same. Each call also forgets some of what has ended, so that the store
    /// does not grow.
    async fn begin(&self, request: &IdempotentRequest, now: Timestamp) -> Result<Begun, StoreError>;

    /// Keeps the answer. Also after the patience has ended: that it was executed stays true.
    ///
    /// # Errors
    ///
    /// [`StoreError::Limit`] for one longer than [`ANSWER_LIMIT`]; otherwise as the database fails.
    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError>;

    /// Forgets a request that surely had no effect: it may be sent again. Nothing if it was answered.
    async fn abandon(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// Ends the patience with a request that failed half-way: from now on it counts as crashed. Nothing if it
    /// was answered.
    async fn give_up(&self, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError>;
}

pub(crate) fn check_answer(answer: &Answer) -> Result<(), StoreError> {
    if answer.length() <= ANSWER_LIMIT {
        return Ok(());
    }
    Err(StoreError::Limit(format!(
        "the answer of an idempotent operation has {} bytes, and at most {ANSWER_LIMIT} are kept: answer with \
         less, or with where to read the rest",
        answer.length()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_scope_do_not_run_together() {
        assert_ne!(Scope::new(None, "ab", "c"), Scope::new(None, "a", "bc"));
        let user = UserId::new(Timestamp::now());
        assert_ne!(Scope::new(Some(user), "a", "k"), Scope::new(None, "a", "k"));
        assert_eq!(Scope::new(Some(user), "a", "k"), Scope::new(Some(user), "a", "k"));
        assert!(!format!("{:?}", Scope::new(None, "a", "secret")).contains("secret"));
    }

    #[test]
    fn headers_are_read_as_they_were_written() {
        let headers = vec![
            ("location".to_owned(), b"https://a.example/b:c".to_vec()),
            ("x-latin".to_owned(), vec![0xe9, b':']),
            ("x-empty".to_owned(), Vec::new()),
        ];
        let answer = Answer { status: 201, headers: headers.clone(), body: Vec::new() };
        assert_eq!(Answer::headers_of(&answer.head()), headers);
        assert_eq!(Answer::headers_of(b""), []);
    }
}
