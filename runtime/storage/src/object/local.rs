//! Objects as files of a folder.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use opendal::{Operator, services};

use super::opened::{Written, keys, read, stat};
use super::writer::Writing;
use super::{ObjectBytes, ObjectError, ObjectKey, ObjectMeta, ObjectOptions, ObjectStore, ObjectWriter};

/// Where files are until they are whole; no key begins with a dot.
const UNFINISHED: &str = ".unfinished";

/// Objects as files of a folder, for one machine.
///
/// A file is written beside its place, brought to the disk, and renamed to its place; the folder is brought to
/// the disk then too.
#[derive(Clone)]
pub struct LocalObjects {
    operator: Operator,
    folder: PathBuf,
}

impl LocalObjects {
    /// The store of a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`ObjectError::Permission`], [`ObjectError::Settings`] for a folder that cannot be made or is none.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, ObjectError> {
        let folder = std::path::absolute(folder.as_ref()).map_err(|error| told(folder.as_ref(), &error))?;
        let unfinished = folder.join(UNFINISHED);
        std::fs::create_dir_all(&unfinished).map_err(|error| told(&folder, &error))?;
        let (Some(root), Some(unfinished)) = (folder.to_str(), unfinished.to_str()) else {
            let detail = format!("the path {} is no UTF-8; choose another", folder.display());
            return Err(ObjectError::Settings { detail });
        };
        let operator = Operator::new(services::Fs::default().root(root).atomic_write_dir(unfinished))?;
        Ok(Self { operator, folder })
    }
}

fn told(folder: &Path, error: &io::Error) -> ObjectError {
    let detail = format!("the folder {}: {error}", folder.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ObjectError::Permission { detail }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ObjectError::Full { detail },
        _ => ObjectError::Settings { detail },
    }
}

/// A file, and the folders in which its name has to be kept.
struct LocalFile {
    written: Written,
    folders: Vec<PathBuf>,
}

#[async_trait::async_trait]
impl Writing for LocalFile {
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        self.written.write(bytes).await
    }

    async fn finish(&mut self) -> Result<(), ObjectError> {
        self.written.finish().await?;
        // The name of a renamed file is in its folder, and that of a new folder in the one above.
        for folder in &self.folders {
            sync(folder).await.map_err(|error| told(folder, &error))?;
        }
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), ObjectError> {
        self.written.abort().await
    }
}

#[cfg(unix)]
async fn sync(folder: &Path) -> io::Result<()> {
    tokio::fs::File::open(folder).await?.sync_all().await
}

/// Only Unix opens folders as files.
#[cfg(not(unix))]
async fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[async_trait::async_trait]
impl ObjectStore for LocalObjects {
    async fn put(&self, key: &ObjectKey, options: ObjectOptions<'_>) -> Result<ObjectWriter, ObjectError> {
        let written = Written::begin(&self.operator, key, options).await?;
        let place = self.folder.join(key.as_str());
        let folders = place.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.folder));
        let folders = folders.map(Path::to_owned).collect();
        Ok(ObjectWriter::new(LocalFile { written, folders }))
    }

    async fn get(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<ObjectBytes, ObjectError> {
        read(&self.operator, key, range).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectMeta>, ObjectError> {
        let meta = stat(&self.operator, key).await?;
        // A replaced file has another time, to the nanosecond.
        Ok(meta.map(|meta| {
            let time = meta.modified_at.map_or(0, Timestamp::as_nanosecond);
            ObjectMeta { etag: Some(format!("\"{time:x}-{:x}\"", meta.size)), ..meta }
        }))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        Ok(self.operator.delete(key.as_str()).await?)
    }

    async fn list(
        &self,
        prefix: &str,
    ) -> Result<BoxStream<'static, Result<ObjectKey, ObjectError>>, ObjectError> {
        keys(&self.operator, prefix).await
    }

    async fn signed_url(
        &self,
        _: &ObjectKey,
        _: Duration,
        _: Option<&str>,
    ) -> Result<Option<String>, ObjectError> {
        Ok(None)
    }

    async fn remove_unfinished(&self, before: Timestamp) -> Result<u64, ObjectError> {
        let folder = self.folder.join(UNFINISHED);
        let before = SystemTime::from(before);
        let sweep = move || remove_older(&folder, before).map_err(|error| told(&folder, &error));
        tokio::task::spawn_blocking(sweep)
            .await
            .map_err(|error| ObjectError::Other { detail: error.to_string() })?
    }
}

/// Removes the files of a folder, and of those in it, that nobody has written to since.
fn remove_older(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            // Its writer has finished meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if meta.is_dir() {
            removed += remove_older(&entry.path(), before)?;
        } else if meta.modified()? < before {
            match std::fs::remove_file(entry.path()) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(removed)
}

impl fmt::Debug for LocalObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalObjects").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fresh() -> (LocalObjects, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (LocalObjects::open(folder.path().join("objects")).unwrap(), folder)
    }

    crate::conformance_tests!([objects] fresh());

    #[tokio::test]
    async fn what_a_killed_process_left_is_removed_when_it_is_old() {
        let (store, folder) = fresh().await;
        let key = ObjectKey::new("a/b.png").unwrap();
        let options = ObjectOptions { content_type: "image/png", content_disposition: None };
        let mut writer = store.put(&key, options).await.unwrap();
        writer.write(Bytes::from_static(b"half")).await.unwrap();
        // As after a kill: nobody ends it.
        std::mem::forget(writer);
        let left = || walk(&folder.path().join("objects").join(UNFINISHED));
        assert_eq!(left(), 1);
        assert_eq!(store.remove_unfinished(Timestamp::now() - Duration::from_secs(3600)).await.unwrap(), 0);
        assert_eq!(left(), 1);
        assert_eq!(store.remove_unfinished(Timestamp::now() + Duration::from_secs(1)).await.unwrap(), 1);
        assert_eq!(left(), 0);
    }

    fn walk(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = LocalObjects::open(&file).unwrap_err();
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
}
