//! Serving until told to stop, and stopping without losing what is running.

use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::error::Result;
use super::health::Readiness;

/// Serves until SIGTERM or Ctrl-C, then finishes running requests, for `patience` at most.
pub(super) async fn run(
    listener: TcpListener,
    router: Router,
    readiness: Readiness,
    patience: Duration,
) -> Result {
    let (told, mut stop) = watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // The sender lives as long as this function.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return Ok(ended?),
        () = asked_to_stop() => {}
    }
    tracing::info!("stopping: running requests are finished, new ones are refused");
    readiness.stop();
    let _ = told.send(true);
    match tokio::time::timeout(patience, server).await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            tracing::warn!(seconds = patience.as_secs(), "some requests did not finish in time and were cut");
            Ok(())
        }
    }
}

async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
