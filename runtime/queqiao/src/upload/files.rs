//! The files of an application: objects and their records together.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{
    Clock, Confirmed, Leased, Leases, ObjectError, ObjectKey, ObjectStore, StoreError, Upload as Begun,
    UploadRecord, Uploads,
};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use super::link::Links;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming};
use crate::model;
use crate::problem::{Internal, Problem};

/// Where the framework serves files itself.
pub(crate) const ROUTE: &str = "/objects/";
/// Keys of files that anyone may see begin with it; with the other, the rest.
pub(super) const PUBLIC: &str = "public/";
pub(super) const PRIVATE: &str = "private/";
/// How often abandoned uploads are removed.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// How uploads are received and files are served.
#[derive(Clone, Debug)]
pub(crate) struct FileSettings {
    /// What the URLs of files begin with, without a slash at the end.
    pub(crate) server_url: String,
    /// What those of public files begin with, if another serves them.
    pub(crate) public_url: Option<String>,
    /// One upload, from its first byte to its last.
    pub(crate) time: Duration,
    /// Without a byte.
    pub(crate) idle: Duration,
    /// Uploads at once.
    pub(crate) at_once: usize,
    /// Pictures that are drawn anew at once.
    pub(crate) redrawn_at_once: usize,
}

/// The files that users uploaded: their URLs, and their end. From [`Boot::files`](crate::Boot::files), or as an
/// argument of a handler.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::ObjectKey;
/// use queqiao::upload::{FileUrl, Files};
///
/// /// Where the caller's photo can be seen.
/// #[get("/photos/{key}/url")]
/// async fn photo_url(_owner: User, Path(key): Path<String>, files: Files) -> Result<FileUrl, Internal> {
///     // A real handler finds the key in the row of the photo, and sees whose it is.
///     let key: ObjectKey = key.parse()?;
///     Ok(files.url(&key).await?)
/// }
/// ```
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    objects: Arc<dyn ObjectStore>,
    records: Arc<dyn Uploads>,
    clock: Clock,
    links: Links,
    settings: FileSettings,
    receiving: Semaphore,
    redrawing: Semaphore,
}

/// Where a file can be read.
#[model]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUrl {
    /// The address, whole, for `<image src>` or `wx.downloadFile`.
    pub url: String,
    /// Until when it works; absent if for good.
    pub expires_at: Option<Timestamp>,
}

/// A file that counts: its bytes are in the store, and nobody sweeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub(super) key: ObjectKey,
    pub(super) size: u64,
    pub(super) media_type: String,
    pub(super) dimensions: Option<(u32, u32)>,
}

impl StoredFile {
    /// Its name in the object store, for a column of your own: `parse()` of the text gives it back.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its media type, for example `image/jpeg`.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Width and height in pixels, of a picture.
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        self.dimensions
    }
}

impl Files {
    pub(crate) fn new(
        objects: Arc<dyn ObjectStore>,
        records: Arc<dyn Uploads>,
        clock: Clock,
        links: Links,
        settings: FileSettings,
    ) -> Self {
        let (receiving, redrawing) =
            (Semaphore::new(settings.at_once), Semaphore::new(settings.redrawn_at_once));
        Self(Arc::new(Inner { objects, records, clock, links, settings, receiving, redrawing }))
    }

