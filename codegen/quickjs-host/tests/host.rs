//! The host is as poor as a mini-program, and fails as WeChat does.

use std::collections::BTreeMap;
use std::time::Duration;

use queqiao_quickjs_host::{Failure, Fault, Files, Host, HostError, Setup};
use serde_json::{Value, json};

fn host() -> Setup {
    let files = [
        ("index.js".to_owned(), "exports.part = require('./part').part; exports.loaded = 1".to_owned()),
        ("part.js".to_owned(), "exports.part = 'part'".to_owned()),
        ("index.d.ts".to_owned(), "export const part: string".to_owned()),
    ];
    Host::new(Files::from(BTreeMap::from(files)))
}

async fn eval(host: &Host, body: &str) -> Value {
    host.eval_async(body).await.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn globals_are_those_of_a_mini_program() {
    let host = host().start().expect("a host");
    let types = "return [typeof fetch, typeof URL, typeof queueMicrotask, typeof globalThis, typeof Proxy, typeof eval,
        typeof Function, typeof Promise.prototype.finally, typeof wx.request, typeof setTimeout, typeof console.log]";
    let none = "undefined";
    assert_eq!(
        eval(&host, types).await,
        json!([none, none, none, none, none, none, none, none, "function", "function", "function"])
    );
}

#[tokio::test]
async fn modules_are_loaded_and_copies_are_apart() {
    let host = host().start().expect("a host");
    let script = "var other = load(); other.loaded = 2; return [api.part, api.loaded, other.loaded]";
    assert_eq!(eval(&host, script).await, json!(["part", 1, 2]));
}

#[tokio::test]
async fn values_and_errors_come_back() {
    let host = host().start().expect("a host");
    assert_eq!(eval(&host, "console.log('a', { b: 1 })").await, Value::Null);
    assert_eq!(host.log(), ["a {\"b\":1}"]);
    let thrown = host.eval_async("var e = new Error('x'); e.code = 'y'; throw e").await;
    assert!(
        matches!(&thrown, Err(HostError::Thrown(error)) if error["code"] == "y" && error["message"] == "x"),
        "{thrown:?}"
    );
    assert!(matches!(host.eval_async("this is no JavaScript").await, Err(HostError::Engine(_))));
    assert_eq!(eval(&host, "return 1").await, 1);
}

#[tokio::test]
async fn virtual_time_moves_when_told() {
    let host = host().virtual_time().start().expect("a host");
    eval(
        &host,
        "wx.order = []; setTimeout(function () { wx.order.push('late') }, 2000);
        setTimeout(function () { wx.order.push('soon') }, 1000);
        clearTimeout(setTimeout(function () { wx.order.push('never') }, 500));",
    )
    .await;
    host.advance(Duration::from_millis(999));
    assert_eq!(eval(&host, "return wx.order").await, json!([]));
    host.advance(Duration::from_millis(1));
    assert_eq!(eval(&host, "return wx.order").await, json!(["soon"]));
    host.advance(Duration::from_secs(1));
    assert_eq!(eval(&host, "return wx.order").await, json!(["soon", "late"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_fail_as_wechats_do() {
    let host = host()
        .limit(1)
        .fault(|request| match request.index {
            0 => Some(Fault::Unsent(Failure::new("request:fail interrupted").errno(600_003))),
            _ => Some(Fault::Silence),
        })
        .start()
        .expect("a host");
    let script = "function ask(then) { return new Promise(function (resolve) {
          var task = wx.request({ url: 'http://127.0.0.1:9', fail: resolve, success: resolve }); if (then) then(task) }) }
        var first = await ask(), silent = ask(function (task) { wx.task = task }), third = await ask();
        wx.task.abort(); return [first, third.errMsg, (await silent).errMsg]";
    assert_eq!(
        eval(&host, script).await,
        json!([
            {"errMsg": "request:fail interrupted", "errno": 600003},
            "request:fail more than 1 requests at once",
            "request:fail abort"
        ])
    );
    let counts = host.counts();
    assert_eq!((counts.requests, counts.most_in_flight, counts.over_limit), (2, 1, 1));
}
