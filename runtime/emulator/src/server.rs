//! The emulator on a socket.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::emulator::{Emulator, EmulatorError};

/// How long running requests may take to end at shutdown.
const PATIENCE: Duration = Duration::from_secs(2);

/// An emulator that listens. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    emulator: Emulator,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(emulator: Emulator, address: SocketAddr) -> Result<Self, EmulatorError> {
        let failed = |error: std::io::Error| EmulatorError::Listen { address, reason: error.to_string() };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let router = emulator.router();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                // Dropping the sender stops as well.
                let _ = stopped.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%error, "the WeChat emulator ended");
            }
        });
        tracing::info!(%address, "the WeChat emulator listens");
        Ok(Self { emulator, address, stop: Some(stop), task })
    }

    /// The address it listens on, with its port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for clients, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The emulator, to keep.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Stops listening, lets running requests end, and returns when the port is free.
    pub async fn shutdown(mut self) {
        self.stop.take();
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
            // The error says only that it was aborted.
            let _ = (&mut self.task).await;
        }
    }
}

/// A running emulator is an emulator: codes, settings and calls directly.
impl Deref for Running {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}
