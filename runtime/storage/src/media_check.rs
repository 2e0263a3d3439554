//! Media that WeChat was asked to judge, until it has said what they are.

use jiff::Timestamp;
use uuid::Uuid;

use crate::StoreError;

/// The longest subject, in bytes.
pub const LONGEST_SUBJECT: usize = 512;

/// A medium that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaCheckRecord {
    /// Which check it is.
    pub id: Uuid,
    /// The AppID of the app.
    pub app: String,
    /// Whose medium it is.
    pub openid: String,
    /// What the application calls the medium; at most [`LONGEST_SUBJECT`] bytes.
    pub subject: String,
}

/// Which check somebody tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// By WeChat's id of it (`trace_id`).
    Trace(&'a str),
    /// By its own.
    Id(Uuid),
}

/// The answer to [`MediaChecks::tell_media_check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaTold {
    /// Nobody else has told of it: it is the caller's.
    Yours(MediaCheckRecord),
    /// Somebody has told of it before.
    Before,
    /// There is no such check, or not yet.
    Unknown,
}

/// Media checks: noted before WeChat is asked, so that none is forgotten, whenever the process ends.
///
/// # Errors
///
/// Each method: as the database fails.
#[async_trait::async_trait]
pub trait MediaChecks: Send + Sync {
    /// Notes that WeChat is about to be asked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Limit`] for a subject that is too long.
    async fn begin_media_check(&self, check: &MediaCheckRecord, now: Timestamp) -> Result<(), StoreError>;

    /// WeChat was asked, and gave this `trace_id`.
    async fn media_check_asked(&self, id: Uuid, trace: &str) -> Result<(), StoreError>;

    /// WeChat was not asked after all.
    async fn abandon_media_check(&self, id: Uuid) -> Result<(), StoreError>;

    /// Somebody tells what became of a check: WeChat its verdict, or the clock that there is none. Of several tellers
    /// the first gets it, again each time it asks; a verdict is taken after the clock, too.
    async fn tell_media_check(
        &self,
        app: &str,
        which: Which<'_>,
        teller: &str,
        verdict: bool,
    ) -> Result<MediaTold, StoreError>;

    /// Up to `most` checks of which nobody has told anything, begun at `before` or earlier; the oldest first.
    async fn unanswered_media_checks(
        &self,
        before: Timestamp,
        most: u32,
    ) -> Result<Vec<MediaCheckRecord>, StoreError>;

    /// Forgets those begun at `before` or earlier. How many there were.
    async fn forget_media_checks(&self, before: Timestamp) -> Result<u64, StoreError>;
}
