//! The emulator's own paths, for tests and people.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_http::cors::{Any, CorsLayer};

use crate::calls::Report;
use crate::emulator::{Emulator, EmulatorError};
use crate::settings::{Change, Settings};

/// The user of a code for which none was named.
const SOMEONE: &str = "alice";

const LONGEST_BODY: usize = 16 * 1024;

pub(crate) fn router(emulator: Emulator) -> Router {
    // Pages of any origin may call: a browser test runs the mini-program on its own port.
    let cors =
        CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).allow_private_network(true);
    Router::new()
        .route("/emulator", get(page))
        .route("/emulator/login-codes", post(login_code))
        .route("/emulator/clock", get(clock).post(move_clock))
        .route("/emulator/settings", get(settings).post(change_settings))
        .route("/emulator/calls", get(calls))
        .route("/emulator/apps", get(apps))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(cors)
        .with_state(emulator)
}

/// A refusal with its reason: `{"error": "…"}`.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<EmulatorError> for Refused {
    fn from(error: EmulatorError) -> Self {
        let status = match error {
            EmulatorError::Clock(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

type Sent = Result<Bytes, BytesRejection>;

/// Reads a JSON object, whatever the content type says; nothing is an empty object.
fn read<T: DeserializeOwned>(body: Sent) -> Result<T, Refused> {
    let body = body.map_err(|rejection| Refused(rejection.status(), rejection.body_text()))?;
    let body: &[u8] = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &body };
    serde_json::from_slice(body).map_err(|error| {
        Refused(StatusCode::BAD_REQUEST, format!("the body is not the JSON object that is expected: {error}"))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhoseCode {
    appid: Option<String>,
    user: Option<String>,
}

async fn login_code(State(emulator): State<Emulator>, body: Sent) -> Result<Json<Value>, Refused> {
    let WhoseCode { appid, user } = read(body)?;
    let appid = appid.as_deref().or(emulator.appids().next()).unwrap_or_default();
    let code = emulator.login_code(appid, user.as_deref().unwrap_or(SOMEONE))?;
    Ok(Json(json!({ "code": code })))
}

async fn clock(State(emulator): State<Emulator>) -> Json<Value> {
    Json(json!({ "now": emulator.now(), "movable": emulator.clock().is_movable() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HowFar {
    advance: f64,
}

async fn move_clock(State(emulator): State<Emulator>, body: Sent) -> Result<Json<Value>, Refused> {
    let HowFar { advance } = read(body)?;
    let by = Duration::try_from_secs_f64(advance).map_err(|_| {
        let reason = "\"advance\" is a number of seconds, 0 or more: the clock moves forward only";
        Refused(StatusCode::BAD_REQUEST, reason.into())
    })?;
    Ok(Json(json!({ "now": emulator.advance(by)? })))
}

async fn settings(State(emulator): State<Emulator>) -> Json<Settings> {
    Json(emulator.settings())
}

async fn change_settings(State(emulator): State<Emulator>, body: Sent) -> Result<Json<Settings>, Refused> {
    let change: Change = read(body)?;
    Ok(Json(emulator.change_settings(|settings| change.apply(settings))?))
}

async fn calls(State(emulator): State<Emulator>) -> Json<Report> {
    Json(emulator.calls())
}

async fn apps(State(emulator): State<Emulator>) -> Json<Vec<String>> {
    Json(emulator.appids().map(str::to_owned).collect())
}

async fn page() -> impl IntoResponse {
    // Everything is in the page; nothing else may load or run.
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                          connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(include_str!("page.html")))
}
