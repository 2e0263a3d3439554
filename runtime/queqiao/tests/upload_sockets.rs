//! Uploads over a socket: wrong lengths, and clients that hang up or fall silent.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod pictures;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::TryStreamExt;
use pictures::{content_type, file, form, png};
use queqiao::prelude::*;
use queqiao::upload::{Image, Max, Upload};
use queqiao::{StoreError, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(ApiError)]
enum PhotoError {
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Add a photo.
#[post("/photos")]
async fn add_photo(photo: Upload<Image, Max<1>>) -> Result<u32, PhotoError> {
    Ok(photo.keep().await?.size() as u32)
}

async fn served() -> (TestApp, SocketAddr) {
    let app = TestApp::new(Api::<()>::new("album", "1.0.0").routes(routes![add_photo]))
        .configuration("[uploads]\nidle_timeout = \"1s\"");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.router().await;
    tokio::spawn(async move { queqiao::axum::serve(listener, router).await.unwrap() });
    (app, address)
}

fn head(length: usize) -> String {
    format!(
        "POST /photos HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {}\r\ncontent-length: {length}\r\n\r\n",
        content_type()
    )
}

/// Sends head and body, ends its side if told so, and reads the answer.
async fn sent(address: SocketAddr, head: String, body: &[u8], ends: bool) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    if ends {
        socket.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    let reading = async {
        loop {
            let read = socket.read(&mut piece).await.unwrap_or(0);
            answer.extend_from_slice(&piece[..read]);
            let text = String::from_utf8_lossy(&answer);
            if read == 0 || text.contains("request_id") {
                return text.into_owned();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap()
}

async fn left(app: &TestApp) -> (usize, i64) {
    let boot = app.boot().await;
    let keys: Vec<_> = boot.objects().list("").await.unwrap().try_collect().await.unwrap();
    let records = boot.sql().row("SELECT count(*) FROM queqiao_uploads", &[]).await.unwrap().unwrap();
    (keys.len(), records.get(0).unwrap())
}

/// At once or, of what was cut off, with the next sweeping.
async fn nothing_is_left(app: &TestApp, what: &str) {
    for _ in 0..200 {
        app.sweep_files().await;
        if left(app).await == (0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(left(app).await, (0, 0), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_that_is_not_the_body_s_is_refused() {
    let (app, address) = served().await;
    let body = form(&[file("a.png", "image/png", &png())]);
    let right = sent(address, head(body.len()), &body, false).await;
    assert!(right.starts_with("HTTP/1.1 200"), "{right}");
    assert_eq!(left(&app).await, (1, 1));
    let boot = app.boot().await;
    for key in boot.objects().list("").await.unwrap().try_collect::<Vec<_>>().await.unwrap() {
        boot.files().remove(&key).await.unwrap();
    }
    for (what, length, ends) in [
        ("shorter", body.len() - 200, false),
        ("much shorter", 300, false),
        ("longer, and the end comes", body.len() + 10, true),
        ("longer, and nothing comes", body.len() + 10, false),
        ("much longer than is taken", 50_000_000, false),
    ] {
        let answer = sent(address, head(length), &body, ends).await;
        // Whoever breaks off in mid-air may see no answer at all.
        let refused = answer.starts_with("HTTP/1.1 4") || (ends && answer.is_empty());
        assert!(refused, "{what}: {answer}");
        nothing_is_left(&app, what).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_or_falls_silent_leaves_nothing() {
    let (app, address) = served().await;
    // Large enough that its beginning is in the store when its sender goes.
    let picture = pictures::picture(image::ImageFormat::Png, 600, 500);
    assert!(picture.len() > 100_000, "{}", picture.len());
    let body = form(&[file("a.png", "image/png", &picture)]);
    for cut in [10, 300, body.len() / 2, body.len() - 50, body.len() - 4] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head(body.len()).as_bytes()).await.unwrap();
        socket.write_all(&body[..cut]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(socket);
        nothing_is_left(&app, &format!("hung up at {cut}")).await;
    }
    let answer = sent(address, head(body.len()), &body[..body.len() / 2], false).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("upload.incomplete"), "{answer}");
    nothing_is_left(&app, "silent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_too_much_gets_to_read_why() {
    let (app, address) = served().await;
    let large = vec![0_u8; 8 * 1024 * 1024];
    let body = form(&[file("a.png", "image/png", &[&png()[..], &large].concat())]);
    for _ in 0..5 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let (mut reading, mut writing) = socket.split();
        // A phone looks at the answer when all is sent.
        writing.write_all(head(body.len()).as_bytes()).await.unwrap();
        writing.write_all(&body).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = reading.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("upload.too_large"), "{answer}");
    }
    nothing_is_left(&app, "too much").await;
}
