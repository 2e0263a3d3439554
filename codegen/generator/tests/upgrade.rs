//! A client that the server has become too new for: its error, and WeChat's update flow, in QuickJS over real HTTP.

#[expect(dead_code, reason = "a server for several tests")]
mod server;

use std::time::Duration;

use queqiao_codegen::{BaseUrl, Generated, Options, generate};
use queqiao_quickjs_host::{Host, HostError, Setup, Update};
use serde_json::{Value, json};
use server::Server;

/// The contract of `data/todo.json`, in which every operation may refuse the client.
fn client(server: &Server) -> Generated {
    let mut document: Value = serde_json::from_str(include_str!("data/todo.json")).expect("JSON");
    let refusal = json!({ "description": "Too old", "content": { "application/problem+json": { "schema": {
        "properties": { "code": { "type": "string", "enum": ["client.too_old"] } }, "type": "object"
    } } } });
    for item in document["paths"].as_object_mut().expect("paths").values_mut() {
        for operation in item.as_object_mut().expect("operations").values_mut() {
            operation["responses"]["410"] = refusal.clone();
        }
    }
    generate(&document, &Options { base_url: BaseUrl::One(server.url()), ..Options::default() })
        .expect("a client")
}

async fn too_old() -> (Server, Setup) {
    let server = Server::start().await;
    server.book().too_old = true;
    let host = Host::new(client(&server).files).login(|| async { Ok("code".into()) });
    (server, host)
}

async fn eval(host: &Host, body: &str) -> Value {
    let result = tokio::time::timeout(Duration::from_secs(30), host.eval_async(body)).await;
    result.expect("an end within 30 seconds").unwrap_or_else(|error| panic!("{error}"))
}

/// Until the flow has run.
const PAUSE: &str = "await new Promise(function (resolve) { setTimeout(resolve, 50); });";

#[tokio::test(flavor = "multi_thread")]
async fn calls_fail_as_upgrade_and_an_update_that_is_ready_is_applied_once() {
    let (server, setup) = too_old().await;
    let host = setup.update(Update::Ready).start().expect("a host");
    server.book().too_old = false;
    eval(&host, "await api.listTodos()").await;
    server.book().too_old = true;
    // Two copies of the client, logged in, thirty calls: one flow.
    let script = format!(
        "var other = load(), calls = [];
         for (var i = 0; i < 30; i++) calls.push((i % 2 ? api : other).getTodo({{ id: 'n' + i }}).then(null, function (e) {{ return e; }}));
         var errors = await Promise.all(calls);
         {PAUSE}
         return [errors.every(function (e) {{ return e.kind === 'upgrade' && e.code === 'client.too_old' && e.status === 410
           && api.getTodo.failed(e) && !e.retryable; }}), errors.length, wx.__queqiao.n];"
    );
    assert_eq!(eval(&host, &script).await, json!([true, 30, 0]));
    let modals = host.modals();
    assert_eq!((modals.len(), &modals[0]["showCancel"]), (1, &json!(true)), "{modals:?}");
    assert!(modals[0]["content"].as_str().is_some_and(|text| text.contains("重启")), "{modals:?}");
    assert_eq!((host.counts().requests, host.counts().updates), (32, 1));
    assert_eq!(host.log(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_is_not_restarted() {
    let (_server, setup) = too_old().await;
    let host = setup.update(Update::Ready).cancel().start().expect("a host");
    for _ in 0..2 {
        assert!(matches!(host.eval_async("await api.listTodos()").await, Err(HostError::Thrown(_))));
        eval(&host, PAUSE).await;
    }
    assert_eq!((host.modals().len(), host.counts().updates), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_update_comes_the_user_is_told_what_to_do() {
    for update in [Update::None, Update::Failed, Update::Missing] {
        let (_server, setup) = too_old().await;
        let host = setup.update(update).start().expect("a host");
        eval(&host, &format!("await api.listTodos().then(null, function () {{}}); {PAUSE}")).await;
        let modals = host.modals();
        assert_eq!((modals.len(), &modals[0]["showCancel"]), (1, &json!(false)), "{update:?}");
        assert!(modals[0]["content"].as_str().is_some_and(|text| text.contains("重新打开")), "{modals:?}");
        assert_eq!(host.counts().updates, 0, "{update:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_reads_the_words_of_the_server() {
    for (language, title, detail) in [("zh_CN", "版本过旧", "请重新打开"), ("en", "Too old", "Open it again")]
    {
        let (_server, setup) = too_old().await;
        let host = setup.update(Update::Failed).start().expect("a host");
        let spoken = format!("wx.getAppBaseInfo = function () {{ return {{ language: '{language}' }}; }};");
        eval(&host, &format!("{spoken} await api.listTodos().then(null, function () {{}}); {PAUSE}")).await;
        assert_eq!(host.modals(), [json!({ "title": title, "content": detail, "showCancel": false })]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wechat_that_says_nothing_is_not_waited_for_for_ever() {
    let (_server, setup) = too_old().await;
    let host = setup.update(Update::Silent).virtual_time().start().expect("a host");
    eval(&host, "await api.listTodos().then(null, function () {})").await;
    host.advance(Duration::from_secs(1));
    host.advance(Duration::from_secs(28));
    eval(&host, "").await;
    assert_eq!(host.modals(), Vec::<Value>::new());
    host.advance(Duration::from_secs(2));
    eval(&host, "").await;
    assert_eq!(host.modals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_upgrade_takes_the_place_of_the_flow_and_may_throw() {
    let (_server, setup) = too_old().await;
    let host = setup.update(Update::Ready).start().expect("a host");
    let script = format!(
        "var told = [];
         api.configure({{ onUpgrade: function (error) {{ told.push(error.code); throw new Error('a mistake of the page'); }} }});
         for (var i = 0; i < 12; i++) await api.listTodos().then(null, function () {{}});
         {PAUSE}
         return [told, wx.__queqiao.n];"
    );
    assert_eq!(eval(&host, &script).await, json!([["client.too_old"], 0]));
    assert_eq!((host.modals().len(), host.counts().updates), (0, 0));
    assert_eq!(host.log().len(), 1, "{:?}", host.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_ends_every_waiter_alike() {
    let (server, setup) = too_old().await;
    let host = setup.update(Update::Ready).start().expect("a host");
    let script = "var calls = [api.listTodos(), api.addTodo({ title: 'a' })], kinds = [];
                  for (var i = 0; i < 2; i++) await calls[i].then(null, function (e) { kinds.push(e.kind, e.operation); });
                  return kinds;";
    let login = "POST /auth/login";
    assert_eq!(eval(&host, script).await, json!(["upgrade", login, "upgrade", login]));
    assert!(server.book().codes.is_empty());
}

#[test]
fn a_contract_without_the_code_has_no_flow() {
    let document: Value = serde_json::from_str(include_str!("data/todo.json")).expect("JSON");
    let files = generate(&document, &Options::default()).expect("a client").files;
    for text in files.values() {
        assert!(!text.contains("pgrade"), "{text}");
    }
}
