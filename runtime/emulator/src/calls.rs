//! What was asked and answered lately, for people and tests. Secrets are masked.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codes::MOCK_CODE;

/// Exchanges remembered.
const REMEMBERED: usize = 200;

/// Failed calls whose rid can be asked for.
const RIDS: usize = 10_000;

/// One call and its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// Counts up from 1.
    pub number: u64,
    /// The emulator's time.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The app, as far as appid or access token tell.
    pub appid: Option<String>,
    /// The parameters of query and body, with secrets masked.
    pub request: Value,
    /// The answer, with secrets masked; of an image or another file its kind and size.
    pub answer: Value,
    /// The user whom the call was about.
    pub user: Option<String>,
    /// The fault that was injected.
    pub fault: Option<String>,
}

/// The calls so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How many calls there were for each path of WeChat's API, since the emulator started.
    pub counts: BTreeMap<String, u64>,
    /// The latest, newest first.
    pub recent: Vec<Exchange>,
}

#[derive(Debug, Default)]
pub(crate) struct Calls {
    total: u64,
    counts: BTreeMap<&'static str, u64>,
    recent: VecDeque<Exchange>,
    rids: HashMap<String, Failure>,
    rids_in_order: VecDeque<String>,
}

/// A failed call, as getRidInfo tells it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) appid: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) request: Value,
    pub(crate) answer: Value,
}

/// A call before it is numbered.
pub(crate) struct Record<'a> {
    /// The path of the route, or a word for all the others.
    pub(crate) counted_as: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) appid: Option<String>,
    pub(crate) query: &'a Map<String, Value>,
    pub(crate) body: &'a Value,
    pub(crate) answer: &'a Value,
    /// The id of a failed call.
    pub(crate) rid: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) fault: Option<String>,
}

impl Calls {
    pub(crate) fn record(&mut self, record: Record<'_>) {
        self.total += 1;
        *self.counts.entry(record.counted_as).or_default() += 1;
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_back();
        }
        let mut request = match masked("", record.body, 0) {
            Value::Object(body) => body,
            Value::Null => Map::new(),
            other => Map::from_iter([("body".to_owned(), other)]),
        };
        if let Value::Object(query) = masked("", &Value::Object(record.query.clone()), 0) {
            request.extend(query);
        }
        let exchange = Exchange {
            number: self.total,
            at: record.at,
            method: record.method.to_owned(),
            path: record.path.chars().take(200).collect(),
            appid: record.appid,
            request: request.into(),
            answer: masked("", record.answer, 0),
            user: record.user,
            fault: record.fault,
        };
        if let Some(rid) = record.rid {
            self.remember(rid, &exchange);
        }
        self.recent.push_front(exchange);
    }

    fn remember(&mut self, rid: String, exchange: &Exchange) {
        if self.rids_in_order.len() >= RIDS
            && let Some(oldest) = self.rids_in_order.pop_front()
        {
            self.rids.remove(&oldest);
        }
        let failure = Failure {
            appid: exchange.appid.clone(),
            at: exchange.at,
            request: exchange.request.clone(),
            answer: exchange.answer.clone(),
        };
        self.rids_in_order.push_back(rid.clone());
        self.rids.insert(rid, failure);
    }

    pub(crate) fn failure(&self, rid: &str) -> Option<&Failure> {
        self.rids.get(rid)
    }

    pub(crate) fn report(&self) -> Report {
        Report {
            counts: self.counts.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect(),
            recent: self.recent.iter().cloned().collect(),
        }
    }
}

/// The value as a person may read it: of codes and tokens the first four characters, of secrets proper
/// nothing, and nothing in endless length.
pub(crate) fn masked(name: &str, value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) if text == MOCK_CODE => text.as_str().into(),
        Value::String(text) => match secrecy_of(name) {
            Secrecy::Open => text.chars().take(1000).collect::<String>().into(),
            Secrecy::Beginning if text.chars().count() > 12 => {
                format!("{}…", text.chars().take(4).collect::<String>()).into()
            }
            Secrecy::Beginning | Secrecy::Nothing => "…".into(),
        },
        Value::Array(_) | Value::Object(_) if depth > 8 => "…".into(),
        Value::Array(items) => {
            items.iter().take(50).map(|item| masked(name, item, depth + 1)).collect::<Vec<_>>().into()
        }
        Value::Object(fields) => {
            let fields = fields.iter().take(50).map(|(name, value)| {
                let shown: String = name.chars().take(50).collect();
                let value = masked(name, value, depth + 1);
                (shown, value)
            });
            Value::Object(fields.collect())
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

enum Secrecy {
    Open,
    Beginning,
    Nothing,
}

fn secrecy_of(name: &str) -> Secrecy {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "code" | "js_code" | "access_token" => Secrecy::Beginning,
        "iv" | "encrypteddata" => Secrecy::Nothing,
        _ if ["secret", "key", "token", "password"].iter().any(|part| name.contains(part)) => {
            match name.as_str() {
                // The names of a template's values, not values.
                "keyword" | "keywordcode" | "keywordenumvaluelist" => Secrecy::Open,
                _ => Secrecy::Nothing,
            }
        }
        _ => Secrecy::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let request = json!({
            "appid": "wx1", "secret": "s3cret-s3cret-s3cret", "js_code": "0a3Xyyyyyyyyyyyyyyyy", "force_refresh": true,
            "nested": [{"appsecret": "s3cret"}], "EncodingAESKey": ["s3cret"], "access_token": "s3cret", "iv": "s3cret"
        });
        let shown = masked("", &request, 0);
        assert!(!shown.to_string().contains("s3cret"), "{shown}");
        assert_eq!(shown["js_code"], "0a3X…");
        assert_eq!((&shown["appid"], &shown["force_refresh"]), (&json!("wx1"), &json!(true)));
        // This one is no secret, and says what happened.
        assert_eq!(masked("", &json!({ "js_code": MOCK_CODE }), 0)["js_code"], MOCK_CODE);
        let answer = json!({"openid": "o1", "session_key": "s3cret==", "errcode": 40029});
        assert_eq!(masked("", &answer, 0), json!({"openid": "o1", "session_key": "…", "errcode": 40029}));
        let long = masked("", &json!({"content": "长".repeat(5000)}), 0);
        assert_eq!(long["content"].as_str().map(|text| text.chars().count()), Some(1000));
    }

    #[test]
    fn memory_is_bounded_and_the_newest_come_first() {
        let mut calls = Calls::default();
        for n in 0..RIDS + 5 {
            calls.record(Record {
                counted_as: "/x",
                at: Timestamp::UNIX_EPOCH,
                method: "GET",
                path: "/x",
                appid: None,
                query: &Map::new(),
                body: &Value::Null,
                answer: &Value::Null,
                rid: Some(n.to_string()),
                user: None,
                fault: None,
            });
        }
        let report = calls.report();
        assert_eq!(report.counts["/x"], 10_005);
        assert_eq!((report.recent.len(), report.recent[0].number), (REMEMBERED, 10_005));
        assert_eq!((calls.rids.len(), calls.rids_in_order.len()), (RIDS, RIDS));
        assert!(calls.failure("0").is_none() && calls.failure("10004").is_some());
    }
}
