//! `/healthz`: the process answers. `/readyz`: it can work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::HeaderMap;
use serde_json::json;

use super::stores::Probes;
use crate::problem::{self, Audience, Language, Problem, Text};

/// How long the stores may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the server takes work.
#[derive(Clone)]
pub(crate) struct Readiness {
    stores: Probes,
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    pub(super) fn new(stores: Probes) -> Self {
        Self { stores, stopping: Arc::new(AtomicBool::new(false)) }
    }

    /// From now on `/readyz` says no, so that a load balancer sends nothing more.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

pub(super) fn routes(readiness: Readiness, language: Language) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/readyz", get(ready).with_state((readiness, language)))
}

async fn ready(State((readiness, language)): State<(Readiness, Language)>, headers: HeaderMap) -> Response {
    let not_ready = |zh: &'static str, en: &'static str| {
        let problem = Problem::from_case(&problem::NOT_READY).with_detail(Text::both(zh, en));
        problem.respond(Audience::of(&headers, language))
    };
    if readiness.stopping.load(Ordering::Relaxed) {
        return not_ready("服务器正在关闭。", "It is shutting down.");
    }
    let asked = tokio::time::timeout(PATIENCE, readiness.stores.ask());
    match asked.await {
        Ok(Ok(())) => Json(json!({ "status": "ready" })).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a store does not answer");
            not_ready("数据库没有响应。", "The database does not answer.")
        }
        Err(_) => not_ready("数据库响应过慢。", "The database is slow."),
    }
}
