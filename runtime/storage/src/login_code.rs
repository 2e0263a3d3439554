//! Login codes (`wx.login`), each exchanged once.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{StoreError, UserId};

/// How long a claim holds. A claimer that crashed blocks its code no longer than this; an exchange,
/// with all its retries, must take less.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// How long a finished code gives its user again.
pub const REPLAY: SignedDuration = SignedDuration::from_mins(5);

/// How long it is remembered that WeChat refused a code.
pub const REFUSAL: SignedDuration = SignedDuration::from_secs(60);

/// A login code as it is stored: SHA-256 of the appid and the code, from which the code cannot be
/// read back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// The hash of a code of one app.
    pub fn new(appid: &str, code: &str) -> Self {
        let mut hash = Sha256::new();
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((appid.len() as u64).to_be_bytes());
        hash.update(appid);
        hash.update(code);
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "CodeHash({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The right to exchange one code, until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The code.
    pub code: CodeHash,
    /// Tells this claim from an earlier one that ran out.
    pub id: Uuid,
    /// When others may claim the code.
    pub until: Timestamp,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The caller is to exchange the code, and to [`finish`](LoginCodes::finish),
    /// [`refuse`](LoginCodes::refuse) or [`release`](LoginCodes::release) afterwards.
    Yours(Lease),
    /// Another caller exchanges it right now: claim again in a moment, at `until` at the latest.
    Busy {
        /// When the other's lease ends.
        until: Timestamp,
    },
    /// It was exchanged within the last five minutes, for this user.
    Done(UserId),
    /// WeChat refused it a moment ago.
    Refused,
}

/// Makes one upstream call of many concurrent logins with one code, across instances.
#[async_trait::async_trait]
pub trait LoginCodes: Send + Sync {
    /// Asks for the right to exchange a code. Of concurrent callers exactly one gets it.
    ///
    /// Each call also forgets some of what has expired, so that the store does not grow.
    async fn claim(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError>;

    /// Records the user that the code belongs to, for [`REPLAY`].
    ///
    /// Also after the lease ran out: that the exchange succeeded stays true. What was recorded
    /// first stays.
    async fn finish(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError>;

    /// Records that WeChat refused the code (40029, 40163), for [`REFUSAL`]; nothing if the lease
    /// has gone to another, or the code was finished.
    async fn refuse(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError>;

    /// Gives the right back after a failure that says nothing about the code (time-out, busy);
    /// nothing if the lease has gone to another, or the code was finished.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appid_and_code_do_not_run_together() {
        assert_ne!(CodeHash::new("ab", "c"), CodeHash::new("a", "bc"));
        assert_ne!(CodeHash::new("a", "c"), CodeHash::new("b", "c"));
        assert_eq!(CodeHash::new("a", "c"), CodeHash::new("a", "c"));
    }

    #[test]
    fn the_code_is_not_shown() {
        assert!(!format!("{:?}", CodeHash::new("wx1", "0a3Xsecret")).contains("secret"));
    }
}
