//! What cannot stand together is refused when the API is built, in a sentence, and never by a panic at start-up.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::axum::Router;
use queqiao::axum::routing::get as axum_get;
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::{Context, Services, TestApp};

/// One.
#[get("/things/{id}")]
async fn thing(Path(id): Path<u32>) -> u32 {
    id
}

/// One, with a name.
#[get("/things/{name}/parts/{part}")]
async fn part(Path((name, part)): Path<(String, u8)>) -> (String, u8) {
    (name, part)
}

/// Well?
#[get("/healthz")]
async fn healthy() -> bool {
    true
}

/// A page.
#[get("/docs/{page}")]
async fn page(Path(page): Path<String>) -> String {
    page
}

/// Another login.
#[post("/auth/login", operation_id = "logInElsewhere")]
async fn other_login() -> bool {
    true
}

fn api(routes: queqiao::Routes<()>) -> Api {
    Api::new("things", "1.0.0").routes(routes)
}

#[track_caller]
fn refused(api: Api, parts: &[&str]) {
    let error = api.build().expect_err("it cannot be built");
    assert_eq!(error.mistakes().len(), 1, "{error}");
    for part in parts {
        assert!(error.mistakes()[0].contains(part), "{part}: {error}");
    }
}

async fn does_not_start(api: Api) -> String {
    let app = TestApp::new(api);
    let failed = tokio::spawn(async move { app.get("/").await }).await.expect_err("it does not start");
    failed.into_panic().downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn an_axum_router_over_a_handler_is_a_sentence() {
    let router = || Router::new().route("/things/{id}", axum_get(|| async { "x" }));
    refused(
        api(routes![thing]).axum(router()),
        &["collides with a handler", "/things/{id}", "change the path"],
    );
    refused(api(routes![]).axum(router()).axum(router()), &["two axum routers", "/things/{id}"]);
    let fallback = || Router::new().fallback(|| async { "x" });
    refused(api(routes![]).axum(fallback()).axum(fallback()), &["fallback"]);
    let nested = Api::new("inner", "1").axum(router());
    refused(
        api(routes![]).nest("/in", nested).axum(Router::new().route("/in/things/{x}", axum_get(|| async {}))),
        &["axum routers"],
    );
}

#[tokio::test]
async fn the_servers_own_paths_are_not_for_handlers() {
    for (api, path) in [
        (api(routes![healthy]), "/healthz"),
        (api(routes![page]), "/docs/{page}"),
        (api(routes![]).axum(Router::new().route("/openapi.json", axum_get(|| async {}))), "/openapi.json"),
        (api(routes![]).axum(Router::new().route("/docs/{*rest}", axum_get(|| async {}))), "/docs/{*rest}"),
    ] {
        let told = does_not_start(api).await;
        assert!(told.contains(path) && told.contains("belongs to the server"), "{path}: {told}");
    }
    // In an application of the team's own those paths are free.
    assert!(api(routes![healthy, page]).into_router(Context::new((), Services::new())).is_ok());
    refused(api(routes![other_login]), &["two handlers answer POST /auth/login", "other_login"]);
}

#[test]
fn a_prefix_that_no_router_takes_is_refused() {
    for prefix in
        ["/shops/:id", "/*rest", "/{*rest}", "/{", "/a{b}", "/{}", "//x", "x", "/x/", "/", "", "/a b", "/a?b"]
    {
        refused(api(routes![]).nest(prefix, api(routes![thing])), &["prefix", "`/shops/{shop}`"]);
    }
}

#[tokio::test]
async fn parameters_of_other_names_may_stand_at_one_place() {
    let app = TestApp::new(api(routes![thing, part]));
    assert_eq!(app.get("/things/7").await.json::<u32>(), 7);
    assert_eq!(app.get("/things/bike/parts/9").await.json::<(String, u8)>(), ("bike".into(), 9));
    // A parameter of a tuple is named in the pointer.
    assert_eq!(app.get("/things/bike/parts/256").await.problem()["errors"][0]["pointer"], "/part");
}

#[tokio::test]
async fn mounted_under_a_prefix_with_a_parameter_each_handler_gets_its_own() {
    let mounted =
        api(routes![thing, part]).without_login().into_router(Context::new((), Services::new())).unwrap();
    let app = Router::new().nest("/tenants/{tenant}", mounted).route("/own", axum_get(|| async { "own" }));
    let whole = TestApp::new(Api::<()>::new("outer", "1.0.0").axum(app));
    assert_eq!(whole.get("/tenants/3/things/7").await.json::<u32>(), 7);
    assert_eq!(whole.get("/tenants/3/things/bike/parts/9").await.json::<(String, u8)>(), ("bike".into(), 9));
}

#[tokio::test]
async fn mounted_under_a_prefix_refusals_stay_problems() {
    use tower::ServiceExt;
    let mounted = api(routes![thing]).without_login().into_router(Context::new((), Services::new())).unwrap();
    let app: Router = Router::new().nest("/api", mounted).route("/own", axum_get(|| async { "own" }));
    for (method, path, status, code) in [
        ("GET", "/api/nowhere", 404, "route.not_found"),
        ("POST", "/api/things/1", 405, "route.method_not_allowed"),
        ("GET", "/api/things/x", 422, "validation"),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .body(queqiao::axum::body::Body::empty())
            .unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        let body = queqiao::axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert_eq!(queqiao::serde_json::from_slice::<Value>(&body).unwrap()["code"], code);
    }
}

#[tokio::test]
async fn wrong_methods_are_problems_on_every_path() {
    let layered = api(routes![thing]).layer(queqiao::axum::middleware::from_fn(
        |request: queqiao::axum::extract::Request, next: queqiao::axum::middleware::Next| next.run(request),
    ));
    let app = TestApp::new(layered.axum(Router::new().route("/plain", axum_get(|| async { "x" }))));
    for path in ["/healthz", "/readyz", "/openapi.json", "/things/1", "/plain", "/auth/login"] {
        let answer = app.delete(path).await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.code(), "route.method_not_allowed", "{path}");
        assert!(answer.headers.contains_key("allow"), "{path}");
    }
}

