//! Uploads past the server into a real bucket of the S3 API: by its own form, and by no other.

#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::upload::{Direct, Max, Pdf, Upload};
use queqiao::{ObjectKey, StoreError, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(ApiError)]
enum PaperError {
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Add a paper.
#[post("/bucket-papers")]
async fn add_bucket_paper(
    _user: User,
    Direct(paper): Direct<Upload<Pdf, Max<1>>>,
) -> Result<String, PaperError> {
    Ok(paper.keep().await?.key().to_string())
}

fn app() -> TestApp {
    let server = std::env::var("QUEQIAO_TEST_S3")
        .unwrap_or_else(|_| "http://queqiao_test:queqiao_test_secret@127.0.0.1:9014".into());
    let (scheme, rest) = server.split_once("://").unwrap();
    let (key, host) = rest.split_once('@').unwrap();
    let (id, secret) = key.split_once(':').unwrap();
    TestApp::new(Api::<()>::new("papers", "1.0.0").routes(routes![add_bucket_paper])).configuration(format!(
        "[objects]\nstore = \"s3\"\nbucket = \"queqiao-test\"\nendpoint = \"{scheme}://{host}\"\n\
         region = \"us-east-1\"\naccess_key_id = \"{id}\"\naccess_key_secret = \"{secret}\"\npath_style = true\n\
         [server]\nurl = \"https://api.example.com\""
    ))
}

/// Sends a form to its bucket as `wx.uploadFile` does, with one field changed.
async fn send(form: &Value, change: (&str, &str), file: &[u8]) -> (u16, String) {
    let (host, path) =
        form["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut body = Vec::new();
    for (name, value) in form["fields"].as_object().unwrap() {
        let value = if name == change.0 { change.1 } else { value.as_str().unwrap() };
        let part = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let name = form["file"].as_str().unwrap();
    let head = format!(
        "--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--B--\r\n");
    let request = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: multipart/form-data; boundary=B\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    // A server that refuses early may close before all is written.
    let _ = socket.write_all(&body).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[tokio::test]
async fn the_phone_sends_its_file_to_the_bucket_and_the_operation_takes_it_from_there() {
    let app = app();
    let alice = app.user("alice");
    let new = json!({ "operation": "addBucketPaper", "extension": "pdf" });
    let form: Value = alice.post("/uploads").json(&new).await.json();
    let pdf = b"%PDF-1.7\nIn a bucket.\n%%EOF\n";
    let told = json!({ "upload": form["upload"] });
    let tell = || alice.post("/bucket-papers").header("idempotency-key", "0123456789abcdef").json(&told);
    assert_eq!(tell().await.code(), "upload.missing");
    for (change, file) in [
        (("", ""), &vec![b'a'; 1024 * 1024 + 1][..]),
        (("Content-Type", "text/html"), pdf),
        (("key", "private/addBucketPaper/mine.pdf"), pdf),
    ] {
        let (status, answer) = send(&form, change, file).await;
        assert!((400..500).contains(&status), "{change:?}: {answer}");
    }
    assert_eq!(tell().await.code(), "upload.missing");
    let (status, answer) = send(&form, ("", ""), pdf).await;
    assert_eq!(status, 200, "{answer}");
    let key: ObjectKey = tell().await.json::<String>().parse().unwrap();
    let boot = app.boot().await;
    assert_eq!(boot.objects().head(&key).await.unwrap().unwrap().size, pdf.len() as u64);
    // Who writes through the form once more changes nothing that counts.
    assert_eq!(send(&form, ("", ""), b"%PDF-1.7\nSomething else.\n").await.0, 200);
    assert_eq!(boot.objects().head(&key).await.unwrap().unwrap().size, pdf.len() as u64);
    boot.files().remove(&key).await.unwrap();
    app.advance(std::time::Duration::from_secs(31 * 60));
    assert_eq!(app.sweep_files().await, 1);
}
