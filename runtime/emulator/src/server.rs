//! The emulator on a socket.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::emulator::{Emulator, EmulatorError};

/// How long running requests may take to end at shutdown.
const PATIENCE: Duration = Duration::from_secs(2);
/// A pause after an accept that failed, for example because no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// The address of a caller, among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) IpAddr);

/// Among a response's extensions: the connection is reset instead of this response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut;

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
        let failed = |error: io::Error| EmulatorError::Listen { address, reason: error.to_string() };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, emulator.router(), stopped));
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
        // The error says only that the task was aborted, which nobody does.
        let _ = (&mut self.task).await;
    }
}

/// A running emulator is an emulator: users, settings and calls directly.
impl Deref for Running {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

async fn serve(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let (stopping, _) = watch::channel(false);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    tokio::spawn(connection(stream, address.ip(), router.clone(), stopping.subscribe()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the WeChat emulator could not accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            // Dropping the sender stops as well.
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    stopping.send_replace(true);
    // Injected time-outs would last longer than anyone waits: connections are dropped after a while.
    let _ = tokio::time::timeout(PATIENCE, stopping.closed()).await;
}

async fn connection(stream: TcpStream, caller: IpAddr, router: Router, mut stopping: watch::Receiver<bool>) {
    // Answers are written whole; waiting for more only adds to their latency.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, reset: reset.clone() };
    let service = tower::service_fn(move |mut request: Request<_>| {
        let (router, reset) = (router.clone(), reset.clone());
        async move {
            request.extensions_mut().insert(Caller(caller));
            let answered: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
            let response = answered.unwrap_or_else(|never| match never {});
            if response.extensions().get::<Cut>().is_some() {
                reset.store(true, Ordering::SeqCst);
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            Ok(response)
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    let served = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => {
            served.as_mut().graceful_shutdown();
            tokio::time::timeout(PATIENCE, served).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection to the WeChat emulator ended early");
    }
}

/// A connection that can end in a reset (RST) instead of a farewell.
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            // Without it the connection just ends, which is nearly as good a fault.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