mod others {
    use queqiao::prelude::*;

    #[model(name = "Problem")]
    pub(super) struct Riddle {
        pub(super) text: String,
    }

    #[model]
    pub(super) struct V {
        pub(super) x: u8,
    }

    #[model]
    pub(super) struct V2 {
        pub(super) y: u8,
    }

    #[model]
    pub(super) struct Page<T> {
        pub(super) items: Vec<T>,
    }

    pub(super) mod again {
        use queqiao::prelude::*;

        #[model]
        pub(in super::super) struct V {
            pub(in super::super) z: u8,
        }
    }
}

/// A riddle.
#[get("/riddle")]
async fn riddle() -> others::Riddle {
    others::Riddle { text: String::new() }
}

/// First.
#[get("/v")]
async fn first() -> others::Page<others::V> {
    others::Page { items: vec![others::V { x: 1 }] }
}

/// Second.
#[get("/v2")]
async fn second() -> others::Page<others::V2> {
    others::Page { items: vec![others::V2 { y: 1 }] }
}

/// Third.
#[get("/v3")]
async fn third() -> others::again::V {
    others::again::V { z: 1 }
}

/// One name for all of its uses.
#[model(name = "Shelf")]
struct Shelf<T> {
    items: Vec<T>,
}

/// A shelf of one kind.
#[get("/shelves/first")]
async fn first_shelf() -> Shelf<others::V> {
    Shelf { items: Vec::new() }
}

/// A shelf of another kind.
#[get("/shelves/second")]
async fn second_shelf() -> Shelf<u8> {
    Shelf { items: Vec::new() }
}

/// A shelf of a kind with the name of the first.
#[get("/shelves/third")]
async fn third_shelf() -> Shelf<others::again::V> {
    Shelf { items: Vec::new() }
}

#[test]
fn generics_are_named_by_their_arguments() {
    let built = api(routes![first_shelf, second_shelf]).build().unwrap();
    let components = built.document().value()["components"]["schemas"].as_object().unwrap();
    assert!(components.contains_key("Shelf_V") && components.contains_key("Shelf_uint8"), "{components:#?}");
    let told =
        api(routes![first_shelf, third_shelf]).build().expect_err("two names for four types").to_string();
    for part in [
        "two types have the schema name `Shelf_V`: `assembly::Shelf<assembly::others::V>` and \
         `assembly::Shelf<assembly::others::again::V>`",
        "two types have the schema name `V`: `assembly::others::V` and `assembly::others::again::V`",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn names_of_schemas_are_kept_apart() {
    refused(api(routes![riddle]), &["Riddle`", "the schema name `Problem`", "#[model(name"]);
    let built = api(routes![first, second]).build().unwrap();
    let components = &built.document().value()["components"]["schemas"];
    assert_eq!(
        components["Page_V2"]["properties"]["items"]["items"],
        json!({ "$ref": "#/components/schemas/V2" })
    );
    refused(
        api(routes![first, third]),
        &["two types have the schema name `V`", "others::V`", "again::V`", "#[model(name"],
    );
}
