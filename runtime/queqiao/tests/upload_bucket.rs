//! Uploads into a real bucket of the S3 API: stored, read in parts by signed URLs, removed.

#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod pictures;

use futures_util::TryStreamExt;
use pictures::{content_type, file, form, png};
use queqiao::prelude::*;
use queqiao::upload::{FileUrl, Files, Image, Max, Public, Upload};
use queqiao::{ObjectError, StoreError, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(ApiError)]
enum PhotoError {
    #[error(internal, from(StoreError, ObjectError))]
    Internal(Internal),
}

/// A photo that was taken.
#[model]
struct Photo {
    key: String,
    link: FileUrl,
}

/// Add a photo.
#[post("/bucket-photos")]
async fn add_to_bucket(files: Files, photo: Upload<Image, Max<1>>) -> Result<Photo, PhotoError> {
    let file = photo.keep().await?;
    Ok(Photo { key: file.key().to_string(), link: files.url(file.key()).await? })
}

/// Add a photo for all.
#[post("/bucket-public")]
async fn add_public_to_bucket(
    files: Files,
    photo: Upload<Public<Image>, Max<1>>,
) -> Result<Photo, PhotoError> {
    let file = photo.keep().await?;
    Ok(Photo { key: file.key().to_string(), link: files.url(file.key()).await? })
}

/// Take no photo, for none that comes here is whole.
#[post("/bucket-refused")]
async fn refuse_photo(photo: Upload<Image, Max<1>>) -> u32 {
    photo.size() as u32
}

/// `(endpoint, access key id, secret)` of the server that `cargo xtask test` starts.
fn server() -> (String, String, String) {
    let server = std::env::var("QUEQIAO_TEST_S3")
        .unwrap_or_else(|_| "http://queqiao_test:queqiao_test_secret@127.0.0.1:9014".into());
    let (scheme, rest) = server.split_once("://").unwrap();
    let (key, host) = rest.split_once('@').unwrap();
    let (id, secret) = key.split_once(':').unwrap();
    (format!("{scheme}://{host}"), id.to_owned(), secret.to_owned())
}

fn app(secret: &str) -> TestApp {
    let (endpoint, id, _) = server();
    let configuration = format!(
        "[objects]\nstore = \"s3\"\nbucket = \"queqiao-test\"\nendpoint = \"{endpoint}\"\nregion = \"us-east-1\"\n\
         access_key_id = \"{id}\"\naccess_key_secret = \"{secret}\"\npath_style = true\n\
         [server]\nurl = \"https://api.example.com\""
    );
    let api =
        Api::<()>::new("album", "1.0.0").routes(routes![add_to_bucket, add_public_to_bucket, refuse_photo]);
    TestApp::new(api).configuration(configuration)
}

async fn added(app: &TestApp, path: &str, picture: &[u8]) -> Photo {
    let body = form(&[file("a.png", "image/png", picture)]);
    app.post(path).header("content-type", &content_type()).body(body).await.json()
}

/// Head and body of what a URL answers.
async fn got(url: &str, headers: &str) -> (String, Vec<u8>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end..].to_vec())
}

async fn there(app: &TestApp, key: &str) -> bool {
    app.boot().await.objects().head(&key.parse().unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_photo_goes_into_the_bucket_and_comes_by_its_signed_url() {
    let app = app(&server().2);
    let png = png();
    let photo = added(&app, "/bucket-photos", &png).await;
    assert!(there(&app, &photo.key).await && photo.link.expires_at.is_some());
    let meta = app.boot().await.objects().head(&photo.key.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((meta.size, meta.content_type.as_deref()), (png.len() as u64, Some("image/png")));

    let (head, body) = got(&photo.link.url, "").await;
    assert!(head.starts_with("HTTP/1.1 200") && body == png, "{head}");
    let (head, body) = got(&photo.link.url, "range: bytes=10-19\r\n").await;
    assert!(head.starts_with("HTTP/1.1 206") && body == png[10..20], "{head}");
    let bare = photo.link.url.split('?').next().unwrap();
    let forged = photo.link.url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000");
    assert_ne!(forged, photo.link.url);
    for url in [bare, &forged] {
        let (head, _) = got(url, "").await;
        assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    }

    assert!(app.boot().await.files().remove(&photo.key.parse().unwrap()).await.unwrap());
    assert!(!there(&app, &photo.key).await);
    assert!(got(&photo.link.url, "").await.0.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn public_files_of_a_bucket_are_served_by_the_server_with_ranges() {
    let app = app(&server().2);
    let png = png();
    let photo = added(&app, "/bucket-public", &png).await;
    let path = photo.link.url.strip_prefix("https://api.example.com").unwrap();
    assert_eq!(app.get(path).await.body, png);
    let some = app.get(path).header("range", "bytes=10-19").await;
    assert_eq!((some.status.as_u16(), &some.body[..]), (206, &png[10..20]));
    app.boot().await.files().remove(&photo.key.parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_refused_file_leaves_nothing_in_the_bucket() {
    let app = app(&server().2);
    let picture = pictures::picture(image::ImageFormat::Png, 400, 400);
    for cut in [picture.len() / 2, picture.len() - 1] {
        let body = form(&[file("a.png", "image/png", &picture[..cut])]);
        let answer = app.post("/bucket-refused").header("content-type", &content_type()).body(body).await;
        assert_eq!(answer.code(), "upload.damaged");
    }
    let boot = app.boot().await;
    // No file of this operation is ever whole.
    let keys: Vec<_> =
        boot.objects().list("private/refusePhoto/").await.unwrap().try_collect().await.unwrap();
    let records = boot.sql().row("SELECT count(*) FROM queqiao_uploads", &[]).await.unwrap().unwrap();
    assert_eq!((keys, records.get::<i64>(0).unwrap()), (Vec::new(), 0));
}

#[tokio::test]
#[should_panic(expected = "refuses access")]
async fn a_wrong_secret_is_told_at_the_start() {
    app("another-secret-that-is-wrong").boot().await;
}
