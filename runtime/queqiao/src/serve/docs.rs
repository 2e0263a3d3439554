//! `/openapi.json` and `/docs`, a page that needs no network.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::document::Document;

pub(super) fn routes(document: &Document) -> Router {
    let text = document.text();
    let page = SwaggerUi::new("/docs").config(
        Config::from("/openapi.json")
            .try_it_out_enabled(true)
            .persist_authorization(true)
            .display_request_duration(true),
    );
    Router::from(page).route(
        "/openapi.json",
        get(move || async move { ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], text) }),
    )
}
