//! Files as the framework serves them: links, ranges, conditions.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod pictures;

use std::time::Duration;

use pictures::{content_type, file, form, png};
use queqiao::prelude::*;
use queqiao::upload::{FileUrl, Files, Image, Max, Public, Upload};
use queqiao::{ObjectError, StoreError, TestApp, TestResponse};

#[derive(ApiError)]
enum PhotoError {
    #[error(internal, from(StoreError, ObjectError))]
    Internal(Internal),
}

/// Add a photo.
#[post("/photos")]
async fn add_photo(files: Files, photo: Upload<Image, Max<1>>) -> Result<FileUrl, PhotoError> {
    Ok(files.url(photo.keep().await?.key()).await?)
}

/// Add a photo for all.
#[post("/public")]
async fn add_public(files: Files, photo: Upload<Public<Image>, Max<1>>) -> Result<FileUrl, PhotoError> {
    Ok(files.url(photo.keep().await?.key()).await?)
}

/// Remove a photo.
#[post("/removed")]
async fn remove(files: Files, Json(key): Json<String>) -> Result<bool, PhotoError> {
    Ok(files.remove(&key.parse().map_err(|_| StoreError::Limit("no key".into()))?).await?)
}

fn app() -> TestApp {
    TestApp::new(Api::<()>::new("album", "1.0.0").routes(routes![add_photo, add_public, remove]))
}

/// Uploads a picture and gives the path and query of its link.
async fn added(app: &TestApp, path: &str) -> String {
    let png = png();
    let body = form(&[file("a.png", "image/png", &png)]);
    let link: FileUrl = app.post(path).header("content-type", &content_type()).body(body).await.json();
    format!("/{}", link.url.splitn(4, '/').nth(3).unwrap())
}

async fn part(app: &TestApp, path: &str, range: &str) -> TestResponse {
    app.get(path).header("range", range).await
}

#[tokio::test]
async fn parts_and_versions() {
    let app = app();
    let (path, png) = (added(&app, "/public").await, png());
    let size = png.len();
    let whole = app.get(&path).await;
    assert_eq!((whole.status.as_u16(), &whole.body[..]), (200, &png[..]));
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    assert_eq!(whole.headers["content-length"], size.to_string());
    assert_eq!(whole.headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(whole.headers.get("content-encoding").is_none());
    let tag = whole.headers["etag"].to_str().unwrap().to_owned();

    let some = part(&app, &path, "bytes=10-19").await;
    assert_eq!((some.status.as_u16(), &some.body[..]), (206, &png[10..20]));
    assert_eq!(some.headers["content-range"], format!("bytes 10-19/{size}"));
    assert_eq!(part(&app, &path, "bytes=-5").await.body, png[size - 5..]);
    let none = part(&app, &path, &format!("bytes={size}-")).await;
    assert_eq!(
        (none.status.as_u16(), none.headers["content-range"].to_str().unwrap()),
        (416, &*format!("bytes */{size}"))
    );
    for (had, status) in [(tag.as_str(), 206), ("\"another\"", 200)] {
        let answer = app.get(&path).header("range", "bytes=0-0").header("if-range", had).await;
        assert_eq!(answer.status.as_u16(), status, "{had}");
    }

    let unchanged = app.get(&path).header("if-none-match", &tag).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    assert_eq!(unchanged.headers["etag"], tag);
    assert_eq!(app.get(&path).header("if-none-match", "\"another\"").await.status.as_u16(), 200);

    let head = app.request(queqiao::axum::http::Method::HEAD, &path).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.headers["content-length"], size.to_string());
}

#[tokio::test]
async fn a_private_file_opens_with_its_link_alone_and_until_its_end() {
    let app = app();
    let path = added(&app, "/photos").await;
    let answer = app.get(&path).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.headers["cache-control"].to_str().unwrap().starts_with("private, max-age="));
    let (bare, query) = path.split_once('?').unwrap();
    assert_eq!(app.get(bare).await.code(), "upload.link");
    let other = added(&app, "/photos").await;
    let mixed = format!("{}?{query}", other.split_once('?').unwrap().0);
    assert_eq!(app.get(mixed).await.code(), "upload.link");
    let (until, signature) = query.strip_prefix("e=").unwrap().split_once('&').unwrap();
    let later = format!("{bare}?e={}&{signature}", until.parse::<i64>().unwrap() + 3600);
    assert_eq!(app.get(later).await.code(), "upload.link");
    app.advance(Duration::from_secs(2 * 3600));
    assert_eq!(app.get(&path).await.code(), "upload.link_expired");
}

#[tokio::test]
async fn no_path_leads_out_of_the_store_and_what_is_gone_is_gone() {
    let app = app();
    for path in [
        "/objects/../queqiao.toml",
        "/objects/public/../../keys.toml",
        "/objects/public/%2e%2e/%2e%2e/keys.toml",
        "/objects/..%2f..%2fetc%2fpasswd",
        "/objects/%2fetc%2fpasswd",
        "/objects/public/..%5c..%5cx",
        "/objects/public/a%00.png",
        "/objects/.unfinished/a",
        "/objects/public//a",
        "/objects/public/none/1.png",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.text());
    }
    let path = added(&app, "/public").await;
    let key = path.strip_prefix("/objects/").unwrap();
    assert!(app.post("/removed").json(key).await.json::<bool>());
    assert!(!app.post("/removed").json(key).await.json::<bool>());
    assert_eq!(app.get(&path).await.code(), "upload.not_found");
}
