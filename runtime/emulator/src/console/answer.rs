//! How the console reads requests and refuses them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::emulator::EmulatorError;

/// A refusal with its reason: `{"error": "…"}`.
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<EmulatorError> for Refused {
    fn from(error: EmulatorError) -> Self {
        let status = match error {
            EmulatorError::Clock(_) | EmulatorError::NoSession(_) | EmulatorError::NoPush(_) => {
                StatusCode::CONFLICT
            }
            EmulatorError::Push(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

/// An answer of the console.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// A body before it is read.
pub(super) type Sent = Result<Bytes, BytesRejection>;

/// Reads a JSON object, whatever the content type says; nothing is an empty object.
pub(super) fn read<T: DeserializeOwned>(body: Sent) -> Result<T, Refused> {
    let body = body.map_err(|rejection| Refused(rejection.status(), rejection.body_text()))?;
    let body: &[u8] = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &body };
    serde_json::from_slice(body).map_err(|error| {
        Refused(StatusCode::BAD_REQUEST, format!("the body is not the JSON object that is expected: {error}"))
    })
}
