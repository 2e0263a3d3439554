//! Uploads through the server: what is taken, what is refused, and that nothing of a refused file is left.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod pictures;

use std::time::Duration;

use futures_util::TryStreamExt;
use image::ImageFormat;
use pictures::{
    Part, bomb, content_type, file, form, gif_that_is_javascript, jpeg, jpeg_with_exif, png, text,
};
use queqiao::prelude::*;
use queqiao::upload::{Clean, FileUrl, Files, Image, Max, Pdf, Public, Upload};
use queqiao::{ObjectError, StoreError, TestApp, TestResponse};

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
    size: u32,
    width: u32,
    height: u32,
    media_type: String,
    name: Option<String>,
}

/// What is said of a photo.
#[model]
struct Caption {
    #[check(length = 1..=20)]
    title: String,
    album: Option<u32>,
}

async fn kept<K, M, F>(upload: Upload<K, M, F>, files: &Files) -> Result<Photo, PhotoError> {
    let name = upload.name().map(str::to_owned);
    let file = upload.keep().await?;
    let (width, height) = file.dimensions().unwrap_or_default();
    Ok(Photo {
        key: file.key().to_string(),
        link: files.url(file.key()).await?,
        size: file.size() as u32,
        width,
        height,
        media_type: file.media_type().to_owned(),
        name,
    })
}

/// Add a photo.
#[post("/photos")]
async fn add_photo(files: Files, photo: Upload<Image<4>, Max<1>>) -> Result<Photo, PhotoError> {
    kept(photo, &files).await
}

/// Add a photo with its caption.
#[post("/captioned")]
async fn add_captioned(
    _owner: User,
    files: Files,
    photo: Upload<Public<Image>, Max<1>, Caption>,
) -> Result<Photo, PhotoError> {
    assert!(!photo.fields.title.is_empty());
    kept(photo, &files).await
}

/// Add a photo without what hides in it.
#[post("/clean")]
async fn add_clean(files: Files, photo: Upload<Clean<Image<4>>, Max<1>>) -> Result<Photo, PhotoError> {
    kept(photo, &files).await
}

/// Add a document.
#[post("/documents")]
async fn add_document(files: Files, document: Upload<Pdf, Max<1>>) -> Result<Photo, PhotoError> {
    kept(document, &files).await
}

/// Look at a photo and forget it.
#[post("/looked-at")]
async fn look(photo: Upload<Image, Max<1>>) -> u32 {
    photo.size() as u32
}

/// Panic over a photo.
#[post("/panic")]
async fn panic_over(photo: Upload<Image, Max<1>>) -> u32 {
    assert!(photo.size() == 0, "it is not empty");
    0
}

/// End as a killed process does.
#[post("/killed")]
async fn killed(photo: Upload<Image, Max<1>>) -> u32 {
    let size = photo.size() as u32;
    std::mem::forget(photo);
    size
}

/// Remove a photo.
#[post("/removed")]
async fn remove(files: Files, Json(key): Json<String>) -> Result<bool, PhotoError> {
    Ok(files.remove(&key.parse().map_err(|_| StoreError::Limit("no key".into()))?).await?)
}

fn app() -> TestApp {
    let routes = routes![add_photo, add_captioned, add_clean, add_document, look, panic_over, killed, remove];
    TestApp::new(Api::<()>::new("album", "1.0.0").routes(routes))
}

