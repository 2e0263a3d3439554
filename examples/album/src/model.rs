//! What the contract speaks of.

use queqiao::jiff::Timestamp;
use queqiao::prelude::*;
use queqiao::upload::FileUrl;

/// A new comment.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct NewComment {
    #[check(length = 1..=200, content_security)]
    pub(crate) text: String,
}

/// A comment on a photo.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    /// Whether the reader wrote it.
    pub(crate) own: bool,
    pub(crate) created_at: Timestamp,
}

/// A phone number as it is shown.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    /// Such as `86`.
    pub(crate) country_code: String,
    /// Its first three and last two digits.
    pub(crate) masked: String,
}

/// A photo.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) id: Uuid,
    /// The whole picture. The URL ends; list the photos again for a new one.
    pub(crate) picture: FileUrl,
    /// A JPEG that fits into a square of 320 pixels.
    pub(crate) thumbnail: FileUrl,
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Bytes of the whole picture.
    pub(crate) size: u32,
    pub(crate) created_at: Timestamp,
}