    /// Where the bytes are.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.0.objects
    }

    pub(super) fn records(&self) -> &Arc<dyn Uploads> {
        &self.0.records
    }

    pub(super) fn settings(&self) -> &FileSettings {
        &self.0.settings
    }

    pub(super) fn links(&self) -> &Links {
        &self.0.links
    }

    pub(super) fn receiving(&self) -> &Semaphore {
        &self.0.receiving
    }

    pub(super) fn redrawing(&self) -> &Semaphore {
        &self.0.redrawing
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The URL of a file: of a public one for good, of a private one with an end.
    ///
    /// It does not look whether the file is there: one call of the database for each picture of a list would be
    /// one too many.
    ///
    /// # Errors
    /// A bucket whose settings allow no signature.
    pub async fn url(&self, key: &ObjectKey) -> Result<FileUrl, ObjectError> {
        let settings = &self.0.settings;
        let own = |query: &str| format!("{}{ROUTE}{key}{query}", settings.server_url);
        if key.as_str().starts_with(PUBLIC) {
            let url = settings.public_url.as_ref().map_or_else(|| own(""), |base| format!("{base}/{key}"));
            return Ok(FileUrl { url, expires_at: None });
        }
        let lifetime = self.0.links.lifetime();
        if let Some(url) = self.0.objects.signed_url(key, lifetime.unsigned_abs(), None).await? {
            return Ok(FileUrl { url, expires_at: Timestamp::now().checked_add(lifetime).ok() });
        }
        let signed = self.0.links.sign(key, self.now());
        let signed = signed.ok_or_else(|| ObjectError::Settings { detail: "no key signs URLs".into() })?;
        Ok(FileUrl { url: own(&format!("?{}", signed.query())), expires_at: Some(signed.until) })
    }

    /// Removes a file: from now on nobody sees it, and its bytes go at once, or, where the store does not answer,
    /// with the next sweeping. Whether it was there.
    ///
    /// # Errors
    /// As the database fails.
    pub async fn remove(&self, key: &ObjectKey) -> Result<bool, StoreError> {
        let there = self.0.records.remove_upload(key.as_str(), self.now()).await?;
        if there {
            self.delete(key).await?;
        }
        Ok(there)
    }

    /// Deletes the bytes of a file that counts no more, and then forgets it.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match self.0.objects.delete(key).await {
            Ok(()) => self.0.records.forget_upload(key.as_str()).await,
            Err(error) => {
                tracing::warn!(%key, %error, "a file could not be deleted; the next sweeping tries again");
                Ok(())
            }
        }
    }

    /// Notes that a file begins.
    pub(super) async fn begin(&self, begun: Begun) -> Result<Pending, StoreError> {
        let key = ObjectKey::new(begun.key.clone()).map_err(|error| StoreError::Limit(error.to_string()))?;
        let now = self.now();
        // The handler has its time after the last byte.
        let time =
            SignedDuration::try_from(self.0.settings.time * 2).unwrap_or(SignedDuration::from_hours(1));
        let until = now.checked_add(time).unwrap_or(Timestamp::MAX);
        let pending = Pending { files: self.clone(), key, state: State::Writing };
        self.0.records.begin_upload(&begun, until, now).await?;
        Ok(pending)
    }

    /// Sweeps when the server starts and every ten minutes, until it stops.
    pub(crate) async fn keep_sweeping(self, leases: Arc<dyn Leases>, mut stopped: oneshot::Receiver<()>) {
        loop {
            match self.sweep(&*leases).await {
                Ok(0) => {}
                Ok(gone) => tracing::info!(gone, "abandoned uploads were removed"),
                Err(error) => {
                    tracing::warn!(%error, "abandoned uploads were not removed; they are tried again")
                }
            }
            if tokio::time::timeout(EVERY, &mut stopped).await.is_ok() {
                return;
            }
        }
    }

    /// Deletes what was abandoned or removed, and the leftovers of a killed process. One instance does it at a
    /// time. Returns how many files went.
    ///
    /// # Errors
    /// As the database fails. An object store that does not answer is tried again with the next sweeping.
    pub(crate) async fn sweep(&self, leases: &dyn Leases) -> Result<u64, StoreError> {
        const SWEEPERS: &str = "queqiao files";
        const BATCH: u32 = 100;
        let until = |now: Timestamp| now.checked_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
        let now = self.now();
        let Leased::Yours(mut grant) = leases.acquire(SWEEPERS, until(now), now).await? else {
            return Ok(0);
        };
        let mut gone = 0;
        loop {
            let taken = self.0.records.take_abandoned(BATCH, self.now()).await?;
            let more = taken.len() == BATCH as usize;
            for UploadRecord { upload, .. } in taken {
                if let Ok(key) = ObjectKey::new(upload.key) {
                    self.delete(&key).await?;
                    gone += 1;
                }
            }
            let now = self.now();
            match leases.renew(&grant, until(now), now).await? {
                Some(renewed) if more => grant = renewed,
                _ => break,
            }
        }
        let old = SignedDuration::try_from(self.0.settings.time * 2).unwrap_or(SignedDuration::from_hours(1));
        // Files of the disk have its times.
        if let Ok(before) = Timestamp::now().checked_sub(old)
            && let Err(error) = self.0.objects.remove_unfinished(before).await
        {
            tracing::warn!(%error, "unfinished files could not be removed; the next sweeping tries again");
        }
        leases.release(&grant).await?;
        Ok(gone)
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("objects", &self.0.objects).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> Extract<S> for Files {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        of(context)
    }
}