async fn send(app: &TestApp, path: &str, parts: &[Part<'_>]) -> TestResponse {
    app.post(path).header("content-type", &content_type()).body(form(parts)).await
}

/// Objects in the store, and records, in whatever state.
async fn left(app: &TestApp) -> (Vec<String>, i64) {
    let boot = app.boot().await;
    let keys: Vec<_> = boot.objects().list("").await.unwrap().try_collect().await.unwrap();
    let records = boot.sql().row("SELECT count(*) FROM queqiao_uploads", &[]).await.unwrap().unwrap();
    (keys.iter().map(ToString::to_string).collect(), records.get(0).unwrap())
}

async fn nothing_is_left(app: &TestApp, what: &str) {
    assert_eq!(left(app).await, (Vec::new(), 0), "{what}");
}

async fn bytes(app: &TestApp, url: &str) -> TestResponse {
    let path = url.splitn(4, '/').nth(3).unwrap();
    app.get(format!("/{path}")).await
}

#[tokio::test]
async fn pictures_of_every_format_are_stored_as_they_are() {
    let app = app();
    for (format, name, media_type) in [
        (ImageFormat::Jpeg, "a.jpg", "image/jpeg"),
        (ImageFormat::Jpeg, "a.JPEG", "image/jpg"),
        (ImageFormat::Png, "a.png", "application/octet-stream"),
        (ImageFormat::Gif, "blob", "image/gif"),
        (ImageFormat::WebP, "tmp_1.webp", "image/webp"),
    ] {
        let sent = pictures::picture(format, 40, 30);
        let photo: Photo = send(&app, "/photos", &[file(name, media_type, &sent)]).await.json();
        assert_eq!((photo.width, photo.height, photo.size), (40, 30, sent.len() as u32), "{name}");
        assert!(photo.key.starts_with("private/addPhoto/"), "{}", photo.key);
        assert_eq!(bytes(&app, &photo.link.url).await.body, sent, "{name}");
    }
    let (keys, records) = left(&app).await;
    assert_eq!((keys.len(), records), (5, 5));
    app.advance(Duration::from_secs(24 * 3600));
    assert_eq!(app.sweep_files().await, 0, "what counts stays");
    assert_eq!(left(&app).await.0.len(), 5);
}

#[tokio::test]
async fn what_is_refused_says_why_and_leaves_nothing() {
    let app = app();
    let (png, jpeg) = (png(), jpeg());
    let svg =
        b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let html = b"<!DOCTYPE html><script>alert(1)</script>";
    let zip = b"PK\x03\x04\x14\0\0\0\0\0whatever is in it";
    let large = vec![b'x'; 1024 * 1024 + 1];
    let large_pdf = [b"%PDF-1.7\n", large.as_slice()].concat();
    let (bomb, flat, narrow) = (bomb(50_000, 50_000), bomb(0, 30), bomb(4_000_001, 1));
    let long = "长".repeat(30_000);
    let cases: Vec<(&str, &str, Vec<Part<'_>>, u16, &str)> = vec![
        ("a PNG named .jpg", "/photos", vec![file("a.jpg", "image/png", &png)], 415, "upload.kind"),
        ("a PNG declared as JPEG", "/photos", vec![file("a.png", "image/jpeg", &png)], 415, "upload.kind"),
        ("a program's name", "/photos", vec![file("a.exe", "image/png", &png)], 415, "upload.kind"),
        ("an SVG with a script", "/photos", vec![file("a.svg", "image/svg+xml", svg)], 415, "upload.kind"),
        ("an SVG named .png", "/photos", vec![file("a.png", "image/png", svg)], 415, "upload.kind"),
        ("a page", "/photos", vec![file("a.gif", "image/gif", html)], 415, "upload.kind"),
        ("an archive", "/photos", vec![file("a.png", "image/png", zip)], 415, "upload.kind"),
        ("nothing", "/photos", vec![file("a.png", "image/png", b"")], 415, "upload.kind"),
        ("a bomb", "/photos", vec![file("a.png", "image/png", &bomb)], 422, "upload.dimensions"),
        ("a bomb to be drawn", "/clean", vec![file("a.png", "image/png", &bomb)], 422, "upload.dimensions"),
        ("a pixel too many", "/photos", vec![file("a.png", "image/png", &narrow)], 422, "upload.dimensions"),
        ("no pixel", "/photos", vec![file("a.png", "image/png", &flat)], 422, "upload.dimensions"),
        (
            "too large",
            "/documents",
            vec![file("a.pdf", "application/pdf", &large_pdf)],
            413,
            "upload.too_large",
        ),
        ("a NUL in the name", "/photos", vec![file("a\u{0}.png", "image/png", &png)], 400, "upload.form"),
        ("no file", "/photos", vec![text("title", "x")], 400, "upload.form"),
        (
            "two files",
            "/photos",
            vec![file("a.png", "image/png", &png), file("b.png", "image/png", &png)],
            400,
            "upload.form",
        ),
        (
            "a file of another name",
            "/photos",
            vec![Part { name: "other", ..file("a.png", "image/png", &png) }],
            400,
            "upload.form",
        ),
        (
            "texts without end",
            "/photos",
            vec![text("a", &long), file("a.jpg", "image/jpeg", &jpeg)],
            400,
            "upload.form",
        ),
    ];
    for (what, path, parts, status, code) in cases {
        let answer = send(&app, path, &parts).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{what}: {}",
            answer.text()
        );
        nothing_is_left(&app, what).await;
    }
    let answer = app.post("/photos").json("x").await;
    assert_eq!(answer.code(), "upload.form");
    nothing_is_left(&app, "JSON").await;
}

