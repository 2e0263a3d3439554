//! The emulator's own paths, for tests and people: a page, and the JSON that it and tests speak.

mod answer;
mod apps;
mod behaviour;
mod people;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use tower_http::cors::{Any, CorsLayer};

use crate::emulator::Emulator;

const LONGEST_BODY: usize = 256 * 1024;

pub(crate) fn router(emulator: Emulator) -> Router {
    // Pages of any origin may call: a browser test runs the mini-program on its own port.
    let cors =
        CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).allow_private_network(true);
    Router::new()
        .route("/emulator", get(page))
        .route("/emulator/login-codes", post(people::login_code))
        .route("/emulator/phone-codes", post(people::phone_code))
        .route("/emulator/encrypted-data", post(people::encrypted_data))
        .route("/emulator/user-keys", post(people::user_key))
        .route("/emulator/sessions", post(people::session))
        .route("/emulator/users", get(people::users).post(people::change_user))
        .route("/emulator/subscriptions", post(people::subscriptions))
        .route("/emulator/messages", get(people::messages).post(people::write))
        .route("/emulator/conversations", post(people::enter_conversation))
        .route("/emulator/payments", post(people::pay))
        .route("/emulator/visits", post(people::visit))
        .route("/emulator/pushes", get(apps::pushes).post(apps::push_event))
        .route("/emulator/apps", get(apps::apps))
        .route("/emulator/apps/{appid}", get(apps::app).post(apps::change_app))
        .route("/emulator/apps/{appid}/push", post(apps::set_push))
        .route("/emulator/apps/{appid}/push/verify", post(apps::verify_push))
        .route("/emulator/apps/{appid}/templates", post(apps::add_template))
        .route("/emulator/apps/{appid}/tokens", post(apps::end_tokens))
        .route("/emulator/apps/{appid}/quotas", get(apps::quotas))
        .route("/emulator/clock", get(behaviour::clock).post(behaviour::move_clock))
        .route("/emulator/settings", get(behaviour::settings).post(behaviour::change_settings))
        .route("/emulator/verdicts", post(behaviour::add_verdict))
        .route(
            "/emulator/faults",
            get(behaviour::faults).post(behaviour::inject).delete(behaviour::clear_faults),
        )
        .route("/emulator/calls", get(behaviour::calls))
        .route("/emulator/errcodes", get(behaviour::errcodes))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(cors)
        .with_state(emulator)
}

/// One file, so that nothing else is loaded.
const PAGE: &str = concat!(
    "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<title>Queqiao · WeChat emulator</title>\n<style>\n",
    include_str!("page.css"),
    "</style>\n</head>\n<body>\n",
    include_str!("page.html"),
    "<script>\n",
    include_str!("page.js"),
    "</script>\n</body>\n</html>\n",
);

async fn page() -> impl IntoResponse {
    // Everything is in the page; nothing else may load or run.
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                          connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(PAGE))
}
