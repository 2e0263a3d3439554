//! Answers and failures, on their way back to the client.

use serde_json::{Map, Value, json};

use super::login::Phase;
use super::trouble::Trouble;
use super::{Delivery, Event, World};
use crate::dice::Dice;
use crate::failure::{self, Failure, Manner};
use crate::profile::{Abort, Case};

impl World {
    pub(super) fn end(&mut self, index: usize) {
        let open = &mut self.requests[index];
        open.ended = true;
        if let Some(login) = open.login {
            self.logins[login].phase = Phase::Over;
        }
    }

    /// Nobody waits for it any more, or a callback has come already.
    pub(super) fn deaf(&self, index: usize) -> bool {
        let open = &self.requests[index];
        let silenced = open.aborted.is_some() && self.profile.abort == Abort::Silent;
        open.launch != self.launch || open.ended || silenced
    }

    pub(crate) fn deadline(&mut self, index: usize) -> Vec<Delivery> {
        let manner = self.requests[index].manner;
        self.fail(index, failure::TIMEOUT, manner)
    }

    pub(crate) fn fail(&mut self, index: usize, failure: Failure, manner: Manner) -> Vec<Delivery> {
        if self.deaf(index) {
            return Vec::new();
        }
        self.count(failure, manner);
        let open = &self.requests[index];
        let what = format!(
            "{} {} fails: {} ({})",
            open.request.method,
            open.request.path,
            failure.name,
            manner.word()
        );
        self.tell(|| what);
        self.end(index);
        self.again(index);
        let open = &self.requests[index];
        vec![Delivery {
            id: open.id,
            ok: false,
            result: failure.result(manner),
            data: None,
            binary: open.binary,
        }]
    }

    pub(super) fn again(&mut self, index: usize) {
        if self.profile.twice {
            let after = Dice::new(self.seed, &format!("again {index}")).of(&[0, 0, 30]);
            self.schedule(after, Event::Again(index));
        }
    }

    /// A second callback, success after failure and the other way round.
    pub(crate) fn answer_again(&mut self, index: usize) -> Vec<Delivery> {
        let open = &self.requests[index];
        if open.launch != self.launch {
            return Vec::new();
        }
        let (id, binary) = (open.id, open.binary);
        self.counts.failure("callback comes twice");
        self.tell(|| "the same calls back again".to_owned());
        match self.answer_of(index) {
            Some(delivery) => vec![delivery],
            None => vec![Delivery { id, ok: false, result: Value::Null, data: None, binary }],
        }
    }

    pub(crate) fn answer(&mut self, index: usize) -> Vec<Delivery> {
        if self.deaf(index) {
            return Vec::new();
        }
        if self.requests[index].aborted.is_some() {
            if self.profile.abort != Abort::AnswersAllTheSame {
                return Vec::new();
            }
            self.counts.failure("answer after an abort");
        }
        let delivery = self.answer_of(index);
        self.follow_token(index, delivery.as_ref());
        self.end(index);
        self.again(index);
        delivery.into_iter().collect()
    }

    pub(super) fn answer_of(&self, index: usize) -> Option<Delivery> {
        let open = &self.requests[index];
        let response = open.response.as_ref()?;
        let mut headers = Map::new();
        headers.insert("content-type".into(), json!("application/json"));
        headers.insert("X-Request-Id".into(), json!("r-1"));
        for (name, value) in &response.headers {
            headers.insert(name.clone(), json!(value));
        }
        let headers: Map<String, Value> = headers
            .into_iter()
            .map(|(name, value)| match self.profile.case {
                Case::AsSent => (name, value),
                Case::Lower => (name.to_lowercase(), value),
                Case::Upper => (name.to_uppercase(), value),
            })
            .collect();
        let ok = !(self.profile.errors_fail && response.status >= 400);
        let mut result = json!({ "errMsg": if ok { "request:ok" } else { "request:fail" } });
        if self.profile.alipay {
            result["status"] = json!(response.status);
            result["headers"] = json!(headers);
            if !ok {
                result["error"] = json!(19);
            }
        } else {
            result["statusCode"] = json!(response.status);
            result["header"] = json!(headers);
        }
        if open.trouble == Trouble::NoData {
            result["data"] = Value::Null;
            return Some(Delivery { id: open.id, ok, result, data: None, binary: open.binary });
        }
        Some(Delivery { id: open.id, ok, result, data: Some(response.body.clone()), binary: open.binary })
    }
}
