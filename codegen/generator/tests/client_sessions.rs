//! Sessions and the queue, executed in QuickJS over real HTTP.

#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::time::Duration;

use phone::{count, error, eval, host};
use queqiao_quickjs_host::Fault;
use serde_json::json;
use server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_gets_no_answer_and_the_next_user_none_of_his() {
    for switch in [
        "api.switchUser()",
        "load().switchUser()",
        "await api.logout({})",
        "await api.login({ code: 'another' })",
    ] {
        let server = Server::start().await;
        let host = host(&server)
            .fault(|request| {
                request.url.contains("/late").then_some(Fault::Delay(Duration::from_millis(300)))
            })
            .start()
            .expect("a host");
        let script = format!(
            "await api.listTodos();
             var late = [api.getTodo({{ id: 'late1' }}), api.getTodo({{ id: 'late2' }}), api.addTodo({{ title: 'a' }})];
             for (var i = 0; i < 5; i++) late.push(api.getTodo({{ id: 'late3' + i }}));
             var open = api.open();
             await pause(100);
             {switch};
             var before = await settled(late), next = api.getTodo({{ id: 'late1' }});
             return [before.filter(function (r) {{ return r.title === 'Logged out' && r.kind === 'auth' && !r.retryable; }}).length,
                     (await next).title, (await open).method];"
        );
        let result = eval(&host, &script).await;
        assert!(result[0].as_u64().is_some_and(|dropped| dropped >= 7), "{switch}: {result}");
        assert_eq!((&result[1], &result[2]), (&json!("late1"), &json!("GET")), "{switch}");
        let authorization: Vec<_> = host
            .requests()
            .iter()
            .filter(|request| request.url.ends_with("late1"))
            .filter_map(|request| request.header.get("Authorization").cloned())
            .collect();
        assert_eq!(authorization, ["Bearer token-1", "Bearer token-2"], "{switch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_under_way_does_not_outlive_a_switch() {
    // The code of the old account comes after the switch; so does the answer to its exchange.
    for slow in ["provider", "exchange"] {
        let server = Server::start().await;
        let host = host(&server)
            .fault(move |request| {
                (slow == "exchange" && request.index == 0).then_some(Fault::Delay(Duration::from_millis(200)))
            })
            .start()
            .expect("a host");
        let wait = if slow == "provider" { 200 } else { 0 };
        let script = format!(
            "var account = 'old';
             api.configure({{ loginCode: function () {{ var code = account; return pause({wait}).then(function () {{ return code; }}); }} }});
             var before = api.listTodos(); await pause(60);
             account = 'new'; api.switchUser();
             var results = await settled([before]), session = wx.__queqiao.s, key = Object.keys(session)[0];
             await pause(400);
             var token = session[key].t, stored = wx.getStorageSync(key);
             await api.listTodos();
             return [results[0].title, token, stored];"
        );
        assert_eq!(eval(&host, &script).await, json!(["Logged out", "", ""]), "{slow}");
        let codes = server.book().codes.clone();
        let expected: &[&str] = if slow == "provider" { &["new"] } else { &["old", "new"] };
        assert_eq!(codes, expected, "{slow}");
        assert_eq!(
            host.requests().last().and_then(|r| r.header.get("Authorization").cloned()).as_deref(),
            Some(if slow == "provider" { "Bearer token-1" } else { "Bearer token-2" })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_hand_serves_those_who_wait_for_one() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "api.configure({ loginCode: function () { return pause(200).then(function () { throw new Error('closed'); }); } });
        var waiting = api.listTodos(); await pause(20);
        await api.login({ code: 'by hand' });
        return (await waiting).items.length;";
    assert_eq!(eval(&host, script).await, 1);
    assert_eq!(server.book().codes, ["by hand"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_login_at_a_time_even_when_users_change_quickly() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "var now = 0, most = 0, number = 0;
        api.configure({ loginCode: function () {
          most = Math.max(most, ++now);
          return pause(30).then(function () { now--; return 'c' + ++number; });
        } });
        var calls = [];
        for (var i = 0; i < 5; i++) { calls.push(api.listTodos(), load().listTodos()); await pause(10); api.switchUser(); }
        calls.push(api.listTodos());
        var results = await settled(calls);
        return [most, results.filter(function (r) { return r.title === 'Logged out'; }).length, results[10].value.items.length];";
    assert_eq!(eval(&host, script).await, json!([1, 10, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_never_logs_in_and_never_ends_the_next_session() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| request.url.ends_with("/logout").then_some(Fault::Delay(Duration::from_millis(150))))
        .start()
        .expect("a host");
    // Nobody is logged in.
    eval(&host, "await api.logout({})").await;
    assert_eq!((count(&server, "POST /auth/logout"), host.counts().logins), (0, 0));
    // The token has expired: what is to end has ended.
    eval(&host, "await api.listTodos()").await;
    server.book().tokens.clear();
    eval(&host, "await api.logout({})").await;
    assert_eq!((count(&server, "POST /auth/logout"), host.counts().logins), (1, 1));
    // Meanwhile another user logs in.
    eval(&host, "await api.listTodos()").await;
    server.book().tokens.clear();
    let script = "var out = settled([api.logout({})]); await pause(30); await api.login({ code: 'next' });
        return [(await out)[0].kind || 'done', (await api.listTodos()).items.length];";
    assert_eq!(eval(&host, script).await, json!(["done", 1]));
    assert_eq!((count(&server, "POST /auth/logout"), host.counts().logins), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_everywhere_logs_in_if_it_must() {
    // The token has expired; or this phone has none; or another device has done the same already.
    for before in ["await api.listTodos()", ""] {
        let server = Server::start().await;
        let host = host(&server).start().expect("a host");
        eval(&host, before).await;
        server.book().tokens.clear();
        let logins = host.counts().logins;
        let script = "await api.logout({ everywhere: true }); var session = wx.__queqiao.s, key = Object.keys(session)[0];
            return [session[key].t, wx.getStorageSync(key)];";
        assert_eq!(eval(&host, script).await, json!(["", ""]), "{before}");
        assert_eq!(host.counts().logins, logins + 1, "{before}");
        // The server has heard of it from a session that was alive.
        let sent: Vec<_> = host
            .requests()
            .iter()
            .filter(|request| request.url.ends_with("/logout"))
            .map(|request| request.header.get("Authorization").cloned())
            .collect();
        let last = format!("Bearer token-{}", logins + 1);
        assert_eq!(sent.last(), Some(&Some(last)), "{before}: {sent:?}");
        assert_eq!(server.book().everywhere, 1, "{before}");
        // The next call begins a session of its own.
        eval(&host, "await api.listTodos()").await;
        assert_eq!(host.counts().logins, logins + 2, "{before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_everywhere_never_touches_the_next_user() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    // By the time it would log in, another person may use the phone.
    let script = "await api.listTodos(); var codes = 0, release;
        api.configure({ loginCode: function () { codes++; return new Promise(function (resolve) { release = resolve; }); } });
        wx.removeStorageSync(Object.keys(wx.__queqiao.s)[0]); api.switchUser();
        var out = api.logout({ everywhere: true }); await pause(20); api.switchUser(); release('of the next user');
        return [(await settled([out]))[0].title, codes];";
    assert_eq!(eval(&host, script).await, json!(["Logged out", 1]));
    let everywhere = server.book().everywhere;
    assert_eq!((everywhere, count(&server, "POST /auth/logout")), (0, 0));
    // Where the login fails, the caller is told.
    let script = "api.configure({ loginCode: function () { throw new Error('closed'); } });
        var error = (await settled([api.logout({ everywhere: true })]))[0]; return [error.kind, error.detail];";
    assert_eq!(eval(&host, script).await, json!(["auth", "closed"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_code_that_never_comes_is_given_up() {
    let server = Server::start().await;
    let host = host(&server).virtual_time().start().expect("a host");
    let script = "api.configure({ loginCode: function () { return new Promise(function () {}); } });
        api.listTodos().then(null, function (e) { wx.ended = [e.kind, e.detail]; });";
    eval(&host, script).await;
    host.advance(Duration::from_secs(61));
    assert_eq!(eval(&host, "return wx.ended || null").await, json!(["timeout", "timeout"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_fails_is_one_error_for_calls_in_the_queue_too() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    // The login is the one request under way: what is called meanwhile stands in the queue when it fails.
    let script = "var asked = 0, calls = [], real = wx.request;
        api.configure({ concurrency: 1, retries: 0, loginCode: function () { asked++; return 'code'; } });
        wx.request = function (options) {
          calls.push(api.addTodo({ title: 'a' }), api.getTodo({ id: 'b' }));
          setTimeout(function () { options.success({ statusCode: 500, data: '{}' }); }, 5);
        };
        calls.push(api.listTodos()); await pause(1);
        var errors = await settled(calls), first = errors[0];
        wx.request = real;
        return [asked, errors.length, first.kind, errors.every(function (error) { return error === first; })];";
    assert_eq!(eval(&host, script).await, json!([1, 3, "http", true]));
    // And the next attempt is not locked.
    eval(&host, "return await api.addTodo({ title: 'a' })").await;
    assert_eq!(server.book().added, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_hand_that_brings_the_same_token_ends_nothing() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "await api.listTodos(); var real = wx.request, token = wx.__queqiao.s[Object.keys(wx.__queqiao.s)[0]].t;
        var call = api.addTodo({ title: 'a' });
        wx.request = function (options) { options.success({ statusCode: 200, data: JSON.stringify({ token: token, expiresIn: 1 }) }); };
        await api.login({ code: 'again' }); wx.request = real;
        await call; return 'done'";
    assert_eq!(eval(&host, script).await, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_takes_effect_when_it_is_called() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    // It stands in the queue, while what came before it is refused and would log in again.
    eval(&host, "api.configure({ concurrency: 1 }); await api.listTodos()").await;
    server.book().tokens.clear();
    let script = "var before = [api.addTodo({ title: 'a' }), api.who(), api.getTodo({ id: 'b' })], out = api.logout({});
        var after = api.addTodo({ title: 'of the next user' });
        var results = await settled(before); await out; await after;
        return results.map(function (r) { return r.title; });";
    assert_eq!(eval(&host, script).await, json!(["Logged out", "Logged out", "Logged out"]));
    assert_eq!(server.book().added, ["of the next user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_not_repeated_for_a_user_who_has_gone() {
    let server = Server::start().await;
    server.book().failing_logins = 1;
    let host = host(&server).start().expect("a host");
    let script = "var before = api.listTodos(); await pause(100); api.switchUser();
        var results = await settled([before, api.listTodos()]); await pause(800); return results[0].title;";
    assert_eq!(eval(&host, script).await, "Logged out");
    assert_eq!(host.counts().logins, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_aborted_keeps_its_place() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| request.url.contains("/slow").then_some(Fault::Delay(Duration::from_millis(1500))))
        .start()
        .expect("a host");
    let script = "await api.listTodos(); var request = wx.request, calls = [];
        wx.request = function (options) { request(options); };
        for (var i = 0; i < 10; i++) calls.push(api.getTodo({ id: 'slow' + i }));
        calls.forEach(function (call) { call.abort(); });
        await pause(1200);
        return (await api.listTodos()).items.length;";
    assert_eq!(eval(&host, script).await, 1);
    let counts = host.counts();
    assert_eq!((counts.most_in_flight, counts.over_limit), (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_need_no_user_do_not_wait_for_a_login() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let script = "var order = [];
        api.configure({ loginCode: function () { return pause(200).then(function () { return 'late'; }); } });
        var first = api.listTodos().then(function () { order.push('user'); });
        await api.open(); order.push('open'); await api.who(); order.push('who'); await first; return order;";
    assert_eq!(eval(&host, script).await, json!(["open", "who", "user"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_without_a_user_does_not_join_one_from_before_a_write_with_one() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| request.method.eq("GET").then_some(Fault::Delay(Duration::from_millis(300))))
        .start()
        .expect("a host");
    let script = "var before = api.open(); await api.addTodo({ title: 'a' }); await Promise.all([before, api.open()]); return 0;";
    eval(&host, script).await;
    assert_eq!(count(&server, "GET /echo/open"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_reads_under_way_are_one_request() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| request.method.eq("GET").then_some(Fault::Delay(Duration::from_millis(100))))
        .start()
        .expect("a host");
    let script = "var calls = [], other = load();
        for (var i = 0; i < 6; i++) calls.push((i % 2 ? api : other).open());
        calls[0].abort(); calls[5].abort();
        var results = await settled(calls);
        results[1].value.method = 'changed';
        return results.map(function (r) { return r.kind || r.value.method; });";
    assert_eq!(eval(&host, script).await, json!(["abort", "changed", "GET", "GET", "GET", "abort"]));
    assert_eq!(count(&server, "GET /echo/open"), 1);
    // Others are not equal, and nor is what is asked after the answer.
    let script = "await Promise.all([api.open(), api.open({}, { header: { 'X-A': '1' } }), api.open({}, { timeout: 5000 }),
        api.open({ q: 1 })]); await api.open(); return 0;";
    eval(&host, script).await;
    assert_eq!(count(&server, "GET /echo/open"), 6);
    // Bytes of one's own, and failures.
    let script = "var two = await Promise.all([api.picture(), api.picture()]); new Uint8Array(two[0])[0] = 7;
        return [new Uint8Array(two[1])[0], two[0] === two[1]];";
    assert_eq!(eval(&host, script).await, json!([0x89, false]));
    let script = "var two = [api.getTodo({ id: 'missing' }), api.getTodo({ id: 'missing' })];
        return (await settled(two)).map(function (e) { return e.code; });";
    assert_eq!(eval(&host, script).await, json!(["todo.not_found", "todo.not_found"]));
    assert_eq!(count(&server, "GET /todos/missing"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_have_gone_the_request_ends_and_the_next_is_a_new_one() {
    let server = Server::start().await;
    let host =
        host(&server).fault(|request| (request.index < 1).then_some(Fault::Silence)).start().expect("a host");
    let script = "var two = [api.open(), api.open()]; two[0].abort(); two[1].abort(); await settled(two);
        return [(await api.open()).method, wx.__queqiao.n];";
    assert_eq!(eval(&host, script).await, json!(["GET", 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_after_a_write_does_not_get_what_was_read_before() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| {
            let slow = request.method == "GET" && request.url.ends_with("/todos") && request.index == 1;
            slow.then_some(Fault::Delay(Duration::from_millis(300)))
        })
        .start()
        .expect("a host");
    let script = "var before = api.listTodos(); await pause(100); await api.addTodo({ title: 'a' });
        await api.listTodos(); await before; return 0;";
    eval(&host, script).await;
    assert_eq!(count(&server, "GET /todos"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_two_users_are_never_one() {
    let server = Server::start().await;
    let host = host(&server)
        .fault(|request| request.url.ends_with("/echo").then_some(Fault::Delay(Duration::from_millis(150))))
        .start()
        .expect("a host");
    let script =
        "var nobody = await api.who(); await api.listTodos(); var before = settled([api.who()]); await pause(20);
        api.switchUser(); await api.listTodos(); var second = await api.who();
        return [nobody.header.authorization || '', (await before)[0].title, second.header.authorization];";
    assert_eq!(eval(&host, script).await, json!(["", "Logged out", "Bearer token-2"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_gives_an_error_of_its_own() {
    let server = Server::start().await;
    let host = host(&server).start().expect("a host");
    let failure = error(&host, "var circle = {}; circle.circle = circle; await api.submit(circle)").await;
    assert_eq!((&failure["kind"], &failure["operation"]), (&json!("validation"), &json!("POST /echo")));
    assert_eq!(host.counts().requests, 0);
}
