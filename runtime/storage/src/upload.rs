//! Upload records: which objects of the object store count, and which are rubbish.

use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, UserId};

/// How long an abandoned upload is left to whoever took it for sweeping, before another may.
pub const SWEEPING: SignedDuration = SignedDuration::from_mins(10);

/// An object in the object store, or one that is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its key in the object store.
    pub key: String,
    /// Who uploads it, if that is known. Not tied to an account: its objects outlive a deleted one, to be
    /// swept.
    pub owner: Option<UserId>,
    /// The operation that it belongs to.
    pub operation: String,
    /// Its media type: what was declared, and once it is confirmed what was found.
    pub content_type: String,
    /// Its size in bytes: at most this much, and once it is confirmed just this much.
    pub size: u64,
}

/// A record of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    /// What is uploaded.
    pub upload: Upload,
    /// Whether it is there and counts. Until then nobody may see it.
    pub confirmed: bool,
    /// When it was begun, to the millisecond.
    pub begun_at: Timestamp,
}

/// The answer to [`Uploads::confirm_upload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// It counts from now on, or did before.
    Yes(UploadRecord),
    /// It was given up: it took too long, or it was removed.
    TooLate,
    /// There is no such upload.
    Unknown,
}

/// Uploads: pending, then confirmed, or abandoned and swept.
///
/// An upload is never both confirmed and swept: one of the two comes first, and the other is told.
///
/// # Errors
///
/// Each method: [`StoreError::Limit`] for a key that is none (see [`KeyValues`](crate::KeyValues));
/// otherwise as the database fails.
#[async_trait::async_trait]
pub trait Uploads: Send + Sync {
    /// Notes that an upload begins, before anything is written to the object store. From `until` on it
    /// counts as abandoned.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the key is taken.
    async fn begin_upload(&self, upload: &Upload, until: Timestamp, now: Timestamp)
    -> Result<(), StoreError>;

    /// Makes an upload count, with the size and media type that were found. Again is the same as once.
    async fn confirm_upload(
        &self,
        key: &str,
        size: u64,
        content_type: &str,
        now: Timestamp,
    ) -> Result<Confirmed, StoreError>;

    /// The record of an upload that is pending or confirmed.
    async fn upload(&self, key: &str) -> Result<Option<UploadRecord>, StoreError>;

    /// Gives an upload up, pending or confirmed: its object is for the sweepers. Whether it was there.
    async fn remove_upload(&self, key: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Up to `most` uploads that were abandoned or removed, for the caller to delete their objects and to
    /// [`forget`](Self::forget_upload) them. No other caller gets them within [`SWEEPING`].
    async fn take_abandoned(&self, most: u32, now: Timestamp) -> Result<Vec<UploadRecord>, StoreError>;

    /// Forgets an upload whose object is deleted; nothing if it is pending or confirmed.
    async fn forget_upload(&self, key: &str) -> Result<(), StoreError>;
}
