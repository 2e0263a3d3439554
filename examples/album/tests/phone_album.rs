//! The checked-in client, in QuickJS with a mini-program's globals, against the real router over real HTTP.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use album::{Album, api};
use futures_util::TryStreamExt;
use image::{DynamicImage, ImageFormat};
use queqiao::TestApp;
use queqiao::axum::extract::{Request, State};
use queqiao::axum::middleware::{Next, from_fn_with_state};
use queqiao::axum::response::Response;
use queqiao::serde_json::{Value, json};
use queqiao_quickjs_host::{Failure, Fault, Files, Host};

/// A socket, a client, and what the server sees of it.
struct Phone {
    app: TestApp,
    host: Host,
    door: Arc<Door>,
}

/// What every request to the server passes.
#[derive(Default)]
struct Door {
    seen: Mutex<Vec<String>>,
    /// Requests that are answered right now.
    inside: AtomicUsize,
    /// Waits so long before and after these requests, as `POST /photos`, are carried out.
    pause: Mutex<(&'static str, [Duration; 2])>,
}

impl Door {
    async fn pass(&self, request: Request, next: Next) -> Response {
        struct Inside<'a>(&'a AtomicUsize);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let asked = format!("{} {}", request.method(), request.uri().path());
        self.seen.lock().unwrap().push(asked.clone());
        self.inside.fetch_add(1, Ordering::SeqCst);
        let _inside = Inside(&self.inside);
        let [before, after] = match *self.pause.lock().unwrap() {
            (slow, pauses) if slow == asked => pauses,
            _ => [Duration::ZERO; 2],
        };
        tokio::time::sleep(before).await;
        let answer = next.run(request).await;
        tokio::time::sleep(after).await;
        answer
    }
}

impl Phone {
    async fn new(slow: &'static str) -> Self {
        Self::with(move |request| {
            (!slow.is_empty() && request.url.ends_with(slow)).then_some(Fault::Delay(Duration::from_secs(5)))
        })
        .await
    }

    async fn with(
        fault: impl Fn(&queqiao_quickjs_host::Request) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let app = TestApp::with(api(), Album::connect);
        let door: Arc<Door> = Arc::default();
        let pass = async |State(door): State<Arc<Door>>, request: Request, next: Next| {
            door.pass(request, next).await
        };
        let router = app.router().await.layer(from_fn_with_state(Arc::clone(&door), pass));
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
            .fault(fault)
            .start()
            .unwrap();
        let phone = Self { app, host, door };
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
        std::mem::take(&mut *self.door.seen.lock().unwrap())
    }

    /// The keys of all objects, and those that the listed photos name.
    async fn objects(&self) -> [BTreeSet<String>; 2] {
        let objects = self.app.boot().await.objects().clone();
        let keys: BTreeSet<_> =
            objects.list("").await.unwrap().map_ok(|key| key.to_string()).try_collect().await.unwrap();
        let named = self
            .run("return [].concat(...(await api.listPhotos()).items.map(photo => [photo.picture.url, photo.thumbnail.url]))")
            .await;
        let key = |url: &Value| {
            let (_, key) = url.as_str().unwrap().split_once("/objects/").unwrap();
            key.split('?').next().unwrap().to_owned()
        };
        [keys, named.as_array().unwrap().iter().map(key).collect()]
    }

    /// Waits until nothing is under way: every file is one of a photo, or lies in the bucket to be swept.
    async fn settled(&self) -> BTreeSet<String> {
        for _ in 0..500 {
            let [mut keys, named] = self.objects().await;
            keys.retain(|key| !key.starts_with("incoming/"));
            if keys == named && self.door.inside.load(Ordering::SeqCst) == 0 {
                return named;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("half a photo stays: {:?}", self.objects().await);
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
        let keys: Vec<_> = objects.list("").await.unwrap().try_collect().await.unwrap();
        assert_eq!(keys, [], "{slow}");
    }
}

/// Then the photo may be there in spite of it, but never a half of one.
#[tokio::test]
async fn an_abort_when_all_was_sent_leaves_a_whole_photo_or_none() {
    const LONG: Duration = Duration::from_secs(60);
    for (operation, request) in [("addPhoto", "POST /photos"), ("addOriginal", "POST /originals")] {
        let phone = Phone::new("").await;
        let mut whole = phone.settled().await;
        let begin = format!(
            "wx.call = api.{operation}({{ file: 'wxfile://tmp_1.png' }}, {{ onProgress: p => p.progress === 100 && wx.sent() }})
             wx.ended = wx.call.then(() => 'done', e => e.kind)"
        );
        // Before it is carried out, and when it has been.
        for (pauses, more) in [([LONG, Duration::ZERO], 0), ([Duration::ZERO, LONG], 2)] {
            *phone.door.pause.lock().unwrap() = (request, pauses);
            phone.seen();
            phone.run(&format!("wx.sent = () => {{}}; {begin}")).await;
            while !phone.door.seen.lock().unwrap().iter().any(|seen| seen == request)
                || phone.objects().await[1].len() < whole.len() + more
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(phone.run("wx.call.abort(); return await wx.ended").await, "abort");
            let now = phone.settled().await;
            assert_eq!(now.difference(&whole).count(), more, "{operation}");
            whole = now;
        }
        *phone.door.pause.lock().unwrap() = ("", [Duration::ZERO; 2]);
        // In its midst.
        for wait in [0, 3, 6, 10, 15, 25, 40, 80] {
            let sent = format!("wx.sent = () => setTimeout(() => wx.call.abort(), {wait})");
            let ended = phone.run(&format!("{sent}; {begin}; return await wx.ended")).await;
            let now = phone.settled().await;
            match (ended.as_str(), now.difference(&whole).count()) {
                (Some("abort"), 0 | 2) | (Some("done"), 2) => whole = now,
                other => panic!("{operation} {wait}: {other:?}"),
            }
        }
        phone.app.advance(Duration::from_secs(31 * 60));
        phone.app.sweep_files().await;
        let [keys, named] = phone.objects().await;
        assert_eq!((&keys, &named), (&whole, &whole), "{operation}");
        for key in whole {
            let url = phone.app.boot().await.files().url(&key.parse().unwrap()).await.unwrap().url;
            let (_, path) = url.split_once("/objects/").unwrap();
            let picture = phone.app.get(format!("/objects/{path}")).await;
            assert!(image::load_from_memory(&picture.body).is_ok(), "{operation} {key}");
        }
    }
}

#[tokio::test]
async fn an_original_whose_answer_is_lost_is_one_photo() {
    let lost = AtomicBool::new(false);
    let phone = Phone::with(move |request| {
        (request.url.ends_with("/originals") && !lost.swap(true, Ordering::SeqCst))
            .then(|| Fault::AnswerLost(Failure::new("request:fail timeout")))
    })
    .await;
    phone.run("await api.listPhotos()").await;
    phone.seen();
    let id = phone.run("return (await api.addOriginal({ file: 'wxfile://tmp_1.png' })).id").await;
    assert_eq!(phone.seen(), ["POST /uploads", "POST /uploads/bucket", "POST /originals", "POST /originals"]);
    assert_eq!(phone.run("return (await api.listPhotos()).items.map(photo => photo.id)").await, json!([id]));
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
