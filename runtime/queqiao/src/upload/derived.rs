//! Files that the application makes itself of those that came.

use bytes::Bytes;
use queqiao_storage::{ObjectOptions, Upload as Begun};
use uuid::Uuid;

use super::files::{Files, PRIVATE, StoredFile};
use super::kind::{Format, disposition};
use crate::problem::Internal;

impl Files {
    /// Keeps a file that the application has made, such as a thumbnail. It is private, like a file that came.
    ///
    /// `group` stands in its key: letters, digits and `_`.
    ///
    /// ```
    /// use queqiao::Internal;
    /// use queqiao::upload::{Files, Format, StoredFile};
    ///
    /// async fn report(files: &Files) -> Result<StoredFile, Internal> {
    ///     files.add("reports", Format::PDF, "%PDF-1.7 …").await
    /// }
    /// ```
    ///
    /// # Errors
    /// As the database or the object store fails; then nothing of it is left.
    pub async fn add(
        &self,
        group: &str,
        format: Format,
        bytes: impl Into<Bytes>,
    ) -> Result<StoredFile, Internal> {
        let bytes: Bytes = bytes.into();
        let size = bytes.len() as u64;
        let extension = format.extensions().first().copied().unwrap_or("bin");
        let mut pending = self
            .begin(Begun {
                key: format!("{PRIVATE}{group}/{}.{extension}", Uuid::now_v7()),
                owner: None,
                operation: group.to_owned(),
                content_type: format.media_type().to_owned(),
                size,
            })
            .await?;
        let options = ObjectOptions {
            content_type: format.media_type(),
            content_disposition: disposition(format.media_type()),
        };
        let mut writer = self.objects().put(pending.key(), options).await?;
        writer.write(bytes).await?;
        writer.finish().await?;
        pending.written();
        Ok(pending.keep(size, format.media_type(), None).await?)
    }
}
