//! The emitted client executed in QuickJS, over real HTTP.

mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use queqiao_codegen::{BaseUrl, Options, generate};
use queqiao_quickjs_host::{Failure, Fault, Files, Host, HostError, Setup};
use serde_json::{Value, json};
use server::Server;

const TODO: &str = include_str!("data/todo.json");
const SHAPES: &str = include_str!("data/shapes.json");

fn client(document: &str, base_url: BaseUrl) -> Files {
    let document = serde_json::from_str(document).expect("JSON");
    generate(&document, &Options { base_url, ..Options::default() }).expect("a client").files.into()
}

/// A host with the client of a document; `wx.login` gives code-1, code-2 …
fn host(document: &str, server: &Server) -> Setup {
    let next = Arc::new(AtomicUsize::new(1));
    Host::new(client(document, BaseUrl::One(server.url()))).login(move || {
        let code = format!("code-{}", next.fetch_add(1, Ordering::SeqCst));
        async move { Ok(code) }
    })
}

async fn eval(host: &Host, body: &str) -> Value {
    let result = tokio::time::timeout(Duration::from_secs(30), host.eval_async(body)).await;
    result.expect("an end within 30 seconds").unwrap_or_else(|error| panic!("{error}"))
}

async fn error(host: &Host, body: &str) -> Value {
    let result = tokio::time::timeout(Duration::from_secs(30), host.eval_async(body)).await;
    match result.expect("an end within 30 seconds") {
        Err(HostError::Thrown(error)) => error,
        other => panic!("expected an error, found {other:?}"),
    }
}

/// Gives the session a token that the server does not know any more.
const EXPIRE: &str = "await api.listTodos();";

fn expire(server: &Server) {
    server.book().tokens.clear();
    server.book().requests.clear();
}

