//! Uploads past the server: begun, in the bucket that the server itself is, told of.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::time::Duration;

use futures_util::TryStreamExt;
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::upload::{Direct, Max, Pdf, Upload};
use queqiao::{StoreError, TestApp, TestResponse, TestUser};

/// A paper.
#[model]
struct Paper {
    /// Its key in the object store.
    key: String,
    /// Its title.
    title: String,
    /// Bytes.
    size: u32,
}

/// What is said of a paper.
#[model]
#[derive(Clone)]
struct About {
    /// Its title.
    #[check(length = 1..=20)]
    title: String,
}

#[derive(Debug, ApiError)]
enum PaperError {
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// May add laws.
struct Admin;

impl RoleName for Admin {
    const NAME: &'static str = "admin";
}

/// Add a paper.
#[post("/papers")]
async fn add_paper(
    _user: User,
    Direct(paper): Direct<Upload<Pdf, Max<1>, About>>,
) -> Result<Created<Paper>, PaperError> {
    let title = paper.fields.title.clone();
    let file = paper.keep().await?;
    Ok(Created(Paper { key: file.key().to_string(), title, size: u32::try_from(file.size()).unwrap_or(0) }))
}

/// Add a law.
#[post("/laws")]
async fn add_law(
    _admin: Role<Admin>,
    Direct(law): Direct<Upload<Pdf, Max<1>>>,
) -> Result<String, PaperError> {
    Ok(law.keep().await?.key().to_string())
}

/// Add a report, once.
#[post("/reports", idempotent)]
async fn add_report(
    _user: User,
    Direct(report): Direct<Upload<Pdf, Max<1>>>,
) -> Result<Created<String>, PaperError> {
    Ok(Created(report.keep().await?.key().to_string()))
}

/// Add a note, through the server alone.
#[post("/notes")]
async fn add_note(_user: User, note: Upload<Pdf, Max<1>>) -> Result<String, PaperError> {
    Ok(note.keep().await?.key().to_string())
}

fn api() -> Api<()> {
    Api::new("papers", "1.0.0").routes(routes![add_paper, add_law, add_report, add_note])
}

const PDF: &[u8] = b"%PDF-1.7\nA paper.\n%%EOF\n";

async fn begin(user: &TestUser, operation: &str, extension: &str, size: usize) -> TestResponse {
    let body = json!({ "operation": operation, "extension": extension, "size": size });
    user.post("/uploads").json(&body).await
}

/// A form with texts and a file, as `wx.uploadFile` sends it.
fn multipart(fields: &[(String, String)], file_field: &str, file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--BOUNDARY\r\nContent-Disposition: form-data; name=\"{file_field}\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--BOUNDARY--\r\n");
    body
}

const MEDIA: (&str, &str) = ("content-type", "multipart/form-data; boundary=BOUNDARY");

fn fields(form: &Value) -> Vec<(String, String)> {
    let fields = form["fields"].as_object().unwrap();
    fields.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// Sends a form to its bucket, with these fields changed.
async fn send(app: &TestApp, form: &Value, changes: &[(&str, &str)], file: &[u8]) -> TestResponse {
    let mut fields = fields(form);
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = (*value).to_owned(),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let body = multipart(&fields, form["file"].as_str().unwrap(), file);
    app.post(form["url"].as_str().unwrap()).header(MEDIA.0, MEDIA.1).body(body).await
}

async fn tell(user: &TestUser, form: &Value, key: &str) -> TestResponse {
    let body = json!({ "upload": form["upload"], "title": "On bridges" });
    user.post("/papers").header("idempotency-key", key).json(&body).await
}

/// A paper in the bucket, not yet told of.
async fn sent(app: &TestApp, user: &TestUser, file: &[u8]) -> Value {
    let form: Value = begin(user, "addPaper", "pdf", file.len()).await.json();
    let answer = send(app, &form, &[], file).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    form
}

async fn objects(app: &TestApp, prefix: &str) -> Vec<String> {
    let objects = app.boot().await.objects().clone();
    let keys: Vec<_> = objects.list(prefix).await.unwrap().try_collect().await.unwrap();
    let mut keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    keys.sort();
    keys
}

const KEY: &str = "0123456789abcdef";

#[tokio::test]
async fn a_file_goes_to_the_bucket_and_the_operation_takes_it_from_there() {
    let app = TestApp::new(api());
    let alice = app.user("alice");
    let form = sent(&app, &alice, PDF).await;
    let paper: Value = tell(&alice, &form, KEY).await.json();
    assert_eq!((&paper["title"], &paper["size"]), (&json!("On bridges"), &json!(PDF.len())));
    let key = paper["key"].as_str().unwrap();
    assert!(key.starts_with("private/addPaper/") && key.ends_with(".pdf"), "{key}");
    let url = app.boot().await.files().url(&key.parse().unwrap()).await.unwrap().url;
    let path = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
    assert_eq!(app.get(format!("/{path}")).await.body, PDF);

    // What lay in between is swept when its form is worth nothing any more; what counts stays.
    assert_eq!(objects(&app, "incoming/").await.len(), 1);
    app.advance(Duration::from_secs(29 * 60));
    assert_eq!(app.sweep_files().await, 0);
    app.advance(Duration::from_secs(2 * 60));
    assert_eq!(app.sweep_files().await, 1);
    assert_eq!(
        (objects(&app, "incoming/").await, objects(&app, "private/").await),
        (vec![], vec![key.to_owned()])
    );
    assert_eq!(tell(&alice, &form, "another-key-of-16").await.code(), "upload.unknown");
}

#[tokio::test]
async fn what_will_not_be_taken_is_refused_before_it_is_sent() {
    let app = TestApp::new(api());
    let alice = app.user("alice");
    let megabyte = 1024 * 1024;
    assert_eq!(begin(&alice, "addPaper", "PDF", megabyte).await.status, 201);
    for (operation, extension, size, status, code) in [
        ("addPaper", "pdf", megabyte + 1, 413, "upload.too_large"),
        ("addPaper", "png", 5, 415, "upload.kind"),
        ("addPaper", "pdf.exe", 5, 415, "upload.kind"),
        ("addPaper", "pdf", 0, 422, "validation"),
        ("addNote", "pdf", 5, 404, "upload.operation"),
        ("nothing", "pdf", 5, 404, "upload.operation"),
        ("addLaw", "pdf", 5, 403, "auth.forbidden"),
    ] {
        let answer = begin(&alice, operation, extension, size).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{operation} {extension} {size}"
        );
    }
    let admin = app.user("root").role("admin");
    assert_eq!(begin(&admin, "addLaw", "pdf", 5).await.status, 201);
    let nobody = app.post("/uploads").json(&json!({ "operation": "addPaper" })).await;
    assert_eq!(nobody.code(), "auth.required");
}

