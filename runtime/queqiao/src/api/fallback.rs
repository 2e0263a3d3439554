//! What is no operation: unknown paths and wrong methods, as problem documents.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;

use crate::context::Services;
use crate::problem::{self, ErrorCase, Problem};

/// Answers for what no route takes. An old client that calls what is gone hears that it is old.
pub(crate) fn with_problems(router: Router, services: Services) -> Router {
    let answer = move |case: &'static ErrorCase| {
        let services = services.clone();
        move |request: Request| {
            let problem = services.admit(None, request.headers()).err();
            let response = refuse(&request, problem.unwrap_or_else(|| Problem::from_case(case)));
            std::future::ready(response)
        }
    };
    let unknown_route = answer(&problem::ROUTE_NOT_FOUND);
    // axum adds the `Allow` header.
    router.fallback(unknown_route).method_not_allowed_fallback(answer(&problem::METHOD_NOT_ALLOWED))
}

fn refuse(request: &Request, problem: Problem) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    problem.respond(id)
}

/// Stands at a path to see whether another handler is there.
pub(super) async fn unknown_route(request: Request) -> Response {
    refuse(&request, Problem::from_case(&problem::ROUTE_NOT_FOUND))
}
