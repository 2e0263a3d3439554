//! What comes back: the script that checks it, and answers to look at.

use serde_json::{Map, Value, json};

use super::draft07::Converter;
use super::flow::Carried;
use super::operation::{Answer, Operation, example, is_json};
use crate::error::GenerateError;
use crate::json;
use crate::read::essence;
use crate::read::node::Node;
use crate::sample::{Side, brief_sample, sample};

const CHECK: &str = include_str!("check.js");
const LOGIN: &str = include_str!("login.js");
const TOKEN: &str = include_str!("token.js");

/// The script after a request: the answer must be a documented one, and what others need is kept.
pub(super) fn test_script(
    root: &Node<'_>,
    operation: &Operation<'_>,
    carried: &[Carried],
    version: Option<&String>,
    is_login: bool,
) -> Result<Value, GenerateError> {
    let mut converter = Converter::new(root.value);
    let mut lines = vec![
        "// The answers of the contract: of each status the media types, and of JSON the schema.".to_owned(),
        "const answers = {".to_owned(),
    ];
    for answer in &operation.answers {
        let mut media_types = Map::new();
        // There is no body to look at.
        let content = if operation.method == "head" { &[][..] } else { &answer.content };
        for (media_type, media) in content {
            let schema = media.get("schema").filter(|_| is_json(media_type));
            let check = match schema {
                Some(schema) => converter.convert(&schema)?,
                None => Value::Bool(true),
            };
            media_types.insert(essence(media_type), check);
        }
        let status = answer.status.to_uppercase().replace("DEFAULT", "default");
        lines.push(format!("  {}: {},", json!(status), json::compact(&Value::Object(media_types))));
    }
    lines.push("};".to_owned());
    lines.push(format!("const definitions = {};", json::compact(&converter.definitions())));
    lines.extend(CHECK.lines().map(str::to_owned));
    if is_login {
        lines.extend(TOKEN.lines().map(str::to_owned));
        lines.push("if (pm.response.code < 300) keep(pm.response.json().token);".to_owned());
    }
    for carried in carried {
        lines.push("// For the requests that come after.".to_owned());
        lines.push("if (pm.response.code < 300) {".to_owned());
        let mut way = String::from("pm.response.json()");
        for step in &carried.way {
            match step {
                Some(name) => way.push_str(&format!("?.[{}]", json!(name))),
                None => way.push_str("?.[0]"),
            }
        }
        lines.push(format!("  const found = {way};"));
        lines.push(format!(
            "  if (found !== undefined && found !== null) pm.collectionVariables.set({}, String(found));",
            json!(carried.variable)
        ));
        lines.push("}".to_owned());
    }
    if let Some(variable) = version {
        lines.push("// The version for a change that asks for it.".to_owned());
        lines.push("const version = pm.response.headers.get('ETag');".to_owned());
        lines.push(format!("if (version) pm.collectionVariables.set({}, version);", json!(variable)));
    }
    Ok(event("test", lines))
}

/// The script before the login.
pub(super) fn login_script() -> Value {
    event("prerequest", LOGIN.lines().map(str::to_owned).collect())
}

/// The script after every request: the server may have renewed the token.
pub(super) fn renewal_script(header: &str) -> Value {
    let mut lines: Vec<String> = TOKEN.lines().map(str::to_owned).collect();
    lines.push("// The server renews a token before it ends.".to_owned());
    lines.push(format!("const renewed = pm.response.headers.get({});", json!(header)));
    lines.push("if (renewed) keep(renewed);".to_owned());
    event("test", lines)
}

fn event(listen: &str, lines: Vec<String>) -> Value {
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } })
}

/// An answer of each documented status, for readers and mock servers.
pub(super) fn examples(root: &Node<'_>, operation: &Operation<'_>, request: &Value) -> Vec<Value> {
    let original = json!({ "method": request["method"], "url": request["url"], "header": [] });
    operation.answers.iter().map(|answer| saved(root, answer, &original)).collect()
}

fn saved(root: &Node<'_>, answer: &Answer<'_>, original: &Value) -> Value {
    let code = match answer.status {
        "default" => 500,
        // `4XX`: the plainest of its kind.
        status => status.replace(['X', 'x'], "0").parse::<u16>().unwrap_or(500),
    };
    let phrase = phrase(code);
    let json = answer.content.iter().find(|(media_type, _)| is_json(media_type));
    let content = json.or(answer.content.first());
    let mut saved = json!({
        "name": format!("{} {phrase}", answer.status).trim().to_owned(),
        "originalRequest": original,
        "code": code,
        "status": phrase,
        "header": [],
    });
    let Some((media_type, media)) = content else { return saved };
    saved["header"] = json!([{ "key": "Content-Type", "value": media_type }]);
    let schema = media.get("schema").map_or(Value::Bool(true), |schema| schema.value.clone());
    let value = example(media, root.value).unwrap_or_else(|| match essence(media_type).as_str() {
        "application/problem+json" => problem(root, answer, &schema, code),
        _ => sample(root.value, &schema, "", Side::Response),
    });
    saved["_postman_previewlanguage"] = json!(if is_json(media_type) { "json" } else { "text" });
    saved["body"] = json!(match &value {
        Value::String(text) if !is_json(media_type) => text.clone(),
        value => json::pretty(value).trim_end().to_owned(),
    });
    saved
}

/// A failure with its own status and title. A queqiao server describes an answer by a line for each of its codes.
fn problem(root: &Node<'_>, answer: &Answer<'_>, schema: &Value, code: u16) -> Value {
    let mut value = brief_sample(root.value, schema, Side::Response);
    if let Some(status) = value.get_mut("status").filter(|status| status.is_number()) {
        *status = json!(code);
    }
    let start = value.get("code").and_then(Value::as_str).map(|code| format!("`{code}`: "));
    let mut lines = answer.description.lines();
    let title = start.and_then(|start| lines.find_map(|line| line.strip_prefix(&start)));
    if let Some((title, place)) = title.zip(value.get_mut("title")) {
        *place = json!(title);
    }
    value
}

/// The reason phrase of a status (RFC 9110), as Postman shows it.
fn phrase(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
