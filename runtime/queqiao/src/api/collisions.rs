//! Two handlers in one place, told as a sentence.

use axum::Router;
use axum::routing::MethodFilter;

use crate::endpoint::Method;

/// Joins plain axum routers, and tries them beside the API's own routes: axum panics over two handlers in one place,
/// and an operator shall read a sentence instead.
pub(super) fn merge_axum(paths: Vec<(Method, String)>, routers: Vec<Router>) -> Result<Router, String> {
    let own = move || {
        paths.into_iter().fold(Router::new(), |router, (method, path)| {
            let filter = match method {
                Method::Get => MethodFilter::GET,
                Method::Post => MethodFilter::POST,
                Method::Put => MethodFilter::PUT,
                Method::Delete => MethodFilter::DELETE,
            };
            router.route(&path, axum::routing::on(filter, nothing))
        })
    };
    let own =
        quietly(own).map_err(|panic| format!("two routes cannot stand side by side: {panic}; rename one"))?;
    if routers.is_empty() {
        return Ok(Router::new());
    }
    let remedy = "change the path of one, or give all fallbacks to one router";
    let joined = quietly(move || routers.into_iter().fold(Router::new(), Router::merge))
        .map_err(|panic| format!("two axum routers that are merged in collide: {panic}; {remedy}"))?;
    let both = joined.clone();
    quietly(move || own.merge(both)).map(drop).map_err(|panic| {
        format!("an axum router that is merged in collides with a handler: {panic}; {remedy}")
    })?;
    Ok(joined)
}

/// Runs what may panic, and gives the panic's message.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message").to_owned()
    })
}

/// Stands for a handler where only places are compared.
pub(super) async fn nothing() {}