#[tokio::test]
async fn the_bucket_takes_nothing_but_what_the_form_says() {
    let app = TestApp::new(api());
    let alice = app.user("alice");
    let form: Value = begin(&alice, "addPaper", "pdf", PDF.len()).await.json();
    let large = vec![b'a'; 1024 * 1024 + 1];
    for (what, changes, file, status, code) in [
        ("too large", &[][..], &large[..], 400, "EntityTooLarge"),
        ("empty", &[], b"", 400, "EntityTooSmall"),
        ("another type", &[("Content-Type", "text/html")], PDF, 403, "AccessDenied"),
        ("another key", &[("key", "private/addPaper/mine.pdf")], PDF, 403, "AccessDenied"),
        ("another signature", &[("x-amz-signature", "00")], PDF, 403, "SignatureDoesNotMatch"),
        ("one field more", &[("acl", "public-read")], PDF, 403, "AccessDenied"),
    ] {
        let answer = send(&app, &form, changes, file).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.text().contains(&format!("<Code>{code}</Code>")), "{what}: {}", answer.text());
    }
    let mut torn = multipart(&fields(&form), "file", PDF);
    torn.truncate(torn.len() - 20);
    let answer = app.post("/uploads/bucket").header(MEDIA.0, MEDIA.1).body(torn).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let answer = app.post("/uploads/bucket").header(MEDIA.0, "text/plain").body("a").await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    app.advance(Duration::from_secs(15 * 60));
    assert!(send(&app, &form, &[], PDF).await.text().contains("expired"));
    for prefix in ["incoming/", "private/"] {
        assert_eq!(objects(&app, prefix).await, [""; 0]);
    }
}

