//! The checked-in client, in QuickJS with a mini-program's globals, against the real router over real HTTP.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use album::{Album, api};
use image::{DynamicImage, ImageFormat};
use queqiao::TestApp;
use queqiao::axum::extract::{Request, State};
use queqiao::axum::middleware::{Next, from_fn_with_state};
use queqiao::serde_json::{Value, json};
use queqiao_quickjs_host::{Fault, Files, Host};

/// A socket, a client, and the requests that the server saw.
struct Phone {
    app: TestApp,
    host: Host,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Phone {
    async fn new(slow: &'static str) -> Self {
        let app = TestApp::with(api(), Album::connect);
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let note = async |State(seen): State<Arc<Mutex<Vec<String>>>>, request: Request, next: Next| {
            seen.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
            next.run(request).await
        };
        let router = app.router().await.layer(from_fn_with_state(Arc::clone(&seen), note));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { queqiao::axum::serve(listener, router).await });
        let files = Files::read(concat!(env!("CARGO_MANIFEST_DIR"), "/miniprogram/api")).unwrap();
        let wechat = app.clone();
        let host = Host::new(files)
            .login(move || {
                let wechat = wechat.clone();
                async move { Ok(wechat.login_code("alice").await) }
            })
            .fault(move |request| {
                (!slow.is_empty() && request.url.ends_with(slow))
                    .then_some(Fault::Delay(Duration::from_secs(5)))
            })
            .start()
            .unwrap();
        let phone = Self { app, host, seen };
        phone.run(&format!("api.configure({{ baseUrl: 'http://{address}' }})")).await;
        phone
            .run(&format!(
                "wx.getFileSystemManager().writeFileSync('wxfile://tmp_1.png', new Uint8Array({:?}).buffer)",
                png()
            ))
            .await;
        phone
    }

    async fn run(&self, script: &str) -> Value {
        match self.host.eval_async(script).await {
            Ok(value) => value,
            Err(error) => panic!("{error}: {:?}", self.host.log()),
        }
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::new_rgb8(40, 20).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

#[tokio::test]
async fn both_ways_are_one_call_of_one_shape() {
    for (operation, path) in [
        ("addPhoto", &["POST /photos"][..]),
        ("addOriginal", &["POST /uploads", "POST /uploads/bucket", "POST /originals"]),
    ] {
        let phone = Phone::new("").await;
        phone.run("await api.listPhotos()").await;
        phone.seen();
        let photo = phone
            .run(&format!(
                "var progress = [];
                 const photo = await api.{operation}({{ file: 'wxfile://tmp_1.png' }}, {{ onProgress: p => progress.push(p.progress) }})
                 return [photo.width, photo.height, progress, photo.thumbnail.url]"
            ))
            .await;
        assert_eq!(photo.as_array().unwrap()[..3], [json!(40), json!(20), json!([100])]);
        assert_eq!(phone.seen(), path);
        let url = photo[3].as_str().unwrap().split_once("://").unwrap().1;
        let thumbnail = phone.app.get(url.split_once('/').map(|(_, path)| format!("/{path}")).unwrap()).await;
        assert_eq!(
            (thumbnail.status.as_u16(), &thumbnail.headers["content-type"]),
            (200, &"image/jpeg".parse().unwrap())
        );
        let left = phone
            .run("const { items } = await api.listPhotos(); await api.deletePhoto({ id: items[0].id }); return (await api.listPhotos()).items.length")
            .await;
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    // Once the server has been told of the upload, the photo may be there in spite of the abort.
    for slow in ["/uploads", "/uploads/bucket"] {
        let phone = Phone::new(slow).await;
        let ended = phone
            .run(
                "const call = api.addOriginal({ file: 'wxfile://tmp_1.png' })
                 setTimeout(() => call.abort(), 300)
                 return await call.then(() => 'done', e => [e.kind, api.addOriginal.failed(e)])",
            )
            .await;
        assert_eq!(ended, json!(["abort", true]), "{slow}");
        phone.app.advance(Duration::from_secs(31 * 60));
        phone.app.sweep_files().await;
        let objects = phone.app.boot().await.objects().clone();
        let keys: Vec<_> =
            futures_util::TryStreamExt::try_collect(objects.list("").await.unwrap()).await.unwrap();
        assert_eq!(keys, [], "{slow}");
    }
}

#[tokio::test]
async fn what_is_no_picture_fails_with_the_same_code_in_both_ways() {
    let phone = Phone::new("").await;
    let script = |operation: &str, path: &str| {
        format!(
            "wx.getFileSystemManager().writeFileSync('{path}', '<svg onload=alert(1)>')
             return await api.{operation}({{ file: '{path}' }}).then(() => 'taken', e => [e.code, e.status, api.{operation}.failed(e)])"
        )
    };
    for operation in ["addPhoto", "addOriginal"] {
        for path in ["wxfile://tmp_2.png", "wxfile://tmp_2.svg"] {
            let refused = phone.run(&script(operation, path)).await;
            assert_eq!(refused, json!(["upload.kind", 415, true]), "{operation} {path}");
        }
    }
    phone.seen();
    let large = "wx.getFileSystemManager = () => ({ statSync: () => ({ size: 20 * 1024 * 1024 + 1 }) })
                 return await api.addOriginal({ file: 'wxfile://tmp_1.png' }).then(() => 'taken', e => e.code)";
    assert_eq!(phone.run(large).await, "upload.too_large");
    assert_eq!(phone.seen(), [""; 0]);
}
