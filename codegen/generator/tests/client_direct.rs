//! An upload past the server, executed in QuickJS over real HTTP: begin, bucket, confirm.

#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::time::Duration;

use phone::{count, document, error, eval, host, plan};
use queqiao_codegen::{GenerateError, Options, generate};
use queqiao_quickjs_host::{Failure, Fault};
use serde_json::{Value, json};
use server::Server;

/// Eight bytes, as many as the contract allows.
const FILE: &str = "var fs = wx.getFileSystemManager(), file = 'wxfile://tmp/a.JPG'; fs.writeFileSync(file, 'pixels汉'.slice(0, 6) + '12');";

/// What `POST /uploads` answers next.
fn form(server: &Server, url: &'static str) {
    let body = json!({ "upload": "u-1", "url": url, "file": "data",
        "fields": { "key": "incoming/u-1", "policy": "p", "x-amz-signature": "s" } });
    plan(server, "POST /uploads", &[(201, &[], Box::leak(body.to_string().into_boxed_str()))]);
}

async fn upload(host: &queqiao_quickjs_host::Host, rest: &str) -> Value {
    eval(host, &format!("{FILE} {rest}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_is_the_whole_round() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    form(&server, "/echo/bucket");
    let script = "var progress = [], answers = [], seen = [];
        api.configure({ header: { 'X-App': 'secret' }, onRequest: function (r) { seen.push([r.method, r.url.replace(/.*:\\d+/, ''), r.header]); } });
        var echo = await api.addPhoto({ album: '家' }, { picture: file, title: '汉' }, {
          query: { first: true }, onProgress: function (p) { progress.push(p.progress); },
          onResponse: function (r) { answers.push(r.operation); } });
        return { echo: echo, progress: progress, answers: answers, seen: seen };";
    let result = upload(&host, script).await;
    // The operation's own call tells of the upload, and repeats as one.
    let echo = &result["echo"];
    assert_eq!(echo["body"].as_str().map(parsed), Some(json!({ "upload": "u-1", "title": "汉" })));
    assert!(echo["header"]["idempotency-key"].is_string(), "{echo}");
    assert_eq!(result["progress"], json!([100]));
    assert_eq!(result["answers"], json!(["POST /echo/albums/{album}"]));
    let seen = result["seen"].as_array().expect("requests");
    // The first is the login.
    let paths: Vec<&Value> = seen[1..].iter().map(|one| &one[1]).collect();
    assert_eq!(
        paths,
        [&json!("/uploads"), &json!("/echo/bucket"), &json!("/echo/albums/%E5%AE%B6?first=true")]
    );
    assert_eq!(seen[2][2], json!({}), "no token and no header of the app's is for the bucket");
    assert_eq!(seen[1][2]["X-App"], "secret");
    let begun = host.eval_async("return 0").await;
    assert!(begun.is_ok());
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_gets_the_fields_and_then_the_file() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| {
            if request.url.ends_with("/bucket") {
                let bytes = request.bytes.clone().unwrap_or_default();
                let body = String::from_utf8(bytes).expect("text");
                let places: Vec<usize> = [
                    "name=\"key\"\r\n\r\nincoming/u-1",
                    "name=\"x-amz-signature\"",
                    "name=\"data\"; filename=",
                    "pixels12",
                ]
                .iter()
                .map(|part| body.find(part).unwrap_or_else(|| panic!("{part}: {body}")))
                .collect();
                assert!(places.is_sorted(), "{body}");
            }
            None
        })
        .start()
        .expect("a host");
    form(&server, "/echo/bucket");
    upload(&host, "return await api.addPhoto({ album: 'a' }, { picture: file })").await;
    assert_eq!(count(&server, "POST /echo/bucket"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_never_sent() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "wx.getFileSystemManager().writeFileSync('wxfile://b', '123456789');
        var told = []; api.configure({ onError: function (e) { told.push(e.code); } });
        try { await api.addPhoto({ album: 'a' }, { picture: 'wxfile://b' }); } catch (e) { return [e.kind, e.code, e.detail, e.operation, told]; }";
    let expected =
        json!(["validation", "upload.too_large", "9 > 8", "POST /echo/albums/{album}", ["upload.too_large"]]);
    assert_eq!(eval(&host, script).await, expected);
    assert_eq!(server.total(), 0);
    // Where the host tells no size, the server decides.
    form(&server, "/echo/bucket");
    let script = "var whole = wx.getFileSystemManager; wx.getFileSystemManager = undefined;
        await api.addPhoto({ album: 'a' }, { picture: 'wxfile://b' }); return 0;";
    eval(&host, script).await;
    assert_eq!(count(&server, "POST /echo/bucket"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_fails_with_its_own_error() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let call = format!("{FILE} await api.addPhoto({{ album: 'a' }}, {{ picture: file }})");
    let refusal = r#"{"code":"upload.kind","title":"no photo"}"#;
    plan(&server, "POST /uploads", &[(422, &[], refusal)]);
    let failure = error(&host, &call).await;
    assert_eq!((&failure["code"], &failure["status"]), (&json!("upload.kind"), &json!(422)));
    assert_eq!(count(&server, "POST /echo/bucket"), 0);

    // A bucket's refusal has no word of ours, and is no lost login.
    form(&server, "/echo/bucket");
    plan(&server, "POST /echo/bucket", &[(403, &[], "<Error><Code>AccessDenied</Code></Error>")]);
    let failure = error(&host, &call).await;
    assert_eq!(
        (&failure["kind"], &failure["code"], &failure["status"], &failure["operation"]),
        (&json!("http"), &json!("http"), &json!(403), &json!("POST /echo/albums/{album}"))
    );
    assert_eq!(count(&server, "POST /echo/albums/a"), 0);

    form(&server, "/echo/bucket");
    plan(&server, "POST /echo/albums/a", &[(409, &[], r#"{"code":"album.full","title":"full"}"#)]);
    assert_eq!(error(&host, &call).await["code"], "album.full");

    plan(&server, "POST /uploads", &[(201, &[], "null")]);
    assert_eq!(error(&host, &call).await["kind"], "parse");
    assert_eq!(
        eval(
            &host,
            "try { await api.addPhoto({ album: 'a' }, {}); } catch (e) { return api.addPhoto.failed(e) }"
        )
        .await,
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_on_the_way_is_repeated() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    form(&server, "/echo/bucket");
    plan(&server, "POST /echo/bucket", &[(503, &[], "")]);
    plan(&server, "POST /echo/albums/a", &[(503, &[], "")]);
    let echo = upload(&host, "return await api.addPhoto({ album: 'a' }, { picture: file })").await;
    assert_eq!((count(&server, "POST /echo/bucket"), count(&server, "POST /echo/albums/a")), (2, 2));
    // Under one key: the server answers the second as it did the first.
    let first = &server
        .book()
        .seen
        .iter()
        .filter_map(|seen| seen["header"]["idempotency-key"].as_str())
        .next()
        .map(str::to_owned);
    assert_eq!(first.as_deref(), echo["header"]["idempotency-key"].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_at_any_step() {
    for (step, at) in ["/uploads", "/echo/bucket", "/echo/albums/a"].into_iter().enumerate() {
        let server = Server::start().await;
        let host = host(&server)
            .fault(move |request| request.url.ends_with(at).then_some(Fault::Delay(Duration::from_secs(5))))
            .start()
            .expect("a host");
        form(&server, "/echo/bucket");
        let script = format!(
            "{FILE} var busy = []; api.configure({{ loadingDelay: 0, onLoading: function (on) {{ busy.push(on); }}, onRequest: function (r) {{
               if (/{}$/.test(r.url)) setTimeout(function () {{ call.abort(); }}, 20);
             }} }});
             var call = api.addPhoto({{ album: 'a' }}, {{ picture: file }});
             try {{ await call; }} catch (e) {{ await new Promise(function (r) {{ setTimeout(r, 50); }}); call.abort(); return [e.kind, e.operation, busy]; }}",
            at.replace('/', "\\/")
        );
        let ended = eval(&host, &script).await;
        assert_eq!(ended, json!(["abort", "POST /echo/albums/{album}", [true, false]]), "{at}");
        let reached = ["POST /uploads", "POST /echo/bucket", "POST /echo/albums/a"];
        for later in &reached[step + 1..] {
            assert_eq!(count(&server, later), 0, "{later} after an abort at {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_network_is_told_as_such() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| {
            request
                .url
                .ends_with("/bucket")
                .then(|| Fault::Unsent(Failure::new("uploadFile:fail timeout").errno(5)))
        })
        .start()
        .expect("a host");
    form(&server, "/echo/bucket");
    let script =
        format!("{FILE} await api.addPhoto({{ album: 'a' }}, {{ picture: file }}, {{ retries: 0 }})");
    let failure = error(&host, &script).await;
    assert_eq!((&failure["kind"], &failure["retryable"]), (&json!("timeout"), &json!(true)));
}

#[test]
fn it_begins_with_an_operation_that_is_there() {
    let mut document = document();
    let direct = "/paths/~1echo~1albums~1{album}/post/requestBody/x-queqiao-direct";
    document.pointer_mut(direct).expect("it is there")["begin"] = json!("nothing");
    let error = generate(&document, &Options::default()).expect_err("no such operation");
    let GenerateError::Malformed { pointer, .. } = &error else { panic!("{error}") };
    assert_eq!(pointer, &format!("{direct}/begin"));
}
