//! Entity tags and their conditions through the public door.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::{EntityTag, PreconditionFailed, TestApp};

/// A note.
#[model]
#[derive(Clone, Debug, PartialEq)]
struct Note {
    text: String,
}

fn note(text: &str) -> Note {
    Note { text: text.to_owned() }
}

/// Shows a note by its version.
#[get("/versioned/{version}")]
async fn versioned(Path(version): Path<u32>) -> Tagged<Note> {
    Tagged::by_version(note("milk"), version)
}

/// Shows a note by its bytes.
#[get("/hashed/{text}")]
async fn hashed(Path(text): Path<String>) -> Tagged<Note> {
    Tagged::of(Note { text })
}

/// Shows a note whose bytes may change without its meaning.
#[get("/weak")]
async fn weak() -> Tagged<Note> {
    Tagged::new(note("milk"), EntityTag::of_version(1).weak())
}

/// Why a note was not changed.
#[derive(Debug, ApiError)]
enum NoteError {
    /// No such note.
    #[error(status = 404)]
    NotFound,
    #[error(transparent)]
    Stale(PreconditionFailed),
}

/// Changes a note.
#[put("/strict/{version}")]
async fn strict(
    Path(version): Path<u32>,
    condition: IfMatch,
    Json(new): Json<Note>,
) -> Result<Tagged<Note>, NoteError> {
    if version == 0 {
        return Err(NoteError::NotFound);
    }
    condition.check(&EntityTag::of_version(version))?;
    Ok(Tagged::by_version(new, version + 1))
}

/// Removes a note.
#[delete("/loose/{version}")]
async fn loose(Path(version): Path<u32>, condition: Option<IfMatch>) -> Result<NoContent, NoteError> {
    if let Some(condition) = condition {
        condition.check(&EntityTag::of_version(version))?;
    }
    Ok(NoContent)
}

fn api() -> Api {
    Api::new("notes", "1.0.0").routes(routes![versioned, hashed, weak, strict, loose])
}

#[tokio::test]
async fn who_has_the_version_gets_no_body() {
    let app = TestApp::new(api());
    let first = app.get("/versioned/7").await;
    assert_eq!((first.status.as_u16(), first.json::<Note>()), (200, note("milk")));
    assert_eq!(first.headers["etag"], "\"7\"");
    for (named, status) in [
        ("\"7\"", 304),
        ("W/\"7\"", 304),
        ("\"6\", \"7\"", 304),
        ("*", 304),
        ("\"6\"", 200),
        ("7", 200),
        ("", 200),
        ("\"7", 200),
    ] {
        let answer = app.get("/versioned/7").header("if-none-match", named).await;
        assert_eq!(answer.status, status, "{named}");
        assert_eq!(answer.headers["etag"], "\"7\"", "{named}");
        assert_eq!(answer.text().is_empty(), status == 304, "{named}");
        assert_eq!(answer.headers.contains_key("content-type"), status == 200, "{named}");
    }
    let tag = app.get("/hashed/milk").await.headers["etag"].to_str().unwrap().to_owned();
    let asked = async |path: &str| app.get(path).header("if-none-match", &tag).await.status;
    assert_eq!((asked("/hashed/milk").await.as_u16(), asked("/hashed/bread").await.as_u16()), (304, 200));
    assert_eq!(app.get("/weak").await.headers["etag"], "W/\"1\"");
    assert_eq!(app.get("/weak").header("if-none-match", "\"1\"").await.status, 304);
    // What fails has no version, and says so whatever the caller has.
    assert_eq!(app.get("/versioned/x").header("if-none-match", "*").await.status, 422);
}

#[tokio::test]
async fn a_change_of_another_version_is_refused() {
    let app = TestApp::new(api());
    let put = async |path: &str, named: Option<&str>| {
        let request = app.put(path).json(&json!({ "text": "bread" }));
        match named {
            Some(named) => request.header("if-match", named).await,
            None => request.await,
        }
    };
    let done = put("/strict/7", Some("\"6\", \"7\"")).await;
    assert_eq!(done.status, 200);
    assert_eq!(done.headers["etag"], "\"8\"");
    // `If-None-Match` is for GET: the change was made.
    let done = app
        .put("/strict/7")
        .header("if-match", "*")
        .header("if-none-match", "\"8\"")
        .json(&json!({ "text": "" }))
        .await;
    assert_eq!((done.status.as_u16(), done.text().as_str()), (200, "{\"text\":\"\"}"));
    for named in ["\"6\"", "W/\"7\"", "7", "", "\"7", "\"7\" \"7\""] {
        let refused = put("/strict/7", Some(named)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (412, "precondition.failed"),
            "{named}"
        );
        assert!(!refused.headers.contains_key("etag"));
    }
    let absent = put("/strict/7", None).await;
    assert_eq!((absent.status.as_u16(), absent.code().as_str()), (428, "precondition.required"));
    assert_eq!(put("/strict/0", Some("*")).await.code(), "note.not_found");
    assert_eq!(app.delete("/loose/7").await.status, 204);
    assert_eq!(app.delete("/loose/7").header("if-match", "\"7\"").await.status, 204);
    assert_eq!(app.delete("/loose/7").header("if-match", "\"8\"").await.code(), "precondition.failed");
}

#[test]
fn the_document_names_headers_and_statuses() {
    let built = api().build().unwrap();
    let paths = &built.document().value()["paths"];
    let get = &paths["/versioned/{version}"]["get"];
    let header = |operation: &Value, name: &str| {
        let all = operation["parameters"].as_array().unwrap();
        all.iter().find(|one| one["in"] == "header" && one["name"] == name).map(|one| one["required"].clone())
    };
    assert_eq!(header(get, "If-None-Match"), Some(json!(false)));
    assert_eq!(get["responses"]["304"].get("content"), None);
    for status in ["200", "304"] {
        assert_eq!(get["responses"][status]["headers"]["ETag"]["schema"]["type"], "string");
    }
    let put = &paths["/strict/{version}"]["put"];
    assert_eq!((header(put, "If-Match"), header(put, "If-None-Match")), (Some(json!(true)), None));
    assert_eq!(put["responses"]["200"]["headers"]["ETag"]["schema"]["type"], "string");
    assert!(put["responses"].get("304").is_none());
    let codes = |operation: &Value, status: &str| {
        operation["responses"][status]["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"].clone()
    };
    assert_eq!(codes(put, "412"), json!(["precondition.failed"]));
    assert_eq!(codes(put, "428"), json!(["precondition.required"]));
    let delete = &paths["/loose/{version}"]["delete"];
    assert_eq!((header(delete, "If-Match"), delete["responses"].get("428")), (Some(json!(false)), None));
    assert_eq!(codes(delete, "412"), json!(["precondition.failed"]));
}

/// Takes the wrong condition.
#[get("/wrong")]
async fn wrong(_condition: IfMatch) -> u32 {
    1
}

#[test]
fn a_condition_of_changes_on_a_read_is_told_when_the_api_is_built() {
    let told = Api::<()>::new("wrong", "1.0.0").routes(routes![wrong]).build().unwrap_err().to_string();
    assert!(told.contains("answer `Tagged<_>`, which heeds `If-None-Match`"), "{told}");
}

#[tokio::test]
async fn head_is_answered_as_get() {
    use tower::ServiceExt as _;
    let app = TestApp::new(api());
    let head = async |named: &str| {
        let request = queqiao::axum::http::Request::head("/versioned/7").header("if-none-match", named);
        let request = request.body(queqiao::axum::body::Body::empty()).unwrap();
        app.router().await.oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((head("\"7\"").await, head("\"6\"").await), (304, 200));
}
