//! `/healthz`: the process answers. `/readyz`: it can work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use queqiao_storage::sqlx::{self, SqlitePool};
use serde_json::json;

use crate::problem::Problem;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the server takes work.
#[derive(Clone)]
pub(crate) struct Readiness {
    pool: SqlitePool,
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool, stopping: Arc::new(AtomicBool::new(false)) }
    }

    /// From now on `/readyz` says no, so that a load balancer sends nothing more.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

pub(super) fn routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/readyz", get(ready).with_state(readiness))
}

async fn ready(State(readiness): State<Readiness>, request: Request) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let not_ready = |detail: &'static str| {
        Problem::new(503, "not_ready", "The server is not ready.").with_detail(detail).respond(id)
    };
    if readiness.stopping.load(Ordering::Relaxed) {
        return not_ready("It is shutting down.");
    }
    let asked = tokio::time::timeout(PATIENCE, sqlx::query("SELECT 1").execute(&readiness.pool));
    match asked.await {
        Ok(Ok(_)) => Json(json!({ "status": "ready" })).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            not_ready("The database does not answer.")
        }
        Err(_) => not_ready("The database is slow."),
    }
}
