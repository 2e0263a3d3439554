//! What the client does when calls fail, executed in QuickJS over real HTTP.

#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::time::{Duration, Instant};

use phone::{count, error, eval, host, plan, with};
use queqiao_codegen::{Options, Part};
use queqiao_quickjs_host::{Failure, Fault};
use serde_json::{Value, json};
use server::Server;

const BUSY: server::Answer = (503, &[], "");

#[tokio::test(flavor = "multi_thread")]
async fn what_is_safe_is_repeated_twice() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    for (key, call) in [
        ("GET /echo/open", "api.open()"),
        ("PUT /echo", "api.replace({ a: 1 })"),
        ("DELETE /echo", "api.remove()"),
        ("POST /echo/order", "api.order({ a: 1 })"),
    ] {
        plan(&server, key, &[(502, &[], "<html>"), BUSY]);
        let before = count(&server, key);
        assert_eq!(
            eval(&host, &format!("return (await {call}).method")).await,
            key.split(' ').next().expect("a method")
        );
        assert_eq!(count(&server, key), before + 3, "{key}");
    }
    plan(&server, "GET /echo/open", &[BUSY; 4]);
    let before = count(&server, "GET /echo/open");
    assert_eq!(error(&host, "await api.open()").await["status"], 503);
    assert_eq!(count(&server, "GET /echo/open"), before + 3);
    plan(&server, "GET /echo/open", &[BUSY; 9]);
    error(&host, "await api.open({}, { retries: 0 })").await;
    error(&host, "api.configure({ retries: 1 }); await api.open()").await;
    assert_eq!(count(&server, "GET /echo/open"), before + 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_safe_is_sent_once() {
    let server = Server::start().await;
    let lost = |request: &queqiao_quickjs_host::Request| {
        let failure = if request.url.contains("open") { "request:fail" } else { "request:fail timeout" };
        Some(Fault::AnswerLost(Failure::new(failure)))
    };
    let host = host(&server).fault(lost).start().expect("a host");
    let failure = error(&host, "await api.submit({ a: 1 })").await;
    assert_eq!((&failure["kind"], &failure["retryable"]), (&json!("timeout"), &json!(false)));
    assert_eq!(count(&server, "POST /echo"), 1);
    for message in ["request:fail errcode:-106", "request:fail interrupted", "", "出错了"] {
        let server = Server::start().await;
        let host = phone::host(&server)
            .fault(move |_| Some(Fault::AnswerLost(Failure::new(message))))
            .start()
            .expect("a host");
        error(&host, "await api.submit({ a: 1 })").await;
        assert_eq!(count(&server, "POST /echo"), 1, "{message}");
    }
    // The server's word that it has not done it is for the caller.
    plan(&server, "POST /echo", &[(429, &[("retry-after", "1")], "")]);
    let host = phone::host(&server).start().expect("a host");
    let failure = error(&host, "await api.submit({ a: 1 })").await;
    assert_eq!((&failure["retryable"], &failure["retryAfter"]), (&json!(true), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_an_idempotent_operation_is_kept() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let keys = |server: &Server| -> Vec<String> {
        let seen = std::mem::take(&mut server.book().seen);
        seen.iter()
            .map(|one| one["header"]["idempotency-key"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    for call in ["order", "pay"] {
        plan(&server, &format!("POST /echo/{call}"), &[BUSY, BUSY]);
        eval(&host, &format!("await api.{call}({{}}); await api.{call}({{}})")).await;
        let keys = keys(&server);
        assert_eq!(keys.len(), 4);
        assert_eq!((&keys[0], &keys[0]), (&keys[1], &keys[2]));
        assert_ne!(keys[2], keys[3]);
        assert!(keys[0].len() > 30, "{keys:?}");
    }
    eval(&host, "await api.pay({}, { header: { 'idempotency-key': 'mine' } }); await api.submit({})").await;
    assert_eq!(keys(&server), ["mine", ""]);
}

/// While the first attempt is carried out, the call asks again under its key; any other conflict is its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_its_own_first_attempt() {
    const RUNNING: server::Answer = (409, &[], r#"{"title":"?","status":409,"code":"idempotency.running"}"#);
    const UNKNOWN: server::Answer = (409, &[], r#"{"title":"?","status":409,"code":"idempotency.unknown"}"#);
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "POST /echo/order", &[RUNNING, RUNNING]);
    assert_eq!(eval(&host, "return (await api.order({})).method").await, "POST");
    let seen = std::mem::take(&mut server.book().seen);
    let keys: Vec<_> = seen.iter().map(|one| one["header"]["idempotency-key"].clone()).collect();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    plan(&server, "POST /echo/order", &[UNKNOWN]);
    let failure = error(&host, "await api.order({})").await;
    assert_eq!((&failure["code"], &failure["retryable"]), (&json!("idempotency.unknown"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_when() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /echo/open", &[(503, &[("Retry-After", "2")], "")]);
    let start = Instant::now();
    eval(&host, "await api.open()").await;
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    plan(&server, "GET /echo/open", &[(503, &[("Retry-After", "31")], "")]);
    let failure = error(&host, "await api.open()").await;
    assert_eq!((&failure["retryAfter"], &failure["retryable"]), (&json!(31), &json!(true)));
    plan(&server, "GET /echo/open", &[(429, &[("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT")], "")]);
    let failure = error(&host, "await api.open()").await;
    assert!(failure["retryAfter"].as_f64().is_some_and(|seconds| seconds > 1e9), "{failure}");
    // A time that has passed, and no time at all.
    let past: [server::Answer; 2] = [
        (503, &[("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")], ""),
        (503, &[("Retry-After", "soon")], ""),
    ];
    plan(&server, "GET /echo/open", &past);
    eval(&host, "await api.open()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_grow_and_differ() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /echo/open", &[BUSY; 40]);
    let script = "var pauses = [], timer = setTimeout;
        setTimeout = function (run, time) {
          if (time > 200 && time < 9000 && time !== 300) { pauses.push(time); time = 0; }
          return timer(run, time);
        };
        var slow = load();
        for (var i = 0; i < 4; i++) await slow.open({}, { retries: 6 }).then(null, function () {});
        return pauses;";
    let pauses: Vec<f64> =
        eval(&host, script).await.as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
    assert_eq!(pauses.len(), 24);
    for (index, pause) in pauses.iter().enumerate() {
        let most = f64::min(500.0 * f64::from(1 << (index % 6)), 8000.0);
        assert!((most / 2.0..=most).contains(pause), "{pauses:?}");
    }
    assert!(pauses[0] != pauses[6] || pauses[6] != pauses[12], "{pauses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn aborting_ends_the_pause_before_a_repetition() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /echo/open", &[BUSY; 9]);
    let script =
        "var call = api.open(); await pause(100); call.abort(); var end = (await settled([call]))[0].kind;
        await pause(900); return end;";
    assert_eq!(eval(&host, script).await, "abort");
    assert_eq!(count(&server, "GET /echo/open"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_time_where_the_host_does_not() {
    let server = Server::start().await;
    let host = host(&server).virtual_time().start().expect("a host");
    // Swallows every callback, and says whether it was aborted.
    let script = "wx.aborted = 0; wx.request = function (o) { wx.given = o.timeout; return { abort: function () { wx.aborted++; } }; };
        api.submit({}, { timeout: 2000 }).then(null, function (e) { wx.ended = [e.kind, e.retryable]; });
        api.submit({}, { timeout: 900000 }).then(null, function (e) { wx.late = e.kind; });";
    eval(&host, script).await;
    let state = "return [wx.ended || null, wx.late || null, wx.aborted, wx.given, wx.__queqiao.n]";
    host.advance(Duration::from_millis(1999));
    assert_eq!(eval(&host, state).await, json!([null, null, 0, 60000, 2]));
    host.advance(Duration::from_millis(2));
    assert_eq!(eval(&host, state).await, json!([["timeout", false], null, 1, 60000, 2]));
    // Nor does this host say that the request has ended: its place comes back all the same.
    host.advance(Duration::from_secs(1));
    assert_eq!(eval(&host, state).await, json!([["timeout", false], null, 1, 60000, 1]));
    host.advance(Duration::from_secs(58));
    assert_eq!(eval(&host, state).await[1], "timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_interrupted_in_the_background_go_on_in_the_foreground() {
    let server = Server::start().await;
    let host = host(&server)
        .virtual_time()
        .fault(|request| (request.index < 2).then_some(Fault::Silence))
        .start()
        .expect("a host");
    let script = "wx.ends = [];
        function watch(name, call) {
          call.then(function () { wx.ends.push(name); }, function (e) { wx.ends.push(name + ' ' + e.kind); });
        }
        watch('read', api.open()); watch('write', api.submit({})); wx.test.hide(); wx.watch = watch;";
    eval(&host, script).await;
    host.advance(Duration::from_secs(5));
    assert_eq!(eval(&host, "return wx.ends").await, json!(["write interrupted"]));
    // What begins now waits.
    eval(&host, "wx.watch('second', api.submit({ b: 1 }))").await;
    host.advance(Duration::from_secs(600));
    assert_eq!(eval(&host, "return wx.ends").await, json!(["write interrupted"]));
    assert_eq!(host.counts().requests, 2);
    eval(&host, "wx.test.show(); wx.watch = null").await;
    let ends = loop {
        let ends = eval(&host, "return wx.ends").await;
        if ends.as_array().is_some_and(|ends| ends.len() == 3) {
            break ends;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(
        ends.as_array().is_some_and(|ends| ends.contains(&json!("read")) && ends.contains(&json!("second")))
    );
    assert_eq!((count(&server, "GET /echo/open"), count(&server, "POST /echo")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_lack_or_refuse_something_end_no_call() {
    let server = Server::start().await;
    for lacking in [
        "delete wx.onAppShow",
        "delete wx.onAppHide",
        "wx.onAppHide = function () { throw new Error('not here'); }",
    ] {
        let host = host(&server).start().expect("a host");
        let script = format!("{lacking}; return (await api.open()).method");
        assert_eq!(eval(&host, &script).await, "GET", "{lacking}");
    }
    let host = host(&server).virtual_time().start().expect("a host");
    let script = "wx.request = function () { return { abort: function () { throw new Error('gone'); } }; };
        api.submit({}, { timeout: 1000 }).then(0, function (error) { wx.end = error.kind; });";
    eval(&host, script).await;
    host.advance(Duration::from_millis(1000));
    assert_eq!(eval(&host, "return [wx.end, wx.__queqiao.n]").await, json!(["timeout", 1]));
    host.advance(Duration::from_millis(1000));
    assert_eq!(eval(&host, "return wx.__queqiao.n").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_seconds_after_the_background_began_calls_wait() {
    let server = Server::start().await;
    let host = host(&server).virtual_time().start().expect("a host");
    eval(&host, "await api.open(); wx.test.hide()").await;
    host.advance(Duration::from_millis(4000));
    assert_eq!(eval(&host, "return (await api.open()).method").await, "GET");
    host.advance(Duration::from_millis(1100));
    let state = "return [wx.__queqiao.n, wx.__queqiao.q.length, wx.ended || null]";
    eval(&host, "api.open().then(function (echo) { wx.ended = echo.method; })").await;
    assert_eq!(eval(&host, state).await, json!([0, 1, null]));
    eval(&host, "wx.test.show()").await;
    while eval(&host, state).await != json!([0, 0, "GET"]) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_visit_to_the_background_changes_nothing() {
    let server = Server::start().await;
    let host = host(&server).virtual_time().start().expect("a host");
    let script = "wx.test.hide(); await api.submit({}); wx.test.show(); return (await api.open()).method";
    assert_eq!(eval(&host, script).await, "GET");
    host.advance(Duration::from_secs(6));
    assert_eq!(
        eval(&host, "return [(await api.open()).method, wx.__queqiao.b, wx.__queqiao.h || null]").await,
        json!(["GET", 1, null])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_304_is_one_where_the_contract_says_so() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    for path in ["open", "strict"] {
        plan(&server, &format!("GET /echo/{path}"), &[(304, &[("ETag", "\"a\"")], "")]);
    }
    let script = "var tags = [], value = await api.open({}, { header: { 'If-None-Match': '\"a\"' },
        onResponse: function (r) { tags.push(r.status, r.header.etag, r.operation); } });
        return [typeof value, tags];";
    assert_eq!(eval(&host, script).await, json!(["undefined", [304, "\"a\"", "GET /echo/open"]]));
    assert_eq!(error(&host, "await api.strict()").await["status"], 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_a_token_is_a_failure_of_all_who_wait() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    for body in ["{}", "{\"token\":\"\"}", "null", "\"token\"", ""] {
        plan(&server, "POST /auth/login", &[(200, &[], body)]);
        let script = "var results = await settled([api.listTodos(), api.addTodo({ title: 'a' })]);
            return [results[0].kind, results[0].operation, results[0].same === results[1].same]";
        assert_eq!(eval(&host, script).await, json!(["parse", "POST /auth/login", true]), "{body}");
    }
    // The next call logs in as if nothing had been.
    eval(&host, "return await api.listTodos()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_ends_the_call_keeps_it_from_the_server() {
    for (end, kind) in [("call.abort()", "abort"), ("api.switchUser()", "auth")] {
        let server = Server::start().await;
        let host = host(&server).start().expect("a host");
        // It waits for the one place that there is, however few are asked for.
        let script = format!(
            "await api.listTodos(); api.configure({{ concurrency: -3 }});
            var first = api.getTodo({{ id: 'n' }}), call = api.addTodo({{ title: 'a' }});
            api.configure({{ onRequest: function (r) {{ if (r.operation === 'POST /todos') {end}; }} }});
            var result = (await settled([call]))[0]; await first;
            return [result.kind, (await api.listTodos()).items.length]"
        );
        assert_eq!(eval(&host, &script).await, json!([kind, 1]), "{end}");
        assert!(server.book().added.is_empty(), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_changes_the_user_leaves_nothing_of_the_one_before() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    eval(&host, "await api.listTodos()").await;
    {
        let mut book = server.book();
        book.renew = Some("renewed".into());
        book.tokens.insert("renewed".into());
    }
    let script = "var key = Object.keys(wx.__queqiao.s)[0];
        api.configure({ onResponse: function () { api.switchUser(); } });
        var result = (await settled([api.listTodos()]))[0];
        return [result.kind, result.title, wx.__queqiao.s[key].t, wx.getStorageSync(key)]";
    assert_eq!(eval(&host, script).await, json!(["auth", "Logged out", "", ""]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_carries_no_token_that_has_ended_meanwhile() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /echo", &[BUSY]);
    // Another call's 401 clears the token during the pause; this one may go without.
    let script = "await api.listTodos(); var read = api.who(); await pause(100);
        var sessions = wx.__queqiao.s; sessions[Object.keys(sessions)[0]].t = ''; await read";
    eval(&host, script).await;
    let requests = host.requests();
    let sent: Vec<bool> = requests
        .iter()
        .filter(|request| request.url.ends_with("/echo"))
        .map(|request| request.header.contains_key("Authorization"))
        .collect();
    assert_eq!(sent, [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_the_host_gives_beside_its_callbacks_is_not_left_alone() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "var heard = [];
        ['request', 'login'].forEach(function (name) {
          var real = wx[name];
          wx[name] = function (options) {
            var task = real.call(wx, options);
            return { abort: function () { task.abort(); }, then: function (yes, no) { if (no) heard.push(name); } };
          };
        });
        await api.listTodos(); return heard";
    assert_eq!(eval(&host, script).await, json!(["login", "request", "request"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_see_what_happens_and_disturb_nothing() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    plan(&server, "GET /echo/open", &[BUSY]);
    let script = "var seen = [];
        api.configure({
          onRequest: function (r) { seen.push(r.method + ' ' + r.operation); r.header['X-Trace'] = 't'; },
          onResponse: function (r) { seen.push(r.status); throw new Error('a mistake of the app'); },
          onError: function (e) { seen.push(e.kind); }
        });
        var echo = await api.open();
        seen.push(echo.header['x-trace']);
        await settled([api.getTodo({ id: '..' }), api.getTodo({ id: '' }, { silent: true })]);
        var call = api.submit({}); call.abort(); await settled([call]);
        return seen;";
    let expected =
        json!(["GET GET /echo/open", 503, "GET GET /echo/open", 200, "t", "validation", "POST POST /echo"]);
    assert_eq!(eval(&host, script).await, expected);
    assert!(host.log().iter().all(|line| line.contains("a mistake of the app")), "{:?}", host.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_is_told_after_a_while_and_once() {
    let server = Server::start().await;
    let host = host(&server).virtual_time().start().expect("a host");
    let script = "wx.told = []; wx.calls = [];
        wx.request = function (o) { wx.calls.push(o); return {}; };
        api.configure({ onLoading: function (on) { wx.told.push(on); } });
        api.submit({}); api.submit({}); api.submit({}, { loading: false });";
    eval(&host, script).await;
    let answer = "wx.calls.shift().success({ statusCode: 200, data: '{}' }); await null; return wx.told";
    host.advance(Duration::from_millis(299));
    assert_eq!(eval(&host, "return wx.told").await, json!([]));
    host.advance(Duration::from_millis(1));
    assert_eq!(eval(&host, "return wx.told").await, json!([true]));
    assert_eq!(eval(&host, answer).await, json!([true]));
    assert_eq!(eval(&host, answer).await, json!([true, false]));
    // Quick calls are not told at all.
    eval(&host, "wx.calls = []; api.submit({})").await;
    host.advance(Duration::from_millis(200));
    eval(&host, answer).await;
    host.advance(Duration::from_secs(1));
    assert_eq!(eval(&host, "return wx.told").await, json!([true, false]));
    // The delay is the app's, and an abort counts as an end.
    eval(
        &host,
        "api.configure({ loadingDelay: 0 }); wx.call = api.submit({}); wx.call.then(null, function () {});",
    )
    .await;
    host.advance(Duration::from_millis(1));
    assert_eq!(
        eval(&host, "wx.call.abort(); wx.call.abort(); return wx.told").await,
        json!([true, false, true, false])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_can_be_left_out() {
    let server = Server::start().await;
    let without = Part::ALL.into_iter().collect();
    let host = with(&server, Options { without, ..Options::default() }).start().expect("a host");
    plan(&server, "GET /echo/open", &[BUSY]);
    assert_eq!(error(&host, "await api.open()").await["status"], 503);
    let script = "return await settled([api.listTodos(), api.listTodos(), api.submit(1)]).then(function (r) { return r[2].value.body; })";
    assert_eq!(eval(&host, script).await, "1");
    assert_eq!(count(&server, "GET /todos"), 2);
}
