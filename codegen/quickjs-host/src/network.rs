//! `wx.request` and `wx.login` in the outer world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::AbortHandle;

use crate::engine::Event;
use crate::{Failure, Fault, Request, Shared, lock};

/// Starts a request. `None` if it has ended already.
pub(crate) fn start(shared: &Arc<Shared>, id: u32, text: &str) -> Option<AbortHandle> {
    let parsed: Value = serde_json::from_str(text).unwrap_or_default();
    if shared.in_flight.load(Ordering::SeqCst) >= shared.limit {
        shared.over_limit.fetch_add(1, Ordering::SeqCst);
        let failure = Failure::new(format!("request:fail more than {} requests at once", shared.limit));
        post(shared, id, false, fail(&failure), None, false);
        return None;
    }
    lock(&shared.open).insert(id);
    let in_flight = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most.fetch_max(in_flight, Ordering::SeqCst);
    let request = record(shared, &parsed);
    let fault = (shared.fault)(&request);
    let timeout = Duration::from_millis(parsed.get("timeout").and_then(Value::as_u64).unwrap_or(60_000));
    let task = Arc::clone(shared);
    let handle = shared.runtime.spawn(async move {
        let (ok, result, bytes) = match &fault {
            Some(Fault::Unsent(failure)) => (false, fail(failure), None),
            Some(Fault::Silence) => std::future::pending().await,
            _ => match tokio::time::timeout(timeout, send(&task, &request)).await {
                Err(_) => (false, fail(&Failure::new("request:fail timeout").errno(5)), None),
                Ok(Err(error)) => {
                    let kind = if error.is_connect() { "ERR_CONNECTION_REFUSED" } else { "ERR_FAILED" };
                    (
                        false,
                        fail(&Failure::new(format!("request:fail errcode:-102 net::{kind}")).errno(600_001)),
                        None,
                    )
                }
                Ok(Ok((status, header, bytes))) => match &fault {
                    Some(Fault::AnswerLost(failure)) => (false, fail(failure), None),
                    Some(Fault::StatusThroughFail) if status >= 400 => {
                        let result =
                            json!({"errMsg": "request:fail", "statusCode": status, "header": header});
                        (false, result, Some(bytes))
                    }
                    _ => {
                        let result = json!({"errMsg": "request:ok", "statusCode": status, "header": header,
                                            "cookies": []});
                        (true, result, Some(bytes))
                    }
                },
            },
        };
        if let Some(Fault::Delay(time)) = fault {
            tokio::time::sleep(time).await;
        }
        post(&task, id, ok, result, bytes, true);
    });
    Some(handle.abort_handle())
}

pub(crate) fn aborted(shared: &Shared, id: u32) {
    post(shared, id, false, fail(&Failure::new("request:fail abort")), None, true);
}

pub(crate) fn log_in(shared: &Arc<Shared>, id: u32) {
    shared.logins.fetch_add(1, Ordering::SeqCst);
    let code = (shared.login)();
    let task = Arc::clone(shared);
    shared.runtime.spawn(async move {
        let (ok, result) = match code.await {
            Ok(code) => (true, json!({"errMsg": "login:ok", "code": code})),
            Err(failure) => (false, fail(&failure)),
        };
        post(&task, id, ok, result, None, false);
    });
}

fn record(shared: &Shared, parsed: &Value) -> Request {
    let text = |key: &str| parsed.get(key).and_then(Value::as_str).map(str::to_owned);
    let header = parsed.get("header").and_then(Value::as_object).into_iter().flatten();
    let mut requests = lock(&shared.requests);
    let request = Request {
        index: requests.len(),
        method: text("method").unwrap_or_default(),
        url: text("url").unwrap_or_default(),
        header: header.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect(),
        body: text("body"),
        bytes: parsed.get("bytes").and_then(Value::as_array).map(|bytes| {
            bytes.iter().filter_map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect()
        }),
    };
    requests.push(request.clone());
    request
}

async fn send(
    shared: &Shared,
    request: &Request,
) -> Result<(u16, BTreeMap<String, String>, Vec<u8>), reqwest::Error> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap_or(reqwest::Method::GET);
    let mut builder = shared.client.request(method, &request.url);
    // The base library's default.
    if !request.header.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
        builder = builder.header("content-type", "application/json");
    }
    builder = builder.header("referer", "https://servicewechat.com/wx0000000000000000/0/page-frame.html");
    for (name, value) in &request.header {
        builder = builder.header(name, value);
    }
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    if let Some(bytes) = &request.bytes {
        builder = builder.body(bytes.clone());
    }
    let response = builder.send().await?;
    let name = |name: &str| if shared.capital_headers { name.to_uppercase() } else { name.to_owned() };
    let header = response
        .headers()
        .iter()
        .map(|(key, value)| (name(key.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status = response.status().as_u16();
    Ok((status, header, response.bytes().await?.to_vec()))
}

fn fail(failure: &Failure) -> Value {
    let mut result = json!({"errMsg": failure.message});
    if let Some(errno) = failure.errno {
        result["errno"] = errno.into();
    }
    result
}

/// `counted`: the request is among those in flight. Answer and abort may race: the first one counts.
fn post(shared: &Shared, id: u32, ok: bool, result: Value, bytes: Option<Vec<u8>>, counted: bool) {
    if counted && !lock(&shared.open).remove(&id) {
        return;
    }
    // A host that has ended needs no answers.
    let _ = shared.events.send(Event::Answer { id, ok, result: result.to_string(), bytes, counted });
}
