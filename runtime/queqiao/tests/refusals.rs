//! Every refusal is a problem document with its own code.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::TestApp;
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

#[model]
struct Note {
    #[check(length = 1..=20)]
    text: String,
    stars: Option<u8>,
}

#[model]
struct Filter {
    limit: Option<u32>,
    tags: Option<Vec<String>>,
    strict: Option<bool>,
}

/// Keeps a note.
#[post("/notes")]
async fn keep(Json(note): Json<Note>) -> Note {
    note
}

/// Finds notes.
#[get("/notes")]
async fn find(Query(filter): Query<Filter>) -> Filter {
    filter
}

/// One note.
#[get("/notes/{id}")]
async fn one(Path(id): Path<u32>) -> u32 {
    id
}

/// Panics.
#[get("/panic")]
async fn panics() -> u32 {
    panic!("out of cheese")
}

fn app() -> TestApp {
    TestApp::new(Api::<()>::new("notes", "1.0.0").routes(routes![keep, find, one, panics]))
}

async fn post(app: &TestApp, content_type: &str, body: impl Into<bytes::Bytes>) -> (u16, String) {
    let answer = app.post("/notes").header("content-type", content_type).body(body).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem = answer.problem();
    assert_eq!(problem["status"], answer.status.as_u16());
    assert_eq!(problem["request_id"], answer.headers["x-request-id"].to_str().unwrap());
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn each_bad_body_has_its_own_code() {
    let app = app();
    let json = "application/json";
    let cases: [(&str, Vec<u8>, u16, &str); 10] = [
        (json, br#"{"text":"#.to_vec(), 400, "body.malformed"),
        (json, b"".to_vec(), 400, "body.malformed"),
        (json, b"{\"text\":\"\xff\"}".to_vec(), 400, "body.encoding"),
        (json, vec![b'['; 100_000], 400, "body.too_deep"),
        (
            json,
            format!(r#"{{"text":"a","more":{}1{}}}"#, "[".repeat(500), "]".repeat(500)).into_bytes(),
            400,
            "body.too_deep",
        ),
        (json, vec![b' '; 10 * 1024 * 1024], 413, "body.too_large"),
        ("text/plain", br#"{"text":"a"}"#.to_vec(), 415, "body.media_type"),
        ("application/json; charset=gbk", br#"{"text":"a"}"#.to_vec(), 415, "body.media_type"),
        (json, br#"{"text":5}"#.to_vec(), 422, "validation"),
        (json, br#"{"text":""}"#.to_vec(), 422, "validation"),
    ];
    for (content_type, body, status, code) in cases {
        let start = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        assert_eq!(post(&app, content_type, body).await, (status, code.to_owned()), "{start}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_told_with_its_pointer() {
    let app = app();
    let problem = app.post("/notes").json(&json!({ "text": "a", "stars": 256 })).await.problem();
    assert_eq!(problem["errors"][0]["pointer"], "/stars");
    assert_eq!(problem["errors"][0]["code"], "type");
    let problem = app.get("/notes/abc").await.problem();
    assert_eq!(
        (&problem["errors"][0]["in"], &problem["errors"][0]["pointer"]),
        (&json!("path"), &json!("/id"))
    );
    let problem = app.get("/notes?limit=many").await.problem();
    assert_eq!(
        (&problem["errors"][0]["in"], &problem["errors"][0]["pointer"]),
        (&json!("query"), &json!("/limit"))
    );
    assert_eq!(app.get("/notes?limit=1&limit=2").await.code(), "validation");
    assert_eq!(app.get("/notes?limit=%ff").await.code(), "query.malformed");
    assert_eq!(app.get("/notes/%ff").await.code(), "path.malformed");
}

#[tokio::test]
async fn queries_are_decoded_as_the_types_ask() {
    let app = app();
    let found: Value = app.get("/notes?limit=&tags=a%20b&tags=%E4%B8%AD&strict=true&unknown=1").await.json();
    assert_eq!(found, json!({ "limit": null, "tags": ["a b", "中"], "strict": true }));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let app = app();
    assert_eq!(app.get("/nowhere").await.code(), "route.not_found");
    let wrong = app.delete("/notes").await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (405, "route.method_not_allowed"));
    assert_eq!(wrong.headers["allow"], "GET,HEAD,POST");
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let answer = app().get("/panic").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "internal"));
    assert!(!answer.text().contains("cheese"));
}

#[tokio::test]
async fn request_ids_are_kept_if_they_are_plain() {
    let app = app();
    assert_eq!(app.get("/notes").header("x-request-id", "abc-1").await.headers["x-request-id"], "abc-1");
    let made = app.get("/notes").header("x-request-id", "a b").await;
    assert_ne!(made.headers["x-request-id"], "a b");
}

#[tokio::test]
async fn cors_lets_a_browser_read_what_the_client_needs() {
    let answer = app().get("/notes").header("origin", "https://h5.example.com").await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap().to_owned();
    for name in ["x-queqiao-token", "x-request-id"] {
        assert!(exposed.contains(name), "{exposed}");
    }
}

#[tokio::test]
async fn a_preflight_lets_the_client_through_and_has_a_request_id() {
    let listed = app().configuration("[server]\ncors_origins = [\"https://h5.example.com\"]");
    let preflight = |origin: &'static str| {
        let request = listed.request(http::Method::OPTIONS, "/notes").header("origin", origin);
        request
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization,content-type,x-queqiao-client")
    };
    let answer = preflight("https://h5.example.com").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://h5.example.com");
    let headers = answer.headers["access-control-allow-headers"].to_str().unwrap().to_ascii_lowercase();
    assert!(headers.contains("authorization") && headers.contains("x-queqiao-client"), "{headers}");
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("PUT"));
    assert!(answer.headers.contains_key("x-request-id"));
    let stranger = preflight("https://evil.example.com").await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
    // A failure is readable in the browser too.
    let failed = listed.get("/panic").header("origin", "https://h5.example.com").await;
    assert_eq!(failed.headers["access-control-allow-origin"], "https://h5.example.com");
}

#[tokio::test]
async fn a_problem_is_compressed_for_who_asks() {
    let answer = app().get("/nowhere").header("accept-encoding", "gzip").await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["content-encoding"], "gzip");
    let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|name| name.to_str().unwrap()).collect();
    assert!(vary.join(",").to_ascii_lowercase().contains("accept-encoding"), "{vary:?}");
}

/// Raw.
#[post("/raw")]
async fn raw(body: queqiao::RawBody<bytes::Bytes>) -> u32 {
    u32::try_from(body.0.len()).unwrap()
}

#[tokio::test]
async fn the_configured_body_limit_is_the_one_that_counts() {
    let app = TestApp::new(Api::<()>::new("raw", "1.0.0").routes(routes![raw]))
        .configuration("[server]\nbody_limit = \"4MiB\"");
    let sent = app.post("/raw").body(vec![0; 3 * 1024 * 1024]).await;
    assert_eq!(sent.json::<u32>(), 3 * 1024 * 1024);
    let refused = app.post("/raw").body(vec![0; 5 * 1024 * 1024]).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (413, "body.too_large"));
}
