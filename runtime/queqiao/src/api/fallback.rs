//! What is no operation: unknown paths and wrong methods, as problem documents.

use axum::Router;
use axum::extract::Request;

use crate::context::Services;
use crate::problem::{self, Audience, ErrorCase, Language, Problem};

/// Answers for what no route takes. An old client that calls what is gone hears that it is old.
pub(crate) fn with_problems(router: Router, services: Services, language: Language) -> Router {
    let refuse = move |case: ErrorCase| {
        let services = services.clone();
        move |request: Request| {
            let headers = request.headers();
            let problem = services.admit(None, headers).err().unwrap_or_else(|| Problem::from_case(&case));
            std::future::ready(problem.respond(Audience::of(headers, language)))
        }
    };
    let unknown_route = refuse(problem::ROUTE_NOT_FOUND);
    // axum adds the `Allow` header.
    router.fallback(unknown_route).method_not_allowed_fallback(refuse(problem::METHOD_NOT_ALLOWED))
}
