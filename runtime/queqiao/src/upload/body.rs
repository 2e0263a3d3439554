//! The body of an upload on its way in.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

/// What a client that was refused may still send before it looks at the answer.
const LINGER: (Duration, usize) = (Duration::from_secs(10), 32 * 1024 * 1024);

/// The pieces of a body, one for each time that it is asked: a parser that takes whatever there is does not fill
/// the memory with it.
pub(super) struct Pieces {
    body: Option<BodyDataStream>,
    /// Where the rest goes when the parser is dropped.
    rest: Rest,
    paused: bool,
}

/// What is left of a body.
#[derive(Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<BodyDataStream>>>);

impl Pieces {
    pub(super) fn new(body: Body) -> (Self, Rest) {
        let rest = Rest::default();
        (Self { body: Some(body.into_data_stream()), rest: rest.clone(), paused: false }, rest)
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.paused) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let next = body.poll_next_unpin(context);
        match &next {
            Poll::Ready(Some(Ok(_))) => self.paused = true,
            Poll::Ready(_) => self.body = None,
            Poll::Pending => {}
        }
        next
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}

impl Rest {
    fn take(&self) -> Option<BodyDataStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads what comes behind the form, which should be nothing. Whether the body came to its end.
    pub(super) async fn ends(self) -> bool {
        let Some(mut body) = self.take() else { return true };
        let mut surplus = 0;
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) if surplus + piece.len() <= 64 * 1024 => surplus += piece.len(),
                _ => return false,
            }
        }
        true
    }

    /// Goes on reading for a while, so that a client that still sends gets to see its answer: a connection that is
    /// closed over unread bytes takes the answer with it.
    pub(super) fn linger(self) {
        let Some(mut body) = self.take() else { return };
        tokio::spawn(tokio::time::timeout(LINGER.0, async move {
            let mut read = 0;
            while let Some(Ok(piece)) = body.next().await {
                read += piece.len();
                if read > LINGER.1 {
                    break;
                }
            }
        }));
    }
}
