//! `/clientz`: the figures for programs as JSON, for people as a page.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::Clients;
use super::figures::{Client, Figures, Kind, Total};
use crate::problem::{Audience, Language, Problem, Text};

/// The page of figures. With a token only for those who send it.
pub(crate) fn routes(clients: Arc<Clients>, token: Option<SecretString>, language: Language) -> Router {
    let token = Arc::new(token);
    let answer = move |request: Request| {
        let (clients, token) = (Arc::clone(&clients), Arc::clone(&token));
        async move {
            let headers = request.headers();
            match show(&clients, token.as_ref().as_ref(), headers).await {
                Ok(response) => response,
                Err(problem) => problem.respond(Audience::of(headers, language)),
            }
        }
    };
    Router::new().route("/clientz", get(answer))
}

async fn show(
    clients: &Clients,
    token: Option<&SecretString>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = token
        && !bears(headers, token)
    {
        // Basic, so that a browser asks for it.
        let challenge = HeaderValue::from_static("Basic realm=\"clientz\", charset=\"UTF-8\"");
        return Err(Problem::new(
            401,
            "clients.token",
            Text::both("查看客户端统计需要运维令牌。", "The figures of clients need the operator's token."),
        )
        .with_detail(Text::both(
            "请以 `Authorization: Bearer <token>` 携带 clients.token，或在浏览器中作为密码输入。",
            "Send clients.token as `Authorization: Bearer <token>`, or as the password of a browser.",
        ))
        .with_header(WWW_AUTHENTICATE, challenge));
    }
    let figures = clients.figures().await.map_err(Problem::internal)?;
    let common = [(CACHE_CONTROL, "no-store"), (VARY, "Accept")];
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        let own: [(HeaderName, &str); 2] =
            [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy)];
        return Ok((common, own, page(&figures)).into_response());
    }
    Ok((common, axum::Json(figures)).into_response())
}

/// Whether a request has the token: as Bearer, or as the password of Basic.
fn bears(headers: &HeaderMap, token: &SecretString) -> bool {
    let Some((scheme, sent)) =
        headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.split_once(' '))
    else {
        return false;
    };
    let sent = sent.trim();
    let sent = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => sent.as_bytes().to_vec(),
        "basic" => {
            let decoded = STANDARD.decode(sent).unwrap_or_default();
            let password = decoded.iter().position(|byte| *byte == b':').and_then(|at| decoded.get(at + 1..));
            password.unwrap_or_default().to_vec()
        }
        _ => return false,
    };
    verify_slices_are_equal(&sent, token.expose_secret().as_bytes()).is_ok()
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;\
    color-scheme:light dark}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem;\
    border-bottom:1px solid #8884;vertical-align:top}td.n,th.n{text-align:right}summary{cursor:pointer}\
    .no{color:#b3261e}code{font-size:.9em}";

fn page(figures: &Figures) -> String {
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Clients</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>\
         <h1>Clients</h1><p>This server has the contract <code>{}</code>. For programs: \
         <code>Accept: application/json</code>.</p><table><tr><th>release<th>contract<th class=\"n\">calls\
         <th class=\"n\">refused<th>last call<th>what",
        figures.contract
    );
    for client in &figures.clients {
        row(&mut text, client, figures);
    }
    text.push_str("</table></html>\n");
    text
}

fn row(text: &mut String, client: &Client, figures: &Figures) {
    let name = match client.kind {
        Kind::Current => "not released yet".to_owned(),
        Kind::Released => escaped(&client.labels.join(", ")),
        Kind::Unknown => "unknown".to_owned(),
        Kind::Other => "others".to_owned(),
        Kind::Absent => "without a contract id".to_owned(),
    };
    let retired = if client.retired { " (retired)" } else { "" };
    let own = if client.contract.as_ref() == Some(&figures.contract) { " (this server)" } else { "" };
    let contract = client.contract.as_deref().unwrap_or("–");
    let _ = write!(text, "<tr><td>{name}{retired}<td><code>{contract}</code>{own}");
    numbers(text, &client.total);
    text.push_str("<td>");
    if let Some(setting) = &client.refused_by {
        let _ = write!(text, "<div class=\"no\">refused by <code>{}</code></div>", escaped(setting));
    }
    if !client.operations.is_empty() {
        let count = client.operations.len();
        let _ = write!(text, "<details><summary>{count} operations</summary><table>");
        for (operation, total) in &client.operations {
            let _ = write!(text, "<tr><td>{}", escaped(operation));
            numbers(text, total);
        }
        text.push_str("</table></details>");
    }
    if !client.packages.is_empty() {
        text.push_str("<details><summary>packages, as the Referer says</summary><table>");
        for seen in &client.packages {
            let (appid, package) = (escaped(&seen.appid), escaped(&seen.package));
            let _ = write!(text, "<tr><td>{appid}<td>{package}<td>{:.0}", seen.last_seen);
        }
        text.push_str("</table></details>");
    }
}

fn numbers(text: &mut String, total: &Total) {
    let seen = total.last_seen.map_or_else(|| "never".to_owned(), |seen| format!("{seen:.0}"));
    let _ = write!(text, "<td class=\"n\">{}<td class=\"n\">{}<td>{seen}", total.calls, total.refused);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
