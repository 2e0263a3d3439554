//! Messages that have come and must be dealt with: each once, also if the process ends meanwhile.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretSlice;
use sha2::{Digest, Sha256};

use crate::StoreError;

/// How long it is remembered that a message was dealt with.
pub const REMEMBERED_MESSAGE: SignedDuration = SignedDuration::from_hours(24);

/// How long a message lies here that could not be dealt with, for somebody to look at.
pub const DEAD_LETTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Which message it is: SHA-256 of the app and of what is the same in each delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey([u8; 32]);

impl MessageKey {
    /// The key of a message.
    pub fn new(app: &str, identity: &str) -> Self {
        let mut hash = Sha256::new();
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((app.len() as u64).to_be_bytes());
        hash.update(app);
        hash.update(identity);
        Self(hash.finalize().into())
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self).ok()
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 64 hex digits.
impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A message that comes in.
#[derive(Clone)]
pub struct Arrival<'a> {
    /// Which it is.
    pub key: MessageKey,
    /// The AppID of the app that it is for.
    pub app: &'a str,
    /// What kind it is of, for people.
    pub kind: &'a str,
    /// The message, which is stored encrypted.
    pub message: &'a [u8],
}

/// The right, and the duty, to deal with a message until the lease ends.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which it is.
    pub key: MessageKey,
    /// The AppID of the app that it is for.
    pub app: String,
    /// Greater than that of everyone who held it before: who slept past its lease changes nothing.
    pub token: u64,
    /// 1 for the first who holds it.
    pub attempt: u32,
    /// The message; nothing if it cannot be decrypted any more.
    pub message: Option<SecretSlice<u8>>,
    /// What is to be replied, where somebody dealt with it and did not come to reply.
    pub reply: Option<SecretSlice<u8>>,
}

/// What is known of a message that comes in.
#[derive(Debug)]
pub enum Received {
    /// It is new, and the caller's to deal with.
    Yours(Box<Held>),
    /// It is kept, or was already: somebody deals with it, or will.
    Kept,
    /// It was dealt with, and answered with this, if with anything.
    Done(Option<SecretSlice<u8>>),
}

/// A message that could not be dealt with.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Which it is.
    pub key: MessageKey,
    /// The AppID of the app that it is for.
    pub app: String,
    /// What kind it is of.
    pub kind: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub failure: String,
    /// When it came, to the millisecond.
    pub received_at: Timestamp,
    /// The message; nothing if it cannot be decrypted any more.
    pub message: Option<SecretSlice<u8>>,
}

/// How many messages lie in the inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxCounts {
    /// Not dealt with yet, the ones under way included.
    pub open: u64,
    /// Given up.
    pub dead: u64,
}

/// Messages, from their arrival until they are dealt with, for all instances together.
///
/// A message that was acknowledged is dealt with: if whoever holds it does not come back, another takes it
/// when the lease has ended. So it may be begun more than once, and is finished once.
#[async_trait::async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a message, unless it is known. Of concurrent callers one gets it, if it gives the end of its lease
    /// in `hold`; else it waits for [`take_due`](Self::take_due).
    ///
    /// Each call also forgets some of what was dealt with long ago, so that the store does not grow.
    async fn receive(
        &self,
        arrival: &Arrival<'_>,
        hold: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Received, StoreError>;

    /// Up to `most` messages that are due, for the caller alone until `until`.
    async fn take_due(&self, most: u32, until: Timestamp, now: Timestamp) -> Result<Vec<Held>, StoreError>;

    /// Moves the end of the lease. False if it has gone to another: stop then.
    async fn extend(&self, held: &Held, until: Timestamp) -> Result<bool, StoreError>;

    /// Keeps what is to be replied: whoever takes the message from here on only replies. False if the lease
    /// has gone to another.
    async fn note_reply(&self, held: &Held, reply: &[u8]) -> Result<bool, StoreError>;

    /// The message is dealt with. Its content is forgotten; that it came, and what another delivery is to be
    /// answered with, after [`REMEMBERED_MESSAGE`]. False if the lease has gone to another.
    async fn finish(&self, held: &Held, answer: Option<&[u8]>, now: Timestamp) -> Result<bool, StoreError>;

    /// Dealing with it failed: it is due again at `due`. False if the lease has gone to another.
    async fn retry(&self, held: &Held, failure: &str, due: Timestamp) -> Result<bool, StoreError>;

    /// Dealing with it failed for good: it becomes a dead letter, for [`DEAD_LETTER`]. False if the lease has
    /// gone to another.
    async fn bury(&self, held: &Held, failure: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// The newest dead letters.
    async fn dead_letters(&self, most: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Lets a dead letter be tried again, from the first attempt on. False if there is no such.
    async fn revive(&self, key: &MessageKey, now: Timestamp) -> Result<bool, StoreError>;

    /// How many there are.
    async fn inbox_counts(&self) -> Result<InboxCounts, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_and_identity_do_not_run_together() {
        assert_ne!(MessageKey::new("ab", "c"), MessageKey::new("a", "bc"));
        assert_eq!(MessageKey::new("a", "c").to_string().len(), 64);
    }
}