#[tokio::test]
async fn only_its_owner_tells_of_an_upload_and_only_its_own_operation() {
    let app = TestApp::new(api());
    let (alice, admin) = (app.user("alice"), app.user("root").role("admin"));
    let form = sent(&app, &alice, PDF).await;
    assert_eq!(tell(&admin, &form, KEY).await.code(), "upload.unknown");
    let law: Value = begin(&admin, "addLaw", "pdf", 5).await.json();
    send(&app, &law, &[], PDF).await;
    assert_eq!(tell(&admin, &law, KEY).await.code(), "upload.unknown");
    let missing: Value = begin(&alice, "addPaper", "pdf", 5).await.json();
    let answer = tell(&alice, &missing, KEY).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "upload.missing"));
    // It may arrive yet.
    send(&app, &missing, &[], PDF).await;
    assert_eq!(tell(&alice, &missing, "fedcba9876543210").await.status, 201);
    for (body, pointer) in [
        (json!({ "title": "t" }), "/upload"),
        (json!({ "upload": "no id", "title": "t" }), "/upload"),
        (json!({ "upload": form["upload"] }), "/title"),
        (json!({ "upload": form["upload"], "title": "" }), "/title"),
        (json!({ "upload": form["upload"], "title": 5 }), "/title"),
    ] {
        let answer =
            alice.post("/papers").header("idempotency-key", "k".repeat(20).as_str()).json(&body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.problem()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_has_arrived_passes_every_check() {
    let app = TestApp::new(api());
    let alice = app.user("alice");
    for (n, file) in [&b"<html>no paper</html>"[..], b"\x89PNG\r\n\x1a\n", b"MZ"].into_iter().enumerate() {
        let form = sent(&app, &alice, file).await;
        let answer = tell(&alice, &form, &format!("{KEY}{n}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "upload.kind"));
    }
    assert_eq!(objects(&app, "private/").await, [""; 0]);
}

#[tokio::test]
async fn what_is_told_again_under_its_key_is_one_file() {
    let app = TestApp::new(api());
    let alice = app.user("alice");
    let form: Value = begin(&alice, "addReport", "pdf", PDF.len()).await.json();
    let tell = async |form: &Value| {
        let told = json!({ "upload": form["upload"] });
        alice.post("/reports").header("idempotency-key", KEY).json(&told).await
    };
    // What has not arrived is not told of either: the key is free.
    assert_eq!(tell(&form).await.code(), "upload.missing");
    assert_eq!(send(&app, &form, &[], PDF).await.status, 200);
    let answers = futures_util::future::join_all((0..8).map(|_| tell(&form))).await;
    let key = answers.iter().find(|answer| answer.status == 201).unwrap().json::<String>();
    for answer in answers {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.json::<String>(), key),
            _ => assert_eq!(answer.code(), "idempotency.running"),
        }
    }
    let again = tell(&form).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.json::<String>(), key);
    let another: Value = begin(&alice, "addReport", "pdf", PDF.len()).await.json();
    assert_eq!(send(&app, &another, &[], PDF).await.status, 200);
    assert_eq!(tell(&another).await.code(), "idempotency.key_reused");
    // The copies of those that came to nothing go at once.
    for _ in 0..200 {
        if objects(&app, "private/").await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(objects(&app, "private/").await, [key]);
    // A form that comes to the operation itself counts by its bytes.
    let form = |file: &[u8]| {
        let body = multipart(&[], "file", file);
        let key = "fedcba9876543210";
        alice.post("/reports").header("idempotency-key", key).header(MEDIA.0, MEDIA.1).body(body)
    };
    let first = form(PDF).await.json::<String>();
    assert_eq!(form(PDF).await.json::<String>(), first);
    assert_eq!(form(b"%PDF-1.7\nAnother.\n%%EOF\n").await.code(), "idempotency.key_reused");
}

#[tokio::test]
async fn the_same_operation_takes_a_file_that_comes_to_it() {
    let app = TestApp::new(api());
    let body = multipart(&[("title".into(), "On bridges".into())], "file", PDF);
    let sent =
        app.user("alice").post("/papers").header("idempotency-key", KEY).header(MEDIA.0, MEDIA.1).body(body);
    assert_eq!(sent.await.json::<Value>()["size"], PDF.len());
}

#[test]
fn the_document_tells_of_both_ways() {
    let built = api().build().unwrap();
    let document = built.document().value();
    let body = &document["paths"]["/papers"]["post"]["requestBody"];
    assert_eq!(body["x-queqiao-direct"], json!({ "begin": "beginUpload", "upload": "upload" }));
    let told = &body["content"]["application/json"]["schema"];
    assert_eq!(told["required"], json!(["title", "upload"]));
    assert_eq!(told["properties"]["upload"]["format"], "uuid");
    assert!(told["properties"]["file"].is_null());
    assert!(body["content"]["multipart/form-data"]["schema"]["properties"]["file"].is_object());
    assert!(document["paths"]["/notes"]["post"]["requestBody"]["x-queqiao-direct"].is_null());
    assert_eq!(document["paths"]["/uploads"]["post"]["operationId"], "beginUpload");
    let plain = Api::<()>::new("notes", "1.0.0").routes(routes![add_note]).build().unwrap();
    assert!(plain.document().value()["paths"]["/uploads"].is_null());
}

/// Adds for anyone.
#[post("/anyone")]
async fn for_anyone(Direct(paper): Direct<Upload<Pdf, Max<1>>>) -> Result<String, PaperError> {
    Ok(paper.keep().await?.key().to_string())
}

/// A text of the name that is taken.
#[model]
#[derive(Clone)]
struct Taken {
    upload: String,
}

/// Has a text named upload.
#[post("/taken")]
async fn taken(_user: User, Direct(paper): Direct<Upload<Pdf, Max<1>, Taken>>) -> Result<String, PaperError> {
    let _ = &paper.fields.upload;
    Ok(paper.keep().await?.key().to_string())
}

#[test]
fn what_cannot_work_does_not_build() {
    let error = Api::<()>::new("a", "1").routes(routes![for_anyone, taken]).build().unwrap_err().to_string();
    for part in ["`Direct<_>` must know whose", "a text of the form is named `upload`"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
