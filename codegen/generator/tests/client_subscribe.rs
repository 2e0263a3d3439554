//! `requestSubscribe`, executed in QuickJS over real HTTP.

mod checks;
#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::time::{Duration, Instant};

use phone::{document, eval};
use queqiao_codegen::{BaseUrl, Options, Part, Split, generate};
use queqiao_quickjs_host::Host;
use serde_json::{Value, json};
use server::Server;

/// `wx.requestSubscribeMessage` that answers `answer`, or fails with it if it has an errCode; `asked` are its calls, and
/// whether they came in the tap itself.
const WX: &str = "var asked = [], answer = {}, tapping = false;
    wx.requestSubscribeMessage = function (o) {
      asked.push([o.tmplIds, tapping]);
      var promise = answer.errCode ? Promise.reject(answer) : undefined;
      if (answer.errCode) o.fail(answer);
      else {
        var result = { errMsg: 'requestSubscribeMessage:ok' };
        o.tmplIds.forEach(function (id) { result[id] = answer[id] || 'reject'; });
        o.success(result);
      }
      return promise;
    };
    function tap(names) { tapping = true; var promise = api.requestSubscribe(names); tapping = false; return promise; }";

fn contract() -> Value {
    let mut document = document();
    let body =
        json!({ "required": true, "content": { "application/json": { "schema": { "type": "object" } } } });
    document["paths"]["/subscriptions/{report}"] = json!({ "put": {
        "operationId": "reportSubscription", "tags": ["auth"], "security": [{ "login": [] }], "requestBody": body,
        "parameters": [{ "in": "path", "name": "report", "required": true, "schema": { "type": "string" } }],
        "responses": { "200": { "description": "", "content": { "application/json": {} } } } } });
    document["x-queqiao-subscribe"] = json!({ "report": "reportSubscription",
        "templates": { "commented": "Somebody commented.", "paid": "" } });
    document
}

fn host(server: &Server, split: bool) -> Host {
    let split = split.then(|| Split { client: "./client".to_owned(), types: "./index".to_owned() });
    let options = Options { base_url: BaseUrl::One(server.url()), split, ..Options::default() };
    phone::of(&contract(), options).start().expect("a host")
}

