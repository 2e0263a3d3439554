//! What the contract speaks of.

use queqiao::jiff::Timestamp;
use queqiao::prelude::*;
use queqiao::upload::FileUrl;

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