#[tokio::test]
async fn a_file_of_just_the_limit_is_taken() {
    let app = app();
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.resize(1024 * 1024, b' ');
    let document: Photo = send(&app, "/documents", &[file("a.pdf", "application/pdf", &pdf)]).await.json();
    assert_eq!(document.size, 1024 * 1024);
    let served = bytes(&app, &document.link.url).await;
    assert_eq!(served.headers["content-disposition"], "attachment");
}

#[tokio::test]
async fn a_truncated_picture_is_damaged_wherever_it_ends() {
    let app = app();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = pictures::picture(format, 40, 30);
        let extension = format.extensions_str()[0];
        let name = format!("a.{extension}");
        for cut in [20, whole.len() / 4, whole.len() / 2, whole.len() - 2, whole.len() - 1] {
            for path in ["/photos", "/clean"] {
                let sent = [file(&name, format.to_mime_type(), &whole[..cut])];
                let answer = send(&app, path, &sent).await;
                assert_eq!(answer.code(), "upload.damaged", "{format:?} cut at {cut} of {}", whole.len());
                nothing_is_left(&app, &name).await;
            }
        }
    }
}

#[tokio::test]
async fn a_form_that_breaks_off_is_incomplete_wherever_it_does() {
    let app = app();
    let png = png();
    let whole = form(&[file("a.png", "image/png", &png)]);
    // The last line break belongs to nobody.
    for cut in (0..whole.len() - 4).step_by(37).chain([whole.len() - 4, whole.len() - 6]) {
        let sent = whole[..cut].to_vec();
        let answer = app.post("/photos").header("content-type", &content_type()).body(sent).await;
        assert!(answer.status.is_client_error(), "cut at {cut}: {} {}", answer.status, answer.text());
        let code = answer.code();
        assert!(
            ["upload.incomplete", "upload.damaged", "upload.kind"].contains(&code.as_str()),
            "{cut}: {code}"
        );
        nothing_is_left(&app, &format!("cut at {cut}")).await;
    }
}

#[tokio::test]
async fn what_follows_a_picture_is_cut_off_and_the_rest_is_served_so_that_nothing_runs() {
    let app = app();
    let (png, jpeg, gif) = (png(), jpeg(), gif_that_is_javascript());
    let page = b"<html><script>alert(1)</script></html>";
    let zip = b"PK\x03\x04\x14\0\0\0\0\0whatever\x50\x4b\x05\x06";
    let commented = pictures::segment(&jpeg, 0xFE, page);
    let end = gif.iter().position(|byte| *byte == b';').unwrap() + 1;
    for (what, name, media_type, sent, stored) in [
        ("PNG and archive", "a.png", "image/png", [&png[..], zip].concat(), &png[..]),
        ("JPEG and page", "a.jpg", "image/jpeg", [&jpeg[..], page].concat(), &jpeg),
        ("GIF and program", "a.gif", "image/gif", gif.clone(), &gif[..end]),
        ("a page in a comment", "a.jpg", "image/jpeg", commented.clone(), &commented),
    ] {
        let photo: Photo = send(&app, "/photos", &[file(name, media_type, &sent)]).await.json();
        let served = bytes(&app, &photo.link.url).await;
        assert_eq!(served.body, stored, "{what}");
        for (header, value) in [
            ("content-type", media_type),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ] {
            assert_eq!(served.headers[header], value, "{what}");
        }
    }
    let photo: Photo = send(&app, "/clean", &[file("a.jpg", "image/jpeg", &commented)]).await.json();
    let clean = bytes(&app, &photo.link.url).await.body;
    assert!(!clean.windows(7).any(|window| window == b"<script"), "a comment is drawn with nothing");
}

