//! What was asked and answered lately, for people and tests. Secrets are masked.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codes::MOCK_CODE;

/// Exchanges remembered.
const REMEMBERED: usize = 200;

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
    /// The parameters, from query or body, with secrets masked.
    pub request: Map<String, Value>,
    /// The answer, with secrets masked.
    pub answer: Map<String, Value>,
    /// The user whom a login code stood for.
    pub user: Option<String>,
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
}

/// A call before it is numbered.
pub(crate) struct Record<'a> {
    /// The path of the route, or a word for all the others.
    pub(crate) counted_as: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) request: &'a Map<String, Value>,
    pub(crate) answer: &'a Map<String, Value>,
    pub(crate) user: Option<String>,
}

impl Calls {
    pub(crate) fn record(&mut self, record: Record<'_>) {
        self.total += 1;
        *self.counts.entry(record.counted_as).or_default() += 1;
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_back();
        }
        self.recent.push_front(Exchange {
            number: self.total,
            at: record.at,
            method: record.method.to_owned(),
            path: record.path.chars().take(200).collect(),
            request: masked(record.request),
            answer: masked(record.answer),
            user: record.user,
        });
    }

    pub(crate) fn report(&self) -> Report {
        Report {
            counts: self.counts.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect(),
            recent: self.recent.iter().cloned().collect(),
        }
    }
}

/// Leaves of secret values the first four characters, and of secrets proper nothing; of values that
/// are not known, their kind.
fn masked(object: &Map<String, Value>) -> Map<String, Value> {
    let mask = |(name, value): (&String, &Value)| {
        let value = match (name.as_str(), value) {
            ("appid" | "grant_type" | "openid" | "unionid" | "errmsg", Value::String(text)) => {
                text.chars().take(200).collect::<String>().into()
            }
            ("js_code", Value::String(text)) if text == MOCK_CODE => MOCK_CODE.into(),
            ("js_code" | "access_token", Value::String(text)) if text.chars().count() > 12 => {
                format!("{}…", text.chars().take(4).collect::<String>()).into()
            }
            (_, Value::String(_)) => "…".into(),
            (_, Value::Number(_) | Value::Bool(_) | Value::Null) => value.clone(),
            (_, Value::Array(_)) => "[…]".into(),
            (_, Value::Object(_)) => "{…}".into(),
        };
        (name.chars().take(50).collect(), value)
    };
    object.iter().take(20).map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn secrets_are_masked() {
        let request = object(json!({
            "appid": "wx1", "secret": "s3cret-s3cret-s3cret", "js_code": "0a3Xyyyyyyyyyyyyyyyy", "force_refresh": true,
            "nested": {"secret": "s3cret"}, "list": ["s3cret"], "short": "s3cret", "access_token": "s3cret"
        }));
        let shown = masked(&request);
        assert!(!serde_json::to_string(&shown).unwrap().contains("s3cret"), "{shown:?}");
        assert_eq!(shown["js_code"], "0a3X…");
        assert_eq!(shown["appid"], "wx1");
        // This one is no secret, and says what happened.
        assert_eq!(masked(&object(json!({ "js_code": MOCK_CODE })))["js_code"], MOCK_CODE);
        assert_eq!(shown["force_refresh"], true);
        let answer = object(json!({"openid": "o1", "session_key": "s3cret==", "errcode": 40029}));
        assert_eq!(
            Value::from(masked(&answer)),
            json!({"openid": "o1", "session_key": "…", "errcode": 40029})
        );
    }

    #[test]
    fn memory_is_bounded_and_the_newest_come_first() {
        let mut calls = Calls::default();
        let empty = Map::new();
        for _ in 0..REMEMBERED + 5 {
            calls.record(Record {
                counted_as: "/x",
                at: Timestamp::UNIX_EPOCH,
                method: "GET",
                path: "/x",
                request: &empty,
                answer: &empty,
                user: None,
            });
        }
        let report = calls.report();
        assert_eq!(report.counts["/x"], 205);
        assert_eq!((report.recent.len(), report.recent[0].number), (REMEMBERED, 205));
    }
}
