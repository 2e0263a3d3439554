//! Images, and errors that come in their place.

use axum::body::Body;
use axum::response::Response;
use queqiao_wechat::{Class, Content, Error, Settings, UnlimitedQrCode, WeChat};

use crate::server::{Server, app, reply, text};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and so on";

/// A server whose images are `body`, under a media type.
async fn images(media_type: &'static str, body: Vec<u8>) -> Server {
    Server::start(move |_, request| {
        let body = body.clone();
        async move {
            match request.uri().path() {
                "/cgi-bin/stable_token" => text(r#"{"access_token":"t","expires_in":7200}"#),
                _ => Response::builder().header("content-type", media_type).body(Body::from(body)).unwrap(),
            }
        }
    })
    .await
}

async fn code(client: &WeChat) -> Result<queqiao_wechat::Download, Error> {
    client.unlimited_qr_code(&app(), &UnlimitedQrCode::new("id=7")).await
}

#[tokio::test]
async fn content_tells_an_image_from_an_error_whatever_the_header_says() {
    for media_type in ["image/jpeg", "text/plain", "application/json"] {
        let server = images(media_type, JPEG.into()).await;
        let image = code(&server.client()).await.unwrap();
        assert_eq!((image.content(), image.announced_length()), (Content::Jpeg, Some(JPEG.len() as u64)));
        assert_eq!(image.bytes().await.unwrap(), JPEG);

        let server =
            images(media_type, br#"{"errcode":41030,"errmsg":"invalid page, rid: 1-2"}"#.into()).await;
        let error = code(&server.client()).await.unwrap_err();
        assert_eq!((error.class(), error.rid()), (Some(Class::Configuration), Some("1-2")));
    }
}

#[tokio::test]
async fn what_is_neither_is_told() {
    for (body, says) in [
        (&b"<html>"[..], "a page"),
        (b"GIF89a...", "image/gif"),
        (b"plain text", "application/octet-stream"),
        (b"{}", "a JSON object without an error"),
        (b"{\"errcode\":", "cut off"),
        (b"", "an empty body"),
        (b"\xff\xd8", "not JSON"),
    ] {
        let server = images("image/jpeg", body.into()).await;
        let error = code(&server.client()).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn a_large_image_comes_in_pieces_and_within_the_limit() {
    let large: Vec<u8> = JPEG.iter().copied().cycle().take(300_000).collect();
    let server = images("image/jpeg", large.clone()).await;
    let mut image = code(&server.client()).await.unwrap();
    let mut read = Vec::new();
    while let Some(chunk) = image.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, large);

    let client = WeChat::new(Settings { download_limit: 299_999, ..server.settings() }).unwrap();
    let error = code(&client).await.unwrap().bytes().await.unwrap_err();
    assert!(error.to_string().contains("more than 299999 bytes"), "{error}");
}

#[tokio::test]
async fn a_refused_token_is_replaced_for_images_too() {
    let server = Server::start(|n, request| async move {
        match (request.uri().path(), request.uri().query()) {
            ("/cgi-bin/stable_token", _) => {
                text(format!(r#"{{"access_token":"token-{n}","expires_in":7200}}"#))
            }
            (_, Some("access_token=token-1")) => text(r#"{"errcode":40001,"errmsg":"invalid credential"}"#),
            _ => Response::new(Body::from(JPEG)),
        }
    })
    .await;
    assert_eq!(code(&server.client()).await.unwrap().bytes().await.unwrap(), JPEG);
    assert_eq!(server.calls(), 4);
}

#[tokio::test]
async fn media_are_any_bytes_but_no_error() {
    let server = images("audio/amr", b"#!AMR\n...".into()).await;
    let medium = server.client().download_media(&app(), "m1").await.unwrap();
    assert_eq!(medium.content(), Content::Other);
    assert_eq!(medium.bytes().await.unwrap(), &b"#!AMR\n..."[..]);
    let server = Server::start(|n, _| async move {
        match n {
            1 => text(r#"{"access_token":"t","expires_in":7200}"#),
            _ => reply(200, "image/jpeg", r#"{"errcode":40007,"errmsg":"invalid media_id"}"#),
        }
    })
    .await;
    let error = server.client().download_media(&app(), "m1").await.unwrap_err();
    assert_eq!(error.refusal().unwrap().code.0, 40007);
}
