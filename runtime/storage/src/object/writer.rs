//! Writing an object that is whole or not there.

use bytes::Bytes;
use tokio::runtime::Handle;

use super::ObjectError;

/// An object that is being written. Dropped before [`finish`](Self::finish), it leaves nothing.
#[must_use = "an object is there only when its writer has finished"]
pub struct ObjectWriter {
    /// There until it has ended.
    writing: Option<Box<dyn Writing>>,
}

/// How one store writes.
#[async_trait::async_trait]
pub trait Writing: Send {
    /// Takes the next bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError>;
    /// Makes the object be there, for good.
    async fn finish(&mut self) -> Result<(), ObjectError>;
    /// Removes what was written.
    async fn abort(&mut self) -> Result<(), ObjectError>;
}

impl ObjectWriter {
    /// The writer of a store.
    pub fn new(writing: impl Writing + 'static) -> Self {
        Self { writing: Some(Box::new(writing)) }
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    ///
    /// As the store fails; the object cannot be finished then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        match &mut self.writing {
            Some(writing) => writing.write(bytes).await,
            None => Err(ended()),
        }
    }

    /// Ends the object: it is there when this returns.
    ///
    /// # Errors
    ///
    /// As the store fails; then nothing is there, or, where a bucket's answer was lost, possibly all of it.
    pub async fn finish(mut self) -> Result<(), ObjectError> {
        let Some(writing) = &mut self.writing else { return Err(ended()) };
        writing.finish().await?;
        self.writing = None;
        Ok(())
    }

    /// Gives the object up and removes what was written.
    ///
    /// # Errors
    ///
    /// As the store fails; what is left is for [`remove_unfinished`](super::ObjectStore::remove_unfinished).
    pub async fn abort(mut self) -> Result<(), ObjectError> {
        match self.writing.take() {
            Some(mut writing) => writing.abort().await,
            None => Ok(()),
        }
    }
}

fn ended() -> ObjectError {
    ObjectError::Other { detail: "its writer has ended".into() }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        // A caller that is cancelled cannot wait.
        if let (Some(mut writing), Ok(runtime)) = (self.writing.take(), Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = writing.abort().await {
                    tracing::warn!(%error, "an object that was given up could not be removed at once");
                }
            });
        }
    }
}

impl std::fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectWriter")
    }
}
