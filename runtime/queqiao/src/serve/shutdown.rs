//! Serving until told to stop, and stopping without losing what is running.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::error::Result;
use super::health::Readiness;

/// How long a connection may take to send the head of its next request. Load balancers keep idle connections
/// for a minute, and must be the ones to close them.
const HEAD: Duration = Duration::from_secs(75);
/// A pause after an accept that failed, for example because no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(250);

/// What the process was told by signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Nothing,
    /// Finish what is running.
    Stop,
    /// Told twice: end at once.
    Now,
}

/// SIGTERM and Ctrl-C from now on.
pub(super) struct Stop(watch::Receiver<Told>);

impl Stop {
    /// Listens until the process ends: a signal that comes while the server starts counts too.
    pub(super) fn listen() -> Self {
        let (told, stop) = watch::channel(Told::Nothing);
        tokio::spawn(async move {
            for word in [Told::Stop, Told::Now] {
                asked_to_stop().await;
                told.send_replace(word);
            }
            std::future::pending::<()>().await;
        });
        Self(stop)
    }

    /// Waits for a word, or a stronger one.
    pub(super) async fn told(&self, word: Told) {
        if self.0.clone().wait_for(|told| *told >= word).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Serves until SIGTERM or Ctrl-C, then finishes running requests and what goes on without a connection, for
/// `patience` at most.
pub(super) async fn run(
    listener: TcpListener,
    router: Router,
    readiness: Readiness,
    patience: Duration,
    stop: Stop,
    others: impl Future<Output = ()>,
) -> Result {
    let (stopping, _) = watch::channel(false);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    tokio::spawn(connection(stream, address, router.clone(), stopping.subscribe(), HEAD));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            () = stop.told(Told::Stop) => break,
        }
    }
    drop(listener);
    tracing::info!("stopping: running requests are finished, new ones are refused");
    readiness.stop();
    stopping.send_replace(true);
    tokio::select! {
        () = async { stopping.closed().await; others.await } => {}
        () = tokio::time::sleep(patience) => {
            tracing::warn!(seconds = patience.as_secs(), "some requests did not finish in time and were cut");
        }
        () = stop.told(Told::Now) => tracing::warn!("told to stop twice: running requests were cut"),
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    head: Duration,
) {
    // Answers are written whole; waiting for more only adds to their latency.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(head).enable_connect_protocol();
    let served =
        builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke off");
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn once(head: Duration) -> (TcpStream, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        let from = |ConnectInfo(address): ConnectInfo<SocketAddr>| async move { address.ip().to_string() };
        let router = Router::new().route("/", axum::routing::get(from));
        let (stopping, told) = watch::channel(false);
        tokio::spawn(connection(stream, address, router, told, head));
        (client, stopping)
    }

    #[tokio::test]
    async fn a_client_that_never_ends_its_headers_is_cut() {
        let (mut client, _stopping) = once(Duration::from_millis(100)).await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), client.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection is still open");
    }

    #[tokio::test]
    async fn the_peer_is_known_and_an_idle_connection_ends_with_the_server() {
        let (mut client, stopping) = once(HEAD).await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 512];
        let length = client.read(&mut answer).await.unwrap();
        assert!(answer[..length].ends_with(b"127.0.0.1"));
        stopping.send_replace(true);
        let closed = tokio::time::timeout(Duration::from_secs(10), stopping.closed()).await;
        assert!(closed.is_ok(), "the idle connection holds the server");
    }
}
