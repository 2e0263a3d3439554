//! A client in QuickJS, and the server that it calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use queqiao_codegen::{BaseUrl, Options, generate};
use queqiao_quickjs_host::{Host, HostError, Setup};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

pub(crate) const TODO: &str = include_str!("../data/todo.json");

/// The contract of `data/todo.json`, with operations of every kind that the server echoes.
pub(crate) fn document() -> Value {
    let mut document: Value = serde_json::from_str(TODO).expect("JSON");
    let ok = json!({ "200": { "description": "", "content": { "application/json": {} } } });
    let bytes = json!({ "200": { "description": "", "content": { "image/png": {} } } });
    let body = json!({ "content": { "application/json": {} } });
    let file = json!({ "type": "string", "format": "binary" });
    let form = |required: Value| {
        json!({ "content": { "multipart/form-data": { "schema": { "type": "object", "required": required, "properties": {
            "picture": file, "title": { "type": "string" }, "tags": { "type": "object" },
            "at": { "type": "string", "format": "date-time" } } } } } })
    };
    let mut not_modified = ok.clone();
    not_modified["304"] = json!({ "description": "nothing new" });
    let mut add = |path: &str, item: Value| document["paths"][path] = item;
    add(
        "/echo",
        json!({
            "get": { "operationId": "who", "security": [{}, { "login": [] }], "responses": ok },
            "post": { "operationId": "submit", "security": [], "requestBody": body, "responses": ok },
            "put": { "operationId": "replace", "security": [], "requestBody": body, "responses": ok },
            "delete": { "operationId": "remove", "security": [], "responses": ok },
        }),
    );
    add(
        "/echo/order",
        json!({ "post": { "operationId": "order", "x-queqiao-idempotent": true, "security": [], "requestBody": body,
            "responses": ok } }),
    );
    add(
        "/echo/pay",
        json!({ "post": { "operationId": "pay", "security": [], "requestBody": body, "responses": ok, "parameters": [
            { "in": "header", "name": "Idempotency-Key", "required": true, "schema": { "type": "string" } }] } }),
    );
    add("/echo/open", json!({ "get": { "operationId": "open", "security": [], "responses": not_modified } }));
    add("/echo/strict", json!({ "get": { "operationId": "strict", "security": [], "responses": ok } }));
    add(
        "/echo/avatar",
        json!({ "post": { "operationId": "avatar", "security": [], "requestBody": form(json!(["picture"])),
            "responses": ok } }),
    );
    add(
        "/echo/note",
        json!({ "post": { "operationId": "note", "security": [], "requestBody": form(json!([])), "responses": ok } }),
    );
    add(
        "/echo/raw",
        json!({ "put": { "operationId": "raw", "security": [], "responses": ok,
            "requestBody": { "content": { "application/octet-stream": {} } } } }),
    );
    add(
        "/uploads",
        json!({ "post": { "operationId": "beginUpload", "security": [{ "login": [] }], "requestBody": body, "responses": ok } }),
    );
    add(
        "/echo/albums/{album}",
        json!({ "post": { "operationId": "addPhoto", "x-queqiao-idempotent": true, "security": [{ "login": [] }],
            "parameters": [
                { "in": "path", "name": "album", "required": true, "schema": { "type": "string" } },
                { "in": "query", "name": "first", "schema": { "type": "boolean" } }],
            "requestBody": {
                "required": true,
                "x-queqiao-direct": { "begin": "beginUpload", "upload": "upload" },
                "content": {
                    "application/json": { "schema": { "type": "object", "required": ["upload"], "properties": {
                        "upload": { "type": "string" }, "title": { "type": "string" } } } },
                    "multipart/form-data": { "schema": { "type": "object", "required": ["picture"], "properties": {
                        "picture": { "type": "string", "format": "binary", "x-queqiao-upload": { "maxBytes": 8 } },
                        "title": { "type": "string" } } } } } },
            "responses": ok } }),
    );
    add("/bytes", json!({ "get": { "operationId": "picture", "security": [], "responses": bytes } }));
    document
}

pub(crate) fn with(server: &Server, options: Options) -> Setup {
    let options = Options { base_url: BaseUrl::One(server.url()), ..options };
    of(&document(), options)
}

/// A host with the client of a document.
pub(crate) fn of(document: &Value, options: Options) -> Setup {
    let next = Arc::new(AtomicUsize::new(1));
    Host::new(generate(document, &options).expect("a client").files).login(move || {
        let code = format!("code-{}", next.fetch_add(1, Ordering::SeqCst));
        async move { Ok(code) }
    })
}

/// A host with the client; `wx.login` gives code-1, code-2 …
pub(crate) fn host(server: &Server) -> Setup {
    with(server, Options::default())
}

/// Runs a script, with `settled` to see how promises end, and gives what it returns.
pub(crate) async fn eval(host: &Host, script: &str) -> Value {
    let script = format!(
        "function settled(promises) {{
           return Promise.all(promises.map(function (promise) {{
             return promise.then(function (value) {{ return {{ value: value }}; }}, function (error) {{ return error; }});
           }}));
         }}
         function pause(time) {{ return new Promise(function (resolve) {{ setTimeout(resolve, time); }}); }}
         {script}"
    );
    let result = tokio::time::timeout(Duration::from_secs(30), host.eval_async(&script)).await;
    result.expect("an end within 30 seconds").unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a script that fails, and gives its error.
pub(crate) async fn error(host: &Host, script: &str) -> Value {
    let result = tokio::time::timeout(Duration::from_secs(30), host.eval_async(script)).await;
    match result.expect("an end within 30 seconds") {
        Err(HostError::Thrown(error)) => error,
        other => panic!("expected an error, found {other:?}"),
    }
}

/// Lets the server answer `key` ("METHOD /path") so, before it answers as usual.
pub(crate) fn plan(server: &Server, key: &str, answers: &[Answer]) {
    server.book().answers.insert(key.to_owned(), answers.iter().copied().collect());
}

pub(crate) fn count(server: &Server, key: &str) -> usize {
    server.book().requests.get(key).copied().unwrap_or_default()
}
