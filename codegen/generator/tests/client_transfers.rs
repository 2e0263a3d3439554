//! Uploads, downloads, bytes, dates and containers, executed in QuickJS over real HTTP.

#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::time::Duration;

use phone::{count, document, error, eval, host, plan, with};
use queqiao_codegen::{Container, Options, generate};
use queqiao_quickjs_host::{Failure, Fault};
use serde_json::{Value, json};
use server::Server;

const FILE: &str = "var fs = wx.getFileSystemManager(); fs.writeFileSync('wxfile://tmp/a', 'pixels');";

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_a_call_like_others() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = format!(
        "{FILE} var progress = [];
         var echo = await api.avatar({{ picture: 'wxfile://tmp/a', title: '汉', tags: {{ a: [1] }}, at: new Date(0), none: undefined, no: null }},
           {{ header: {{ 'X-A': 1 }}, onProgress: function (p) {{ progress.push(p.progress); }} }});
         return [echo.method, echo.header['x-a'], echo.header['content-type'].slice(0, 19), progress, echo.body];"
    );
    let result = eval(&host, &script).await;
    assert_eq!(
        result.as_array().map(|r| r[..4].to_vec()),
        Some(vec![json!("POST"), json!("1"), json!("multipart/form-data"), json!([100])])
    );
    let body = result[4].as_str().expect("a body");
    for part in [
        "name=\"picture\"; filename=",
        "pixels",
        "name=\"title\"\r\n\r\n汉\r\n",
        "name=\"tags\"\r\n\r\n{\"a\":[1]}\r\n",
        "name=\"at\"\r\n\r\n1970-01-01T00:00:00.000Z\r\n",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(!body.contains("none") && !body.contains("name=\"no\""), "{body}");
    plan(&server, "POST /echo/avatar", &[(413, &[], r#"{"code":"too.large","title":"Too large"}"#)]);
    let failure = error(&host, "await api.avatar({ picture: 'wxfile://tmp/a' })").await;
    assert_eq!((&failure["code"], &failure["status"]), (&json!("too.large"), &json!(413)));
    // It is never sent twice, and a file that is not there is an error of the call.
    plan(&server, "POST /echo/avatar", &[(503, &[], "")]);
    let before = count(&server, "POST /echo/avatar");
    error(&host, "await api.avatar({ picture: 'wxfile://tmp/a' })").await;
    assert_eq!(count(&server, "POST /echo/avatar"), before + 1);
    assert_eq!(error(&host, "await api.avatar({ picture: 'wxfile://gone' })").await["kind"], "network");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_downloads_and_requests_stand_in_one_queue() {
    let server = Server::start().await;
    let host =
        host(&server).fault(|_| Some(Fault::Delay(Duration::from_millis(100)))).start().expect("a host");
    let script = format!(
        "{FILE} var calls = [];
         for (var i = 0; i < 8; i++) calls.push(api.avatar({{ picture: 'wxfile://tmp/a' }}), api.picture.download(), api.submit({{}}));
         calls[20].abort(); calls[0].abort();
         var results = await settled(calls);
         return results.filter(function (r) {{ return r.value; }}).length;"
    );
    assert_eq!(eval(&host, &script).await, 22);
    assert_eq!((host.counts().most_in_flight, host.counts().over_limit), (10, 0));
    assert_eq!(count(&server, "POST /echo"), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multipart_body_without_a_file() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let echo =
        eval(&host, "return await api.note({ title: '汉\\r\\n', tags: { a: 1 }, picture: undefined })").await;
    let media = echo["header"]["content-type"].as_str().expect("a media type");
    let boundary = media.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n汉\r\n\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"tags\"\r\n\r\n{{\"a\":1}}\r\n--{boundary}--\r\n"
    );
    assert_eq!(echo["body"], expected);
    let script = format!(
        "{FILE} return (await api.note({{ title: 'a', picture: 'wxfile://tmp/a' }})).body.indexOf('pixels') > 0"
    );
    assert_eq!(eval(&host, &script).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_gives_the_path_and_leaves_no_error_in_a_file() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /bytes", &[(200, &[], "first"), (200, &[], "second")]);
    let script = "var fs = wx.getFileSystemManager(), temporary = await api.picture.download();
        var kept = await api.picture.download({}, { filePath: 'wxfile://usr/a.png' });
        return [fs.readFileSync(temporary, 'utf8'), kept, fs.readFileSync(kept, 'utf8'), Object.keys(wx.test.files).length];";
    assert_eq!(eval(&host, script).await, json!(["first", "wxfile://usr/a.png", "second", 2]));
    let refusal = r#"{"code":"picture.gone","title":"没有了"}"#;
    let id: &[_] = &[("x-request-id", "r1")];
    plan(&server, "GET /bytes", &[(404, id, refusal), (404, id, refusal), (500, &[], "<html>")]);
    for options in ["{}", "{ filePath: 'wxfile://usr/a.png' }"] {
        let failure = error(&host, &format!("await api.picture.download({{}}, {options})")).await;
        assert_eq!(
            (&failure["code"], &failure["title"], &failure["status"], &failure["requestId"]),
            (&json!("picture.gone"), &json!("没有了"), &json!(404), &json!("r1"))
        );
    }
    assert_eq!(error(&host, "await api.picture.download()").await["code"], "http");
    // The user's file is as it was, and nothing else is there.
    let script = "return [wx.test.files['wxfile://usr/a.png'], Object.keys(wx.test.files).length]";
    assert_eq!(eval(&host, script).await, json!(["second", 2]));
    // Repeated like any read.
    plan(&server, "GET /bytes", &[(503, &[], "")]);
    eval(&host, "await api.picture.download()").await;
    assert_eq!(eval(&host, "return Object.keys(wx.test.files).length").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_fail_and_end_like_requests() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|_| Some(Fault::Unsent(Failure::new("uploadFile:fail timeout").errno(5))))
        .start()
        .expect("a host");
    let script = format!("{FILE} await api.avatar({{ picture: 'wxfile://tmp/a' }})");
    let failure = error(&host, &script).await;
    assert_eq!(
        (&failure["kind"], &failure["errno"], &failure["retryable"]),
        (&json!("timeout"), &json!(5), &json!(false))
    );
    let failure = error(&host, "await api.picture.download({}, { retries: 0 })").await;
    assert_eq!((&failure["kind"], &failure["retryable"]), (&json!("timeout"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_as_they_are() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    eval(&host, "await api.raw(new Uint8Array([0, 255, 128]).buffer)").await;
    assert_eq!(host.requests().pop().and_then(|request| request.bytes), Some(vec![0, 255, 128]));
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_of_every_form() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    // As iOS does, the host's own Date knows one form only.
    let strict = "var Real = Date, form = /^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)$/;
        Date = function (a, b, c, d, e, f, g) {
          if (arguments.length < 2) return typeof a === 'string' && !form.test(a) ? new Real(NaN) : new Real(a);
          return new Real(a, b, c, d, e, f, g || 0);
        };";
    let moments = [
        "2024-01-01T12:00:00+08:00",
        "2024-01-01T12:00:00+0800",
        "2024-01-01 12:00:00+08:00",
        "2024-01-01 12:00:00 +0800",
        "2024-01-01t04:00:00z",
        "2024-01-01T04:00:00.000Z",
        "2023-12-31T23:00:00-05:00",
        "2024-01-01T04:00Z",
        "2024-01-01T04:00:00.000000Z",
        "2024-01-01 12:00:00+08",
        "2023-12-31T23:00-05",
        "2024-01-01T12:00 +08:00",
        "2024-01-01 04:00:00 z",
    ];
    for text in moments {
        let script =
            format!("{strict} try {{ return api.parseDate('{text}').getTime() }} finally {{ Date = Real }}");
        assert_eq!(eval(&host, &script).await, 1_704_081_600_000_i64, "{text}");
    }
    for (text, local) in [
        ("2024-01-15", "2024, 0, 15"),
        ("2024-01-15 10:20:30", "2024, 0, 15, 10, 20, 30"),
        ("2024-01-15T10:20", "2024, 0, 15, 10, 20"),
        ("2024-01-15T10:20:30.25", "2024, 0, 15, 10, 20, 30, 250"),
        ("2024-01-15t10:20:30.123456", "2024, 0, 15, 10, 20, 30, 123"),
        ("2024/1/5 9:05", "2024, 0, 5, 9, 5"),
    ] {
        let script = format!("return api.parseDate('{text}').getTime() === new Date({local}).getTime()");
        assert_eq!(eval(&host, &script).await, true, "{text}");
    }
    for text in ["", "soon", "undefined"] {
        assert_eq!(eval(&host, &format!("return isNaN(api.parseDate('{text}'))")).await, true, "{text}");
    }
}

fn container() -> Options {
    Options {
        container: Some(Container { env: "prod-1".into(), service: "todo".into() }),
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_called_in_place_of_a_base_url() {
    let server = Server::start().await;
    let host = with(&server, container()).start().expect("a host");
    let set = format!("wx.test.container = '{}';", server.url());
    let script = format!(
        "{set} var seen = [], call = wx.cloud.callContainer;
         wx.cloud.callContainer = function (o) {{ seen.push(o.config.env, o.header['X-WX-SERVICE'], o.path, o.timeout); return call(o); }};
         var echo = await api.submit({{ a: 1 }}, {{ query: {{ q: '汉' }} }});
         await api.listTodos({{}}, {{ timeout: 60000 }});
         return [echo.body, echo.query, seen, Object.keys(wx.__queqiao.s)];"
    );
    let expected = json!([
        "{\"a\":1}",
        "q=%E6%B1%89",
        [
            "prod-1",
            "todo",
            "/echo?q=%E6%B1%89",
            15000,
            "prod-1",
            "todo",
            "/auth/login",
            15000,
            "prod-1",
            "todo",
            "/todos",
            15000
        ],
        ["queqiao:todo prod-1/todo"]
    ]);
    assert_eq!(eval(&host, &script).await, expected);
    let large = "await api.submit({ text: new Array(34200).join('汉') })";
    let failure = error(&host, large).await;
    assert_eq!(failure["kind"], "validation");
    assert!(failure["detail"].as_str().is_some_and(|text| text.contains("100 KiB")), "{failure}");
    eval(&host, "await api.submit({ text: new Array(34100).join('汉') })").await;
    // The base URL again, by configuration.
    assert_eq!(
        eval(&host, "api.configure({ container: null }); return (await api.submit(1)).method").await,
        "POST"
    );
}

#[test]
fn what_a_container_cannot_take_is_left_out() {
    let client = generate(&document(), &container()).expect("a client");
    let left_out: Vec<&str> = client.left_out.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(left_out, ["POST /echo/albums/{album}", "POST /echo/avatar", "POST /echo/note"]);
    assert!(!client.files["index.d.ts"].contains("function download"));
}

#[test]
fn of_several_files_a_call_sends_one() {
    let file = json!({ "type": "string", "format": "binary" });
    let operation = |required: Value, properties: Value| {
        json!({ "post": { "responses": {}, "requestBody": { "content": { "multipart/form-data": {
            "schema": { "type": "object", "required": required, "properties": properties } } } } } })
    };
    let document = json!({ "openapi": "3.0.0", "info": { "title": "a", "version": "1" }, "paths": {
        "/two": operation(json!(["a", "b"]), json!({ "a": file, "b": file })),
        "/spare": operation(json!(["b"]), json!({ "a": file, "b": file, "c": { "type": "string" } })),
        "/many": operation(json!(["a"]), json!({ "a": { "type": "array", "items": file, "minItems": 2 } })),
        "/list": operation(json!([]), json!({ "a": { "type": "array", "items": file } })),
        "/texts": operation(json!(["a"]), json!({ "a": file, "tags": { "type": "array", "items": { "type": "string" } } })),
        "/optional": operation(json!([]), json!({ "a": { "anyOf": [file, { "type": "null" }] } })),
        "/media": { "post": { "responses": {}, "requestBody": { "content": { "multipart/form-data": {
            "schema": { "properties": { "a": {}, "b": { "type": "object" } } },
            "encoding": { "a": { "contentType": "image/png, image/jpeg" } } } } } } },
        "/put": { "put": operation(json!([]), json!({ "a": file }))["post"] },
    } });
    let client = generate(&document, &Options::default()).expect("a client");
    let left_out: Vec<&str> = client.left_out.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        left_out,
        [
            "POST /many",
            "PUT /put",
            "POST /spare: the member a of the body",
            "POST /texts: the member tags of the body",
            "POST /two"
        ]
    );
    let types = &client.files["index.d.ts"];
    for declared in [
        "function postSpare(body?: {\n  /** @format binary */\n  b: FilePath;\n  c?: string;\n}, options?: TransferOptions)",
        "function postList(body?: { a?: FilePath }, options?: TransferOptions)",
        "function postOptional(body?: { a?: FilePath }, options?: TransferOptions)",
        "function postMedia(body?: {\n  a?: FilePath;\n  b?: { [key: string]: unknown };\n}, options?: TransferOptions)",
    ] {
        assert!(types.contains(declared), "{declared}\n{types}");
    }
    assert!(
        client.notes.iter().any(|note| note.contains("a call sends one of these files")),
        "{:?}",
        client.notes
    );
}
