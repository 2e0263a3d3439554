//! Forms sent to a real server of the S3 API, which keeps to their policies.

use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{PostForm, PostRules};
use crate::test_servers::s3;
use crate::{Bucket, ObjectKey, ObjectStore};

/// Sends a form as `wx.uploadFile` does; gives the status and the body.
async fn send(form: &PostForm, file: &[u8]) -> (u16, String) {
    let (host, path) = form.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        let part =
            format!("--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--BOUNDARY\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n",
        form.file_field
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--BOUNDARY--\r\n");
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=BOUNDARY\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    socket.write_all(&body).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn rules() -> PostRules {
    PostRules {
        key: format!("incoming/{}", Uuid::now_v7()),
        content_type: "image/jpeg".into(),
        size: 1..=10,
        expires_at: Timestamp::now() + SignedDuration::from_mins(5),
    }
}

fn bucket() -> (impl ObjectStore, Bucket) {
    let store = s3();
    let bucket = store.bucket().unwrap().clone();
    (store, bucket)
}

#[tokio::test]
async fn a_bucket_takes_what_the_form_says() {
    let (store, bucket) = bucket();
    let rules = rules();
    let form = bucket.post_form(&rules, Timestamp::now());
    assert_eq!(send(&form, b"0123456789").await.0, 200);
    let key = ObjectKey::new(&rules.key).unwrap();
    let meta = store.head(&key).await.unwrap().unwrap();
    assert_eq!((meta.size, meta.content_type.as_deref()), (10, Some("image/jpeg")));
    let bytes: Vec<bytes::Bytes> = store.get(&key, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"0123456789");
    store.delete(&key).await.unwrap();
}

#[tokio::test]
async fn a_bucket_refuses_another_size_type_key_time_or_signature() {
    let (store, bucket) = bucket();
    let now = Timestamp::now();
    let rules = rules();
    let change = |name: &str, value: &str| {
        let mut form = bucket.post_form(&rules, now);
        for (known, text) in &mut form.fields {
            if known == name {
                *text = value.to_owned();
            }
        }
        form
    };
    let form = || bucket.post_form(&rules, now);
    let mut more = form();
    more.fields.push(("acl".into(), "public-read".into()));
    let mut unsigned = form();
    unsigned.fields.retain(|(name, _)| name != "policy" && name != "x-amz-signature");
    let other = format!("incoming/{}", Uuid::now_v7());
    let late = PostRules { expires_at: now - SignedDuration::from_secs(5), ..rules.clone() };
    let stranger = Bucket { access_key_secret: "another".into(), ..bucket.clone() };
    let small: &[u8] = b"01234";
    for (what, form, file, code) in [
        ("too large", form(), &b"0123456789A"[..], "EntityTooLarge"),
        ("empty", form(), b"", "EntityTooSmall"),
        ("another type", change("Content-Type", "text/html"), small, "InvalidPolicyDocument"),
        ("another key", change("key", &other), small, "InvalidPolicyDocument"),
        ("another field", more, small, "AccessDenied"),
        ("expired", bucket.post_form(&late, now), small, "AccessDenied"),
        ("another secret", stranger.post_form(&rules, now), small, "SignatureDoesNotMatch"),
        ("without a signature", unsigned, small, ""),
    ] {
        let (status, answer) = send(&form, file).await;
        assert!((400..500).contains(&status) && answer.contains(code), "{what}: {answer}");
    }
    for key in [&rules.key, &other] {
        assert_eq!(store.head(&ObjectKey::new(key).unwrap()).await.unwrap(), None, "{key}");
    }
}
