//! What every request passes first: its id, the log line, the time limit, and a net under panics.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::header::ACCEPT_LANGUAGE;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::problem::{self, Audience, Internal, Language, Problem, Text};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Ids of callers are kept if they are this short and made of plain characters.
const LONGEST_ID: usize = 64;

/// Outermost: every request has an id, and every response tells it, those to a browser's preflight too.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let id = HeaderValue::try_from(request_id(&request)).ok();
    if let Some(id) = &id {
        request.headers_mut().insert(REQUEST_ID, id.clone());
    }
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Paths that a load balancer asks every few seconds.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the edge goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// For one request.
    pub(super) time: Duration,
    /// For callers who wish none.
    pub(super) language: Language,
}

/// The log line, the time limit, and the net.
pub(super) async fn edge(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let wishes = request.headers().get(ACCEPT_LANGUAGE).cloned();
    let respond = |problem: Problem| problem.respond(Audience::kept(&id, wishes.as_ref(), edge.language));
    let started = Instant::now();
    let method = request.method().clone();
    // Never the query: it may carry what is nobody's business.
    let path = request.uri().path().to_owned();

    let deadline = Deadline::new(edge.time);
    request.extensions_mut().insert(deadline.clone());
    let guarded = AssertUnwindSafe(deadline.keep(next.run(request))).catch_unwind();
    let response = match guarded.await {
        Ok(Some(response)) => response,
        Ok(None) => {
            let seconds = edge.time.as_secs_f32();
            respond(Problem::from_case(&problem::TIMED_OUT).with_detail(Text::both(
                format!("服务器在 {seconds} 秒后停止处理。"),
                format!("The server stops after {seconds} s."),
            )))
        }
        Err(panic) => {
            respond(Problem::internal(Internal::message(format!("a handler panicked: {}", message(&*panic)))))
        }
    };
    let status = response.status().as_u16();
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    if status < 400 && PROBES.contains(&path.as_str()) {
        tracing::debug!(%method, path, status, ms, request_id = id, "answered");
    } else if status >= 500 {
        tracing::warn!(%method, path, status, ms, request_id = id, "answered");
    } else {
        tracing::info!(%method, path, status, ms, request_id = id, "answered");
    }
    response
}

/// When the server gives up on a request. An argument that takes longer by its nature moves it.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    time: Duration,
    end: Arc<Mutex<Instant>>,
}

impl Deadline {
    fn new(time: Duration) -> Self {
        Self { time, end: Arc::new(Mutex::new(Instant::now() + time)) }
    }

    /// Allows this much more, from now on.
    pub(crate) fn allow(&self, more: Duration) {
        self.set(Instant::now() + more + self.time);
    }

    /// What comes now has the time that every request has.
    pub(crate) fn start_again(&self) {
        self.set(Instant::now() + self.time);
    }

    fn set(&self, end: Instant) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    fn end(&self) -> Instant {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the end, wherever it has moved meanwhile.
    async fn keep<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let end = self.end();
            match tokio::time::timeout_at(end.into(), &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if self.end() > end => {}
                Err(_) => return None,
            }
        }
    }
}

fn request_id(request: &Request) -> String {
    let plain = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain) {
        Some(id) => id.to_owned(),
        None => Uuid::now_v7().to_string(),
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
