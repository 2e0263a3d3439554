//! session_keys, which stay on the server.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::StoreError;

/// How many different keys are kept for one (appid, openid).
///
/// A new login may replace the key while payloads encrypted under the previous one are still on
/// their way, so one is not enough.
pub const KEPT_KEYS: usize = 3;

/// One session_key, as WeChat gave it (base64 of 16 bytes).
#[derive(Debug, Clone)]
pub struct SessionKey {
    /// The key. Never send it to a client, never log it.
    pub key: SecretString,
    /// The time of the login that brought it last, to the millisecond.
    pub issued_at: Timestamp,
}

/// The newest session_keys of each user and app, encrypted at rest.
#[async_trait::async_trait]
pub trait SessionKeys: Send + Sync {
    /// Adds the key of a login, and forgets all but the newest [`KEPT_KEYS`].
    ///
    /// WeChat often answers a login with the key of the one before: a key that is there already
    /// only becomes younger, and pushes no other out.
    async fn put(
        &self,
        appid: &str,
        openid: &str,
        key: &SecretString,
        issued_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The keys, newest first; none if there was no login, or none can be decrypted any more.
    ///
    /// A key that cannot be decrypted (its encryption key was dropped, its row was altered) is left
    /// out with a warning in the log: the next login brings a fresh one.
    async fn newest(&self, appid: &str, openid: &str) -> Result<Vec<SessionKey>, StoreError>;
}