/// Until the server has heard so many reports.
async fn reports(server: &Server, count: usize) -> Vec<(String, Value)> {
    let started = Instant::now();
    loop {
        let reports = server.book().reports.clone();
        if reports.len() >= count {
            return reports;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{reports:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_asks_at_once_and_the_server_is_told() {
    for split in [false, true] {
        let server = Server::start().await;
        server.book().templates = Some(json!({ "commented": "t1", "paid": "t2" }));
        let host = host(&server, split);
        // The login tells the ids.
        let login = if split { "await api.login({ code: 'c' })" } else { "await api.listTodos()" };
        let script = format!(
            "{WX} {login}; answer = {{ t1: 'accept' }};
            var told = await tap(['commented', 'paid']); return [told, asked];"
        );
        let expected = json!([{ "commented": "accept", "paid": "reject" }, [[["t1", "t2"], true]]]);
        assert_eq!(eval(&host, &script).await, expected);
        let (id, body) = reports(&server, 1).await.remove(0);
        assert!((1..=64).contains(&id.len()), "{id}");
        assert_eq!(body["answers"], json!({ "commented": "accept", "paid": "reject" }));
        assert!(body["age"].as_u64().is_some_and(|age| age < 20_000), "{body}");
    }
}

/// What the page learns, and how often WeChat was asked.
fn tapping(template: &str) -> String {
    format!(
        "{WX} answer = {{ t1: 'accept' }}; var told;
        try {{ told = await tap(['{template}']); }} catch (e) {{ told = [e.kind, e.operation, e.message]; }}
        return [told, asked]"
    )
}

/// WeChat was not asked: not in the tap, and not later either.
fn refused_in_the_tap(told: &Value, template: &str) {
    assert_eq!((&told[0][0], &told[0][1]), (&json!("validation"), &json!("wx.requestSubscribeMessage")));
    let text = told[0][2].as_str().unwrap_or_default();
    assert!(
        text.contains(&format!("No id for the template {template} yet")) && text.contains("at the next tap"),
        "{text}"
    );
    assert_eq!(told[1], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_known_yet_are_asked_for_and_serve_the_next_tap() {
    let server = Server::start().await;
    let host = host(&server, false);
    // The login tells none.
    server.book().templates = None;
    let script = "var kept = [], write = wx.setStorageSync;
        wx.setStorageSync = function (key, value) { kept.push([key, value]); return write.call(wx, key, value); };
        await api.listTodos(); return kept";
    let session = eval(&host, script).await[0].clone();
    server.book().templates = Some(json!({ "commented": "t1" }));
    refused_in_the_tap(&eval(&host, &tapping("commented")).await, "commented");
    let (_, learning) = reports(&server, 1).await.remove(0);
    assert_eq!(learning["answers"], json!({}));
    eval(&host, "await pause(300); return 0").await;
    let expected = json!([{ "commented": "accept" }, [[["t1"], true]]]);
    assert_eq!(eval(&host, &tapping("commented")).await, expected);
    // What the server has no id for cannot be asked; and no report is made of it.
    refused_in_the_tap(&eval(&host, &tapping("paid")).await, "paid");
    assert!(reports(&server, 3).await.iter().all(|(_, body)| body["answers"].get("paid").is_none()));

    // A session of an earlier version of the client learns them before any tap.
    let later = self::host(&server, false);
    let script = format!(
        "wx.setStorageSync({}, {}); await api.listTodos(); await pause(300); return 0",
        session[0], session[1]
    );
    eval(&later, &script).await;
    assert_eq!(eval(&later, &tapping("commented")).await, expected);
    assert_eq!(server.book().codes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_try_says_how_old_the_answer_is_by_then() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    eval(&host, "await api.listTodos(); return 0").await;
    server.book().failing_reports = [503].into();
    eval(&host, &tapping("commented")).await;
    let told = reports(&server, 2).await;
    let age = |one: &(String, Value)| one.1["age"].as_u64().expect("an age");
    assert_eq!(told[0].0, told[1].0);
    assert!(age(&told[1]) >= age(&told[0]) + 200, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_fails_brings_no_old_ids_back() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    eval(&host, "api.configure({ retries: 0 }); await api.listTodos(); return 0").await;
    server.book().failing_reports = [503].into();
    eval(&host, &tapping("commented")).await;
    reports(&server, 1).await;
    eval(&host, "await pause(200); return 0").await;
    // Of two reports the first brings other ids, and the second fails after that.
    server.book().templates = Some(json!({ "commented": "t9" }));
    let script = format!(
        "var request = wx.request, puts = 0;
        wx.request = function (o) {{
          if (o.method !== 'PUT' || !puts++) return request.call(wx, o);
          setTimeout(function () {{ o.fail({{ errMsg: 'request:fail' }}); }}, 300);
        }};
        {WX} answer = {{ t1: 'accept' }}; await tap(['commented']); await pause(900); wx.request = request;
        asked = []; await tap(['commented']); return [puts, asked]"
    );
    assert_eq!(eval(&host, &script).await, json!([2, [[["t9"], true]]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_fails_is_told_again_with_the_next() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    eval(&host, "api.configure({ retries: 0 }); await api.listTodos(); return 0").await;
    server.book().failing_reports = [503, 503, 422].into();
    let script =
        |answer: &str| format!("{WX} answer = {{ t1: '{answer}' }}; return await tap(['commented'])");
    // The page learns the answer, whatever becomes of the report.
    assert_eq!(eval(&host, &script("accept")).await, json!({ "commented": "accept" }));
    let first = reports(&server, 1).await.remove(0);
    eval(&host, "await pause(200); return 0").await;
    eval(&host, &script("reject")).await;
    let told = reports(&server, 3).await;
    let again = told[1..].iter().find(|(id, _)| *id == first.0).expect("the first once more");
    assert_eq!(again.1["answers"], json!({ "commented": "accept" }));
    assert!(again.1["age"].as_u64() >= Some(200), "{again:?}");
    // Of these two one failed, and one was refused: so the refused is told no more.
    eval(&host, "await pause(200); return 0").await;
    eval(&host, &script("accept")).await;
    eval(&host, "await pause(300); return 0").await;
    assert_eq!(reports(&server, 5).await.len(), 5, "{:?}", server.book().reports);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_keep_each_others_answers() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    server.book().failing_reports = [503, 503, 503].into();
    let script = format!(
        "{WX} answer = {{ t1: 'accept' }}; var other = load(), kept, write = wx.setStorageSync;
        if (other === api) throw new Error('no copy');
        wx.setStorageSync = function (key, value) {{
          if (/subscribe/.test(key)) kept = JSON.stringify(value);
          return write.call(wx, key, value);
        }};
        api.configure({{ retries: 0 }}); other.configure({{ retries: 0 }});
        await api.listTodos(); await other.requestSubscribe(['commented']); await pause(300);
        await api.requestSubscribe(['commented']); await pause(300);
        return JSON.parse(kept).r.length"
    );
    assert_eq!(eval(&host, &script).await, json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_wechat() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    eval(&host, "await api.listTodos(); return 0").await;
    // All messages are switched off: an answer like another.
    let script = format!(
        "{WX} answer = {{ errCode: 20004, errMsg: 'requestSubscribeMessage:fail' }};
        var told = await tap(['commented']); await pause(1); return told"
    );
    assert_eq!(eval(&host, &script).await, json!({ "commented": "reject" }));
    // The promise that Taro gives beside the callbacks fails too, and is dealt with.
    assert_eq!(host.counts().unhandled, 0);
    let failing = |code: u32| {
        format!(
            "{WX} answer = {{ errCode: {code}, errMsg: 'requestSubscribeMessage:fail' }};
            try {{ await tap(['commented']); }} catch (e) {{ return [e.kind, e.errno, e.operation]; }}"
        )
    };
    let expected = |code: u32| json!(["validation", code, "wx.requestSubscribeMessage"]);
    assert_eq!(eval(&host, &failing(10005)).await, expected(10005));
    // The template is gone: its successor is there for the next tap.
    server.book().templates = Some(json!({ "commented": "t9" }));
    assert_eq!(eval(&host, &failing(20001)).await, expected(20001));
    eval(&host, "await pause(300); return 0").await;
    let script = format!(
        "{WX} answer = {{ t9: 'accept' }}; var told = await tap(['commented']); return [told, asked[0]]"
    );
    assert_eq!(eval(&host, &script).await, json!([{ "commented": "accept" }, [["t9"], true]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_answer_twice_or_say_nothing() {
    let server = Server::start().await;
    server.book().templates = Some(json!({ "commented": "t1" }));
    let host = host(&server, false);
    eval(&host, "await api.listTodos(); return 0").await;
    let script = "wx.requestSubscribeMessage = function (o) { o.success({ t1: 'accept' }); o.success({ t1: 'accept' }); };
        var told = await api.requestSubscribe(['commented']); await pause(300); return told";
    assert_eq!(eval(&host, script).await, json!({ "commented": "accept" }));
    assert_eq!(reports(&server, 1).await.len(), 1);
    let script = "wx.requestSubscribeMessage = function (o) { setTimeout(function () { o.fail(); }, 1); };
        try { await api.requestSubscribe(['commented']); } catch (e) { return e.kind; }";
    assert_eq!(eval(&host, script).await, "validation");
}

#[test]
fn only_contracts_with_templates_carry_it() {
    let options = Options { base_url: BaseUrl::One("https://x.example".to_owned()), ..Options::default() };
    let client = generate(&contract(), &options).expect("a client");
    let types = &client.files["index.d.ts"];
    assert!(types.contains("/** Somebody commented. */\n  | 'commented'\n  | 'paid';"), "{types}");
    assert!(types.contains("export function requestSubscribe<T extends SubscribeTemplate>("));
    assert!(checks::mistakes("index.d.ts", types).is_empty(), "{:?}", checks::mistakes("index.d.ts", types));
    for (document, without) in [(document(), vec![]), (contract(), vec![Part::Subscribe])] {
        let client =
            generate(&document, &Options { without: without.into_iter().collect(), ..options.clone() })
                .expect("a client");
        for (name, text) in &client.files {
            assert!(!text.contains("requestSubscribe"), "{name}");
        }
    }
    let mut wrong = contract();
    wrong["x-queqiao-subscribe"]["report"] = json!("addTodo");
    let told = generate(&wrong, &options).expect_err("no report").to_string();
    assert!(told.contains("/x-queqiao-subscribe/report") && told.contains("addTodo"), "{told}");
}