#[tokio::test]
async fn a_clean_picture_is_turned_and_tells_nothing_of_its_maker() {
    let app = app();
    let sent = jpeg_with_exif();
    let has =
        |bytes: &[u8]| bytes.windows(pictures::SECRET.len()).any(|part| part == pictures::SECRET.as_bytes());
    assert!(has(&sent));
    let photo: Photo = send(&app, "/clean", &[file("a.jpg", "image/jpeg", &sent)]).await.json();
    assert_eq!((photo.width, photo.height, photo.media_type.as_str()), (30, 40, "image/jpeg"));
    let clean = bytes(&app, &photo.link.url).await.body;
    assert!(!has(&clean) && !clean.windows(4).any(|part| part == b"Exif"));
    let drawn = image::load_from_memory(&clean).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (30, 40));
    for (format, media_type) in
        [(ImageFormat::Png, "image/png"), (ImageFormat::Gif, "image/png"), (ImageFormat::WebP, "image/jpeg")]
    {
        let sent = pictures::picture(format, 40, 30);
        let photo: Photo = send(&app, "/clean", &[file("blob", format.to_mime_type(), &sent)]).await.json();
        assert_eq!((photo.media_type.as_str(), photo.width), (media_type, 40), "{format:?}");
    }
}

#[tokio::test]
async fn no_name_leads_anywhere() {
    let app = app();
    let png = png();
    for (name, shown) in [
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\boot.png", "boot.png"),
        ("/etc/cron.d/x.png", "x.png"),
        ("photo\u{202e}gpj.png", "photogpj.png"),
        ("con\u{200b}.png", "con.png"),
    ] {
        let answer = send(&app, "/photos", &[file(name, "image/png", &png)]).await;
        let photo: Photo = answer.json();
        assert_eq!(photo.name.as_deref(), Some(shown), "{name:?}");
        let (id, extension) = photo.key.strip_prefix("private/addPhoto/").unwrap().split_once('.').unwrap();
        assert!(id.parse::<Uuid>().is_ok() && extension == "png", "{}", photo.key);
    }
}

#[tokio::test]
async fn texts_come_with_the_file_and_are_checked() {
    let app = app();
    let png = png();
    let send = async |parts: &[Part<'_>]| {
        let user = app.user("alice");
        user.post("/captioned").header("content-type", &content_type()).body(form(parts)).await
    };
    let photo: Photo =
        send(&[text("title", "长城"), text("album", "7"), file("a.png", "image/png", &png)]).await.json();
    assert!(photo.link.url.contains("/objects/public/addCaptioned/") && photo.link.expires_at.is_none());
    let late = send(&[file("a.png", "image/png", &png), text("title", "after the file")]).await;
    let key = late.json::<Photo>().key;
    let owner = "SELECT owner FROM queqiao_uploads WHERE name = $1";
    let row = app.boot().await.sql().row(owner, &queqiao::values![&key]).await.unwrap().unwrap();
    assert_eq!(row.get::<String>(0).unwrap(), app.user("alice").id().await.to_string());
    for key in [photo.key, key] {
        assert!(app.post("/removed").json(&key).await.json::<bool>());
    }
    nothing_is_left(&app, "removed").await;

    for (parts, pointer) in [
        (vec![file("a.png", "image/png", &png)], "/title"),
        (vec![text("title", ""), file("a.png", "image/png", &png)], "/title"),
        (vec![text("title", "a"), text("album", "seven"), file("a.png", "image/png", &png)], "/album"),
        (vec![text("title", "a"), text("title", "b"), file("a.png", "image/png", &png)], "/title"),
    ] {
        let answer = send(&parts).await;
        assert_eq!(answer.code(), "validation");
        assert_eq!(answer.problem()["errors"][0]["pointer"], pointer);
        nothing_is_left(&app, pointer).await;
    }
    let stranger = app.post("/captioned").header("content-type", &content_type());
    assert_eq!(stranger.body(form(&[file("a.png", "image/png", &png)])).await.code(), "auth.required");
}

