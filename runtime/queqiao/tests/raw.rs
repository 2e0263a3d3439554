//! Axum extractors as arguments: what they refuse, the document has room for.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::axum::extract::FromRequestParts;
use queqiao::axum::http::StatusCode;
use queqiao::axum::http::request::Parts;
use queqiao::prelude::*;
use queqiao::{RawBody, TestApp};

/// Refuses with the status that the query is.
struct Refuses;

impl<S: Sync> FromRequestParts<S> for Refuses {
    type Rejection = (StatusCode, String);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let status = parts.uri.query().unwrap().parse().unwrap();
        Err((StatusCode::from_u16(status).unwrap(), "no, for a reason".to_owned()))
    }
}

/// Why nothing is there.
#[derive(Debug, ApiError)]
enum ThingError {
    /// No such thing.
    #[error(status = 404)]
    NotFound,
}

/// Refused before it begins.
#[get("/things")]
async fn things(_: Raw<Refuses>) -> Result<NoContent, ThingError> {
    Err(ThingError::NotFound)
}

/// Reads what it is given.
#[post("/bytes")]
async fn measure(body: RawBody<bytes::Bytes>) -> u32 {
    u32::try_from(body.0.len()).unwrap()
}

#[tokio::test]
async fn each_refusal_of_an_axum_extractor_stands_in_the_document() {
    let api = || Api::<()>::new("raw", "1.0.0").routes(routes![things, measure]);
    let document = api().build().unwrap().document().value().clone();
    let app = TestApp::new(api()).configuration("[server]\nbody_limit = \"1KiB\"");
    for (refusal, status, code) in [
        (400, 400, "raw.refused"),
        (404, 404, "raw.refused"),
        (413, 413, "raw.refused"),
        (418, 418, "raw.refused"),
        (302, 500, "internal"),
        (503, 500, "internal"),
    ] {
        let answer = app.get(format!("/things?{refusal}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{refusal}");
        assert_eq!(answer.text().contains("for a reason"), status < 500, "{}", answer.text());
        let responses = &document["paths"]["/things"]["get"]["responses"];
        // The exact status goes before the range.
        let response = responses.get(status.to_string()).unwrap_or(&responses["4XX"]);
        let mut schema = response["content"]["application/problem+json"]["schema"].clone();
        schema["components"] = document["components"].clone();
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&answer.problem()), "{}", answer.text());
    }
    let large = app.post("/bytes").body(vec![0; 2000]).await;
    assert_eq!((large.status.as_u16(), large.code().as_str()), (413, "body.too_large"));
}
