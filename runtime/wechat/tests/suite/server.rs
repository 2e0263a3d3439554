//! Small servers in WeChat's place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use queqiao_wechat::{App, Settings, WeChat};

pub(crate) const SECRET: &str = "AppSecret-do-not-show";
pub(crate) const CODE: &str = "0a3-code-do-not-show";

/// A server that answers every request by one function, and counts them.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` gets the number of the call, from 1 on, and the request.
    pub(crate) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(usize, Request) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send,
    {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let router = Router::new().fallback(move |request: Request| {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            answer(n, request)
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, calls }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Patient enough for a machine that is busy with other tests.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            base_url: format!("http://{}", self.address),
            connect_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(60),
            back_off: Duration::from_millis(1),
            ..Settings::default()
        }
    }

    pub(crate) fn client(&self) -> WeChat {
        WeChat::new(self.settings()).unwrap()
    }

    /// For a server that lets its callers wait.
    pub(crate) fn impatient_client(&self) -> WeChat {
        WeChat::new(Settings { timeout: Duration::from_secs(1), ..self.settings() }).unwrap()
    }
}

pub(crate) fn app() -> App {
    App::new("wx0123456789abcdef", SECRET)
}

/// A 200 answer of WeChat's kind: JSON under another name.
pub(crate) fn text(body: impl Into<String>) -> Response {
    reply(200, "text/plain", body)
}

pub(crate) fn reply(status: u16, media_type: &str, body: impl Into<String>) -> Response {
    Response::builder().status(status).header("content-type", media_type).body(body.into().into()).unwrap()
}

/// Fails if anything secret can be read in an error, by people or by `{:?}`.
pub(crate) fn assert_silent(error: &(impl std::error::Error + 'static), secrets: &[&str]) {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    for secret in secrets.iter().chain(&[SECRET, CODE]) {
        assert!(!shown.contains(secret), "{secret} is shown in: {shown}");
    }
}