/// What goes with a dropped future goes a moment later.
async fn nothing_is_left_soon(app: &TestApp, what: &str) {
    for _ in 0..200 {
        if left(app).await == (Vec::new(), 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nothing_is_left(app, what).await;
}

#[tokio::test]
async fn a_file_that_no_handler_keeps_is_removed() {
    let app = app();
    let png = png();
    assert_eq!(
        send(&app, "/looked-at", &[file("a.png", "image/png", &png)]).await.json::<usize>(),
        png.len()
    );
    nothing_is_left_soon(&app, "not kept").await;
    assert_eq!(send(&app, "/panic", &[file("a.png", "image/png", &png)]).await.code(), "internal");
    nothing_is_left_soon(&app, "panicked").await;
}

#[tokio::test]
async fn what_a_killed_server_left_is_swept_when_its_time_is_over() {
    let app = app();
    let png = png();
    send(&app, "/killed", &[file("a.png", "image/png", &png)]).await.json::<u32>();
    assert_eq!(left(&app).await.1, 1);
    assert_eq!(app.sweep_files().await, 0, "it may still be under way");
    app.advance(Duration::from_secs(2 * 600 + 1));
    assert_eq!(app.sweep_files().await, 1);
    nothing_is_left(&app, "swept").await;
}

mod impossible {
    use super::*;

    /// Two photos at once.
    #[post("/two")]
    pub(super) async fn two(one: Upload<Image, Max<1>>, other: Upload<Image, Max<1>>) -> bool {
        one.size() == other.size()
    }

    /// By a method that no upload has.
    #[put("/put")]
    pub(super) async fn by_put(photo: Upload<Image, Max<1>>) -> bool {
        photo.size() > 0
    }

    /// Many texts under one name.
    #[model]
    pub(super) struct Tags {
        tags: Vec<String>,
    }

    /// With a list beside it.
    #[post("/list")]
    pub(super) async fn with_a_list(photo: Upload<Image, Max<1>, Tags>) -> bool {
        photo.fields.tags.is_empty()
    }

    /// A text of the file's own name.
    #[model]
    pub(super) struct Named {
        file: String,
    }

    /// With a text of the file's own name.
    #[post("/named")]
    pub(super) async fn with_its_name(photo: Upload<Image, Max<1>, Named>) -> bool {
        photo.fields.file.is_empty()
    }
}

#[test]
fn what_a_phone_cannot_send_does_not_build() {
    let routes = {
        use impossible::*;
        routes![two, by_put, with_a_list, with_its_name]
    };
    let told = Api::<()>::new("album", "1.0.0").routes(routes).build().map(drop).unwrap_err().to_string();
    for (handler, part) in [
        ("two", "the argument that reads the body must come last"),
        ("two", "two arguments read the body"),
        ("by_put", "a file comes with POST alone"),
        ("with_a_list", "`wx.uploadFile` sends one text under each name"),
        ("with_its_name", "a text of the form is named `file`"),
    ] {
        assert!(
            told.lines().any(|line| line.contains(handler) && line.contains(part)),
            "{handler}: {part}: {told}"
        );
    }
}

#[test]
fn the_document_says_what_may_come() {
    let built = Api::<()>::new("album", "1.0.0").routes(routes![add_captioned]).build().unwrap();
    let operation = &built.document().value()["paths"]["/captioned"]["post"];
    let form = &operation["requestBody"]["content"]["multipart/form-data"];
    let expected = queqiao::serde_json::json!({
        "type": "string",
        "format": "binary",
        "x-queqiao-upload": {
            "maxBytes": 1_048_576,
            "maxPixels": 50_000_000,
            "extensions": ["jpg", "jpeg", "png", "gif", "webp"],
        },
    });
    assert_eq!(form["schema"]["properties"]["file"], expected);
    assert_eq!(form["schema"]["properties"]["title"]["maxLength"], 20);
    assert_eq!(form["schema"]["required"], queqiao::serde_json::json!(["file", "title"]));
    assert_eq!(form["encoding"]["file"]["contentType"], "image/jpeg, image/png, image/gif, image/webp");
    let codes = operation["responses"]["413"].to_string();
    assert!(codes.contains("upload.too_large") && !codes.contains("body.too_large"), "{codes}");
}