/// The files of a context.
pub(super) fn of<S>(context: &Context<S>) -> Result<Files, Problem> {
    context.services.files.clone().ok_or_else(|| {
        Problem::internal(Internal::message(
            "files need the server of `queqiao::serve`, and this router is mounted elsewhere",
        ))
    })
}

/// A file that does not count yet: removed when it is dropped.
#[derive(Debug)]
pub(super) struct Pending {
    files: Files,
    key: ObjectKey,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The store may still be busy with it.
    Writing,
    Written,
    /// It counts, or is gone.
    Decided,
}

impl Pending {
    pub(super) fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Its object is there.
    pub(super) fn written(&mut self) {
        self.state = State::Written;
    }

    /// Makes it count.
    pub(super) async fn keep(
        mut self,
        size: u64,
        media_type: &str,
        dimensions: Option<(u32, u32)>,
    ) -> Result<StoredFile, StoreError> {
        let (records, now) = (&self.files.0.records, self.files.now());
        match records.confirm_upload(self.key.as_str(), size, media_type, now).await? {
            Confirmed::Yes(_) => {
                self.state = State::Decided;
                Ok(StoredFile { key: self.key.clone(), size, media_type: media_type.to_owned(), dimensions })
            }
            Confirmed::TooLate | Confirmed::Unknown => Err(StoreError::Conflict {
                detail: format!(
                    "the upload of {} was given up: its handler took longer than uploads.timeout",
                    self.key
                ),
            }),
        }
    }

    /// Removes it, before the caller is told.
    pub(super) async fn discard(mut self) {
        self.state = State::Decided;
        discard(&self.files, &self.key).await;
    }
}

async fn discard(files: &Files, key: &ObjectKey) {
    // Where this fails, the record ends by itself and the sweepers come.
    if let Err(error) = files.remove(key).await {
        tracing::warn!(%key, %error, "a refused upload could not be removed; the next sweeping tries again");
    }
}

/// A bucket may still be about to finish what nobody waits for: the record stays until the sweepers were there.
async fn give_up(files: &Files, key: &ObjectKey) {
    let removed = files.0.records.remove_upload(key.as_str(), files.now()).await.map(|_| ());
    if let Err(error) = removed {
        tracing::warn!(%key, %error, "an upload that broke off is left to the sweepers");
    }
    if let Err(error) = files.0.objects.delete(key).await {
        tracing::warn!(%key, %error, "an upload that broke off is left to the sweepers");
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // A caller that is cancelled, or panics, cannot wait.
        let Ok(runtime) = Handle::try_current() else { return };
        let (files, key) = (self.files.clone(), self.key.clone());
        match self.state {
            State::Decided => {}
            State::Written => drop(runtime.spawn(async move { discard(&files, &key).await })),
            State::Writing => drop(runtime.spawn(async move { give_up(&files, &key).await })),
        }
    }
}