const ALL_SETTLED: &str = "
    function settled(promises) {
      return Promise.all(promises.map(function (promise) {
        return promise.then(function (value) { return { value: value }; }, function (error) {
          return { kind: error.kind, code: error.code, title: error.title, same: error };
        });
      }));
    }
    function count(results, name) { return results.filter(function (r) { return r[name] !== undefined; }).length; }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reads_with_an_expired_token_make_one_login() {
    for late in [false, true] {
        let server = Server::start().await;
        let setup = host(TODO, &server);
        let host = if late { setup.late_promises() } else { setup }.start().expect("a host");
        eval(&host, EXPIRE).await;
        expire(&server);
        let script = format!(
            "{ALL_SETTLED} var calls = [];
             for (var i = 0; i < 100; i++) calls.push(api.getTodo({{ id: 'n' + i }}));
             var results = await settled(calls);
             return results.every(function (r, i) {{ return r.value && r.value.title === 'n' + i; }});"
        );
        assert_eq!(eval(&host, &script).await, json!(true));
        assert_eq!(server.book().requests.get("POST /auth/login"), Some(&1));
        assert!(server.total() <= 111, "{} requests", server.total());
        let counts = host.counts();
        assert_eq!((counts.most_in_flight, counts.over_limit, counts.logins), (10, 0, 2));
        assert_eq!(host.log(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_writes_with_an_expired_token_are_carried_out_once_each() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    eval(&host, EXPIRE).await;
    expire(&server);
    let script = format!(
        "{ALL_SETTLED} var calls = [];
         for (var i = 0; i < 100; i++) calls.push(api.addTodo({{ title: 'n' + i }}));
         return count(await settled(calls), 'value');"
    );
    assert_eq!(eval(&host, &script).await, json!(100));
    let mut added = server.book().added.clone();
    assert_eq!(added.len(), 100);
    added.sort();
    added.dedup();
    assert_eq!(added.len(), 100);
    assert_eq!(server.book().requests.get("POST /auth/login"), Some(&1));
    assert!(server.total() <= 111, "{} requests", server.total());
    assert_eq!(host.counts().over_limit, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_refuses_an_eleventh_request() {
    // Proves that the tests above can fail: without its queue the client is refused.
    let server = Server::start().await;
    let host = host(TODO, &server).limit(5).start().expect("a host");
    let script = format!(
        "{ALL_SETTLED} await api.listTodos(); var calls = [];
         for (var i = 0; i < 20; i++) calls.push(api.getTodo({{ id: 'n' + i }}, {{ retries: 0 }}));
         return count(await settled(calls), 'kind') > 0;"
    );
    assert_eq!(eval(&host, &script).await, json!(true));
    assert!(host.counts().over_limit > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_share_login_and_queue() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let script = format!(
        "{ALL_SETTLED} var other = load(); if (other === api) throw new Error('no copy'); var calls = [];
         for (var i = 0; i < 30; i++) calls.push((i % 2 ? api : other).getTodo({{ id: 'n' + i }}));
         return count(await settled(calls), 'value');"
    );
    assert_eq!(eval(&host, &script).await, json!(30));
    assert_eq!(server.book().codes.len(), 1);
    let counts = host.counts();
    assert_eq!((counts.logins, counts.over_limit), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_login_fails_all_waiters_alike_and_the_next_call_logs_in_anew() {
    let server = Server::start().await;
    server.book().failing_logins = 3;
    let host = host(TODO, &server).start().expect("a host");
    let script = format!(
        "{ALL_SETTLED} var other = load(), results = await settled([api.listTodos(), other.listTodos(), api.addTodo({{ title: 'a' }})]);
         var guarded = api.addTodo.failed(results[0].same) && other.listTodos.failed(results[0].same);
         var next = await api.listTodos();
         return [results[0].code, results[0].same === results[1].same, results[1].same === results[2].same, guarded,
                 results[0].same.retryable, next.items.length];"
    );
    assert_eq!(eval(&host, &script).await, json!(["wechat.busy", true, true, true, true, 1]));
    // Repeated twice, with a new code each time.
    assert_eq!(server.book().codes, ["code-1", "code-2", "code-3", "code-4"]);
    assert!(server.book().added.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_login_does_not_send_the_code_again() {
    let server = Server::start().await;
    let host = host(TODO, &server)
        .fault(|request| {
            let first = request.index == 0;
            first.then(|| Fault::AnswerLost(Failure::new("request:fail interrupted").errno(600_003)))
        })
        .start()
        .expect("a host");
    let script = "api.configure({ retries: 0 }); return await api.listTodos()";
    let failure = error(&host, script).await;
    assert_eq!((&failure["kind"], &failure["errno"]), (&json!("interrupted"), &json!(600_003)));
    eval(&host, "return await api.listTodos()").await;
    assert_eq!(server.book().codes, ["code-1", "code-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wx_login_that_fails_or_throws() {
    let server = Server::start().await;
    let setup = Host::new(client(TODO, BaseUrl::One(server.url())));
    let host = setup
        .login(|| async { Err(Failure::new("login:fail system error").errno(1)) })
        .start()
        .expect("a host");
    let failure = error(&host, "return await api.listTodos()").await;
    assert_eq!((&failure["kind"], &failure["code"]), (&json!("auth"), &json!("auth")));
    assert_eq!(failure["detail"], "login:fail system error");
    for provider in
        ["function () { throw new Error('no code') }", "function () { return Promise.reject('no code') }"]
    {
        let failure =
            error(&host, &format!("api.configure({{ loginCode: {provider} }}); return api.listTodos()"))
                .await;
        assert_eq!((&failure["kind"], &failure["detail"]), (&json!("auth"), &json!("no code")));
    }
    // The code alone, or what wx.login gives, at once or later.
    for (given, code) in
        [("'mine'", "mine"), ("{ code: 'theirs' }", "theirs"), ("Promise.resolve({ code: 'late' })", "late")]
    {
        let script = format!(
            "api.configure({{ loginCode: function () {{ return {given} }} }});
            wx.__queqiao.s = {{}}; wx.clearStorageSync(); return (await api.listTodos()).items.length"
        );
        assert_eq!(eval(&host, &script).await, json!(1));
        assert_eq!(server.book().codes.last().map(String::as_str), Some(code));
    }
    for given in ["{}", "{ code: '' }", "''", "undefined", "{ code: undefined, errMsg: 'login:ok' }"] {
        let script = format!(
            "api.configure({{ loginCode: function () {{ return {given} }} }});
            wx.__queqiao.s = {{}}; wx.clearStorageSync(); return api.listTodos()"
        );
        let failure = error(&host, &script).await;
        assert_eq!(
            (&failure["kind"], &failure["operation"]),
            (&json!("auth"), &json!("wx.login")),
            "{given}"
        );
        assert_eq!(failure["detail"], "no code", "{given}");
    }
    assert_eq!(server.book().codes.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn aborting_in_the_queue_and_under_way() {
    let server = Server::start().await;
    let host = host(TODO, &server)
        .fault(|request| request.url.contains("/slow").then_some(Fault::Delay(Duration::from_millis(300))))
        .start()
        .expect("a host");
    let script = format!(
        "{ALL_SETTLED} await api.listTodos(); var calls = [];
         for (var i = 0; i < 30; i++) calls.push(api.getTodo({{ id: (i < 10 ? 'slow' : 'n') + i }}));
         for (i = 5; i < 25; i++) calls[i].abort();
         calls[5].abort();
         var results = await settled(calls), again = await api.listTodos();
         calls[0].abort();
         return [results.map(function (r) {{ return r.kind ? 'a' : '.'; }}).join(''), results[7].code,
                 api.getTodo.failed(results[7].same), again.items.length];"
    );
    let result = eval(&host, &script).await;
    assert_eq!(result, json!([".....aaaaaaaaaaaaaaaaaaaa.....", "abort", true, 1]));
    for queued in 10..25 {
        assert_eq!(server.book().requests.get(&format!("GET /todos/n{queued}")), None);
    }
    assert_eq!(host.counts().over_limit, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_come_back_from_hosts_that_never_answer_an_abort() {
    let server = Server::start().await;
    let host = host(TODO, &server).limit(100).start().expect("a host");
    // The host swallows every callback of the first ten calls.
    let script = format!(
        "{ALL_SETTLED} await api.listTodos(); var request = wx.request, calls = [];
         wx.request = function () {{ return {{ abort: function () {{}} }}; }};
         for (var i = 0; i < 10; i++) calls.push(api.getTodo({{ id: 'n' + i }}));
         wx.request = request;
         calls.forEach(function (call) {{ call.abort(); }});
         await settled(calls);
         return (await api.listTodos()).items.length;"
    );
    assert_eq!(eval(&host, &script).await, json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_to_an_older_token_takes_the_newer_one() {
    let server = Server::start().await;
    let host = host(TODO, &server)
        .fault(|request| request.url.ends_with("/late").then_some(Fault::Delay(Duration::from_millis(400))))
        .start()
        .expect("a host");
    eval(&host, EXPIRE).await;
    expire(&server);
    // `late` gets its 401 after `soon` has logged in anew.
    let script = "var late = api.getTodo({ id: 'late' }), soon = api.getTodo({ id: 'soon' });
                  return [(await soon).title, (await late).title];";
    assert_eq!(eval(&host, script).await, json!(["soon", "late"]));
    assert_eq!(server.book().requests.get("POST /auth/login"), Some(&1));
    assert_eq!(server.book().requests.get("GET /todos/late"), Some(&2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_401_is_final() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let failure = error(&host, "return await api.getTodo({ id: 'never' })").await;
    assert_eq!(
        (&failure["kind"], &failure["code"], &failure["status"]),
        (&json!("auth"), &json!("auth.revoked"), &json!(401))
    );
    assert_eq!(server.book().requests.get("GET /todos/never"), Some(&2));
    assert_eq!(host.counts().logins, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_launch_finds_the_token_in_storage() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let script = "await api.listTodos(); delete wx.__queqiao; var next = load(); await next.listTodos();";
    eval(&host, script).await;
    assert_eq!(host.counts().logins, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_throws_is_no_obstacle() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let script = "wx.setStorageSync = wx.getStorageSync = wx.removeStorageSync = function () { throw new Error('full') };
                  await api.listTodos(); await api.listTodos(); await api.logout({}); await api.listTodos();";
    eval(&host, script).await;
    assert_eq!(host.counts().logins, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_is_taken_by_the_current_token_only() {
    let server = Server::start().await;
    let host = host(TODO, &server)
        .capital_headers()
        .fault(|request| request.url.ends_with("/late").then_some(Fault::Delay(Duration::from_millis(300))))
        .start()
        .expect("a host");
    eval(&host, "await api.listTodos()").await;
    {
        let mut book = server.book();
        book.renew = Some("renewed".into());
        book.tokens.insert("renewed".into());
    }
    eval(&host, "await api.listTodos(); await api.listTodos()").await;
    let authorization =
        |index: usize| host.requests().get(index).and_then(|r| r.header.get("Authorization").cloned());
    assert_eq!(authorization(2).as_deref(), Some("Bearer token-1"));
    assert_eq!(authorization(3).as_deref(), Some("Bearer renewed"));
    // An answer that comes after the log-out does not bring the session back.
    let script = "var late = api.getTodo({ id: 'late' }).then(null, function (e) { return e.title; });
        await api.logout({}); if (await late !== 'Logged out') throw new Error('answered');
        await new Promise(function (resolve) { setTimeout(resolve, 400); });
        return wx.__queqiao.s;";
    let sessions = eval(&host, script).await;
    let session =
        sessions.as_object().and_then(|sessions| sessions.values().next().cloned()).expect("a session");
    assert_eq!(session["t"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_what_came_before() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let script = format!(
        "{ALL_SETTLED} await api.listTodos(); var before = [];
         for (var i = 0; i < 15; i++) before.push(api.getTodo({{ id: 'n' + i }}));
         var out = api.logout({{ everywhere: true }});
         before = await settled(before); await out;
         var mine = wx.getStorageSync(Object.keys(wx.__queqiao.s)[0]);
         var after = await api.listTodos();
         return [before.every(function (r) {{ return r.value || r.kind === 'auth'; }}), mine, after.items.length];"
    );
    assert_eq!(eval(&host, &script).await, json!([true, "", 1]));
    assert_eq!(host.counts().logins, 2);
    let logout =
        host.requests().into_iter().find(|request| request.url.ends_with("/auth/logout")).expect("a log-out");
    assert_eq!(logout.body.as_deref(), Some(r#"{"everywhere":true}"#));
    assert_eq!(logout.header.get("Authorization").map(String::as_str), Some("Bearer token-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_during_a_login_ends_its_waiters() {
    let server = Server::start().await;
    let host = host(TODO, &server)
        .fault(|request| {
            let first_login = request.index == 2;
            first_login.then_some(Fault::Delay(Duration::from_millis(200)))
        })
        .start()
        .expect("a host");
    eval(&host, EXPIRE).await;
    // The user changes while a login is under way.
    let script = format!(
        "{ALL_SETTLED} api.switchUser();
         var before = api.listTodos();
         await new Promise(function (resolve) {{ setTimeout(resolve, 50); }});
         load().switchUser();
         var after = api.listTodos();
         var results = await settled([before, after]);
         return [results[0].kind, results[0].title, results[1].value && results[1].value.items.length];"
    );
    assert_eq!(eval(&host, &script).await, json!(["auth", "Logged out", 1]));
    assert_eq!(host.counts().logins, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_user_never_waits_for_a_login() {
    let server = Server::start().await;
    let mut document: Value = serde_json::from_str(TODO).expect("JSON");
    document["paths"]["/echo"] = json!({"get": {"operationId": "who", "security": [{}, {"login": []}],
        "responses": {"200": {"description": "", "content": {"application/json": {}}}}}});
    let host = host(&document.to_string(), &server).start().expect("a host");
    let script = "var before = await api.who(); await api.listTodos(); var after = await api.who();
                  return [before.header.authorization || '', after.header.authorization];";
    assert_eq!(eval(&host, script).await, json!(["", "Bearer token-1"]));
    assert_eq!(host.counts().logins, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_user_with_an_expired_token_goes_on_without_one() {
    let server = Server::start().await;
    let mut document: Value = serde_json::from_str(TODO).expect("JSON");
    document["paths"]["/todos/{id}"]["get"]["security"] = json!([{}, {"login": []}]);
    let host = host(&document.to_string(), &server).start().expect("a host");
    eval(&host, EXPIRE).await;
    expire(&server);
    // This operation asks for a user all the same: so the answer tells that no token was sent.
    assert_eq!(error(&host, "await api.getTodo({ id: 'a' })").await["code"], "auth.required");
    assert_eq!(server.book().requests.get("GET /todos/a"), Some(&2));
    assert_eq!(host.counts().logins, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_failure() {
    let cases = [
        ("request:fail timeout", None, "timeout", true),
        ("request:fail Connection timed out", Some(5), "timeout", true),
        ("request:fail interrupted", None, "interrupted", true),
        ("fail interrupted", Some(600_003), "interrupted", true),
        ("request:fail abort", None, "abort", false),
        (
            "request:fail errcode:-106 cronet_error_code:-106 error_msg:net::ERR_INTERNET_DISCONNECTED",
            None,
            "offline",
            true,
        ),
        ("request:fail url not in domain list", Some(600_002), "network", true),
        ("", None, "network", true),
        ("出错了", Some(600_000), "network", true),
    ];
    for (message, errno, kind, retryable) in cases {
        let server = Server::start().await;
        let failure = Failure { message: message.into(), errno };
        let host = host(SHAPES, &server)
            .fault(move |_| Some(Fault::Unsent(failure.clone())))
            .start()
            .expect("a host");
        let error = error(
            &host,
            "try { await api.echo({}, { retries: 0 }) } catch (e) { if (!api.echo.failed(e)) throw 'not guarded'; throw e }",
        )
        .await;
        assert_eq!((&error["kind"], &error["code"]), (&json!(kind), &json!(kind)), "{message}");
        assert_eq!(error["retryable"], retryable, "{message}");
        assert_eq!(error["errno"], errno.map_or(Value::Null, Into::into));
        assert_eq!(error["operation"], "GET /echo");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_may_have_been_carried_out_is_not_retryable() {
    let server = Server::start().await;
    let host = host(SHAPES, &server)
        .fault(|_| Some(Fault::AnswerLost(Failure::new("request:fail timeout"))))
        .start()
        .expect("a host");
    assert_eq!(error(&host, "await api.send({})").await["retryable"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_throws_or_calls_back_twice_or_with_nothing() {
    let server = Server::start().await;
    let host = host(SHAPES, &server).start().expect("a host");
    let script = "var request = wx.request, results = [];
        api.configure({ retries: 0 });
        wx.request = function () { throw new Error('request:fail invalid url') };
        try { await api.echo() } catch (e) { results.push(e.kind, e.detail) }
        wx.request = function (o) { o.fail() };
        try { await api.echo() } catch (e) { results.push(e.kind) }
        wx.request = function (o) { o.fail({ errMsg: 'request:fail timeout' }); o.success({ statusCode: 200, data: '1' }); o.fail({}) };
        try { await api.echo() } catch (e) { results.push(e.kind) }
        wx.request = function (o) { setTimeout(function () { o.success({ status: 200, data: { already: 'parsed' } }) }, 1) };
        results.push((await api.echo()).already);
        wx.request = request;
        results.push(wx.__queqiao.n, (await api.echo()).method);
        return results;";
    let expected = json!(["network", "request:fail invalid url", "network", "timeout", "parsed", 0, "GET"]);
    assert_eq!(eval(&host, script).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_errors() {
    for through_fail in [false, true] {
        let server = Server::start().await;
        let host = host(SHAPES, &server)
            .fault(move |_| through_fail.then_some(Fault::StatusThroughFail))
            .start()
            .expect("a host");
        let of = async |status: u16| {
            error(&host, &format!("await api.status({{ status: {status} }}, {{ retries: 0 }})")).await
        };
        let teapot = of(418).await;
        assert_eq!(
            (&teapot["kind"], &teapot["code"], &teapot["status"]),
            (&json!("http"), &json!("tea.pot"), &json!(418))
        );
        assert_eq!((&teapot["title"], &teapot["detail"]), (&json!("没有"), &json!("in words")));
        assert_eq!(teapot["requestId"], "request-7");
        assert_eq!(teapot["name"], "ApiError");
        assert_eq!(teapot["message"], "GET /status/{status}: tea.pot: in words");
        let invalid = of(422).await;
        assert_eq!(invalid["kind"], "validation");
        assert_eq!(invalid["errors"], json!([{"pointer": "/title", "code": "length", "message": "1..=100"}]));
        assert_eq!(of(403).await["kind"], "auth");
        let gateway = of(502).await;
        assert_eq!(
            (&gateway["kind"], &gateway["code"], &gateway["retryable"]),
            (&json!("http"), &json!("http"), &json!(true))
        );
        assert_eq!(gateway["title"], "HTTP status 502");
        assert_eq!(of(500).await["code"], "http");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_know_the_codes_of_their_operation() {
    let server = Server::start().await;
    let host = host(SHAPES, &server).start().expect("a host");
    let script = "var tea; try { await api.status({ status: 418 }) } catch (e) { tea = e }
        return [api.status.failed(tea), api.echo.failed(tea), tea instanceof Error, tea instanceof api.ApiError,
                api.status.failed(new Error('x')), api.status.failed(undefined), api.status.failed('tea.pot')];";
    assert_eq!(eval(&host, script).await, json!([true, false, true, true, false, false, false]));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_kind() {
    let server = Server::start().await;
    let host = host(SHAPES, &server).start().expect("a host");
    assert_eq!(eval(&host, "return await api.text()").await, "文字 \u{1f600}");
    assert_eq!(
        eval(&host, "return [].slice.call(new Uint8Array(await api.bytes()))").await,
        json!([0x89, 0x50, 0xff, 0])
    );
    assert_eq!(
        eval(&host, "return [typeof await api.delete(), typeof await api.empty()]").await,
        json!(["undefined", "undefined"])
    );
    assert_eq!(eval(&host, "return await api.moved()").await, "文字 \u{1f600}");
    let broken =
        error(&host, "try { await api.broken() } catch (e) { if (api.broken.failed(e)) throw e }").await;
    assert_eq!(
        (&broken["kind"], &broken["status"], &broken["requestId"]),
        (&json!("parse"), &json!(200), &json!("request-7"))
    );
    // The problem document of a call for bytes comes as bytes.
    let none = error(&host, "return await api.bytes({ none: true })").await;
    assert_eq!((&none["code"], &none["title"]), (&json!("bytes.none"), &json!("没有")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent() {
    let server = Server::start().await;
    let host = host(SHAPES, &server).start().expect("a host");
    let query = "return (await api.echo({ q: '汉 &=\u{1f600}', tags: ['a', '', 'b/c'], at: new Date(0), none: undefined, no: null })).query";
    let expected = "q=%E6%B1%89%20%26%3D%F0%9F%98%80&tags=a&tags=&tags=b%2Fc&at=1970-01-01T00%3A00%3A00.000Z";
    assert_eq!(eval(&host, query).await, expected);
    assert_eq!(eval(&host, "return (await api.echo({ q: '\\uD83D!', tags: [] })).query").await, "q=!");
    assert_eq!(
        eval(&host, "return [(await api.echo()).query, (await api.echo({ q: '' })).query]").await,
        json!([null, "q="])
    );

    let path = "return await api.echoPath({ name: '汉/字?', 'part-2': 0, q: 'x' })";
    let echo = eval(&host, path).await;
    assert_eq!((&echo["path"], &echo["query"]), (&json!("/echo/%E6%B1%89%2F%E5%AD%97%3F/0"), &json!("q=x")));

    let sent = eval(&host, "return await api.send({ text: '汉\u{1f600}', n: 1, u: undefined }, { query: { dry: true }, header: { 'X-Tenant': 't' }, timeout: 5000 })").await;
    assert_eq!((&sent["method"], &sent["query"]), (&json!("POST"), &json!("dry=true")));
    assert_eq!(sent["body"], "{\"text\":\"汉\u{1f600}\",\"n\":1}");
    assert_eq!(
        (&sent["header"]["content-type"], &sent["header"]["x-tenant"]),
        (&json!("application/json"), &json!("t"))
    );
    assert_eq!(sent["header"]["authorization"], Value::Null);
    // Another framework's server is told nothing of contracts.
    assert_eq!(sent["header"]["x-queqiao-client"], Value::Null);
    let ok = json!({ "200": { "description": "", "content": { "application/json": {} } } });
    let own = json!({ "openapi": "3.1.0", "info": { "title": "own", "version": "1" }, "x-queqiao": { "contract": "0123456789abcdef" },
        "paths": { "/echo": { "get": { "operationId": "echo", "responses": ok } } } });
    let client = self::host(&own.to_string(), &server).start().expect("a host");
    let sent = eval(&client, "return await api.echo()").await;
    assert_eq!(sent["header"]["x-queqiao-client"], "0123456789abcdef");

    let put = eval(&host, "return await api.putPath({ name: 'a', 'part-2': 'b' }, { children: [] })").await;
    assert_eq!(
        (&put["method"], &put["path"], &put["body"]),
        (&json!("PUT"), &json!("/echo/a/b"), &json!("{\"children\":[]}"))
    );
    let without = eval(&host, "return await api.putPath({ name: 'a', 'part-2': 'b' })").await;
    assert_eq!(without["body"], "");
    for falsy in ["false", "0", "null", "''"] {
        assert_eq!(
            eval(&host, &format!("return (await api.send({falsy})).body")).await,
            falsy.replace('\'', "\"")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_cannot_stand_in_a_path_are_refused_without_a_request() {
    let server = Server::start().await;
    let host = host(SHAPES, &server).start().expect("a host");
    for value in ["undefined", "null", "''", "'.'", "'..'"] {
        let failure = error(&host, &format!("await api.echoPath({{ name: {value}, 'part-2': 'x' }})")).await;
        assert_eq!(
            (&failure["kind"], &failure["detail"]),
            (&json!("validation"), &json!("name cannot stand in a path"))
        );
    }
    assert_eq!(error(&host, "await api.echoPath()").await["kind"], "validation");
    assert_eq!(host.counts().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_url_follows_the_version() {
    let by_version = |trial: &str| BaseUrl::ByVersion {
        develop: Some("http://develop.invalid/".into()),
        trial: (!trial.is_empty()).then(|| trial.to_owned()),
        release: Some("http://release.invalid/base/".into()),
    };
    let cases = [
        ("develop", "http://develop.invalid/text"),
        ("trial", "http://trial.invalid/text"),
        ("release", "http://release.invalid/base/text"),
        ("", "http://release.invalid/base/text"),
        ("gray", "http://release.invalid/base/text"),
        ("constructor", "http://release.invalid/base/text"),
    ];
    let first_url = async |host: &Host, before: &str| {
        let _ = host.eval_async(&format!("{before}; await api.text({{}}, {{ retries: 0 }})")).await;
        host.requests().first().map(|request| request.url.clone())
    };
    let unsent = |_: &_| Some(Fault::Unsent(Failure::new("request:fail")));
    for (version, url) in cases {
        let files = client(SHAPES, by_version("http://trial.invalid"));
        let host = Host::new(files).env_version(version).fault(unsent).start().expect("a host");
        assert_eq!(first_url(&host, "").await.as_deref(), Some(url), "{version}");
    }
    let start = |base: BaseUrl| {
        Host::new(client(SHAPES, base)).env_version("trial").fault(unsent).start().expect("a host")
    };
    let release = Some("http://release.invalid/base/text".to_owned());
    assert_eq!(first_url(&start(by_version("")), "").await, release);
    for broken in
        ["wx.getAccountInfoSync = function () { throw new Error('old') }", "delete wx.getAccountInfoSync"]
    {
        assert_eq!(first_url(&start(by_version("http://trial.invalid")), broken).await, release);
    }
    let set = "api.configure({ baseUrl: 'http://configured.invalid' })";
    assert_eq!(
        first_url(&start(by_version("")), set).await.as_deref(),
        Some("http://configured.invalid/text")
    );
    let set = "api.configure({ baseUrl: { trial: 'http://t.invalid', release: 'http://r.invalid' } })";
    assert_eq!(first_url(&start(BaseUrl::Unset), set).await.as_deref(), Some("http://t.invalid/text"));
    let failure = error(&start(BaseUrl::Unset), "await api.text()").await;
    assert!(
        failure["message"].as_str().is_some_and(|message| message.contains("call configure({ baseUrl })")),
        "{failure}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_object_and_fewer_at_once() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    let script =
        "var seen = 0, mine = { request: function (o) { seen++; return wx.request(o); }, login: wx.login,
                    getStorageSync: wx.getStorageSync, setStorageSync: wx.setStorageSync };
        api.configure({ host: Object.freeze(mine), concurrency: 3, header: { 'X-A': 1 }, timeout: 9000 });
        var calls = []; for (var i = 0; i < 12; i++) calls.push(api.getTodo({ id: 'n' + i }));
        await Promise.all(calls); return [seen, '__queqiao' in wx];";
    assert_eq!(eval(&host, script).await, json!([13, false]));
    assert_eq!(host.counts().most_in_flight, 3);
    assert!(host.requests().iter().all(|request| request.header.get("x-a").map(String::as_str) == Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_hand_opens_the_session() {
    let server = Server::start().await;
    let host = host(TODO, &server).start().expect("a host");
    eval(&host, "await api.login({ code: 'by hand' }); await api.listTodos()").await;
    assert_eq!(host.counts().logins, 0);
    assert_eq!(server.book().codes, ["by hand"]);
}
