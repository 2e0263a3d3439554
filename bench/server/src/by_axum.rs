//! The API as one writes it with axum.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use uuid::Uuid;

use crate::tokens::Tokens;

#[derive(Serialize, Deserialize)]
struct Book {
    title: String,
    author: String,
    pages: u32,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Search {
    search: String,
    limit: u32,
    newest: bool,
}

#[derive(Serialize)]
struct Found {
    search: String,
    limit: u32,
    newest: bool,
}

#[derive(Serialize)]
struct Shelf {
    book: u32,
}

#[derive(Serialize)]
struct Me {
    id: Uuid,
}

async fn book(Path(book): Path<u32>) -> Json<Shelf> {
    Json(Shelf { book })
}

async fn search(Query(Search { search, limit, newest }): Query<Search>) -> Json<Found> {
    Json(Found { search, limit, newest })
}

async fn add(Json(book): Json<Book>) -> Json<Book> {
    Json(book)
}

async fn me(User(id): User) -> Json<Me> {
    Json(Me { id })
}

struct User(Uuid);

impl FromRequestParts<Arc<Tokens>> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, tokens: &Arc<Tokens>) -> Result<Self, StatusCode> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let user = header.and_then(|text| tokens.check(text.strip_prefix("Bearer ")?));
        user.map(|(id, _)| Self(id)).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// Without layers.
pub(crate) fn router(tokens: Tokens) -> Router {
    Router::new()
        .route("/books/{book}", get(book))
        .route("/books", get(search).post(add))
        .route("/me", get(me))
        .with_state(Arc::new(tokens))
}

/// With tower-http's layers for what a server needs besides: ids, log lines, time, size, panics.
pub(crate) fn with_layers(tokens: Tokens) -> Router {
    router(tokens)
        .layer(RequestBodyLimitLayer::new(1024 * 1024))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(30)))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}
