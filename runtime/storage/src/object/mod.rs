//! Object stores: where the bytes of files are.

mod bucket;
mod error;
mod key;
mod local;
mod opened;
mod writer;

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

pub use self::bucket::{Bucket, Service};
pub use self::error::ObjectError;
pub use self::key::{BadObjectKey, ObjectKey};
pub use self::local::LocalObjects;
pub use self::opened::BucketObjects;
pub use self::writer::{ObjectWriter, Writing};

/// The bytes of an object, piece by piece.
pub type ObjectBytes = BoxStream<'static, Result<Bytes, ObjectError>>;

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its size in bytes.
    pub size: u64,
    /// Its media type, in stores that keep it; the local folder does not.
    pub content_type: Option<String>,
    /// What tells this content of the key from every other that it had: an entity tag as HTTP has it, with its
    /// quotes.
    pub etag: Option<String>,
    /// When it was written, to the precision of the store.
    pub modified_at: Option<Timestamp>,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectOptions<'a> {
    /// Its media type, for example `image/png`.
    pub content_type: &'a str,
    /// What stores that serve it by themselves say in `Content-Disposition`, for example `attachment`.
    pub content_disposition: Option<&'a str>,
}

/// Objects by key: the local folder ([`LocalObjects`]), or a bucket ([`BucketObjects`]).
///
/// An object is whole or not there: until [`ObjectWriter::finish`] has returned nobody sees anything of it, and
/// from then on every reader sees all of it, also after a power failure. Who writes a key that has an object
/// replaces it; of two at once, one stays, whole.
///
/// # Errors
///
/// Each method: [`ObjectError::NotFound`] where an object is needed and there is none; otherwise as the store
/// fails.
#[async_trait::async_trait]
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// Begins to write an object, piece by piece; memory holds no more than a few mebibytes of it.
    async fn put(&self, key: &ObjectKey, options: ObjectOptions<'_>) -> Result<ObjectWriter, ObjectError>;

    /// The bytes of an object, or those of a range of it, which must lie within.
    ///
    /// # Errors
    ///
    /// [`ObjectError::OutOfRange`] for a range that ends behind the object.
    async fn get(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<ObjectBytes, ObjectError>;

    /// What is known of an object; `None` if there is none.
    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectMeta>, ObjectError>;

    /// Deletes an object; nothing if there is none.
    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError>;

    /// The keys that begin with a prefix, which ends with `/` or is empty, in no order that can be relied on.
    async fn list(
        &self,
        prefix: &str,
    ) -> Result<BoxStream<'static, Result<ObjectKey, ObjectError>>, ObjectError>;

    /// A URL under which anyone can read an object for a while, with the `Content-Disposition` that is given;
    /// `None` from stores that serve nobody by themselves.
    async fn signed_url(
        &self,
        key: &ObjectKey,
        lifetime: Duration,
        content_disposition: Option<&str>,
    ) -> Result<Option<String>, ObjectError>;

    /// Removes what writers left that never came to their end, if it was begun before `before`; how many there
    /// were. Buckets do this by a rule of their own: "abort incomplete multipart uploads".
    async fn remove_unfinished(&self, before: Timestamp) -> Result<u64, ObjectError>;

    /// Writes a small object, reads and deletes it: whether address, credentials and rights are as they must be.
    async fn check(&self) -> Result<(), ObjectError> {
        let key = ObjectKey::new(format!("check/{}", uuid::Uuid::now_v7()))
            .map_err(|_| ObjectError::Other { detail: "a key of our own is none".into() })?;
        let options = ObjectOptions { content_type: "text/plain", content_disposition: None };
        let mut writer = self.put(&key, options).await?;
        writer.write(Bytes::from_static(b"queqiao")).await?;
        writer.finish().await?;
        let there = self.head(&key).await?;
        self.delete(&key).await?;
        match there {
            Some(meta) if meta.size == 7 => Ok(()),
            _ => Err(ObjectError::Other { detail: "what was written a moment ago is not there".into() }),
        }
    }
}
