//! The book of calls, and the rules that are checked when something happens to one.

use serde_json::Value;

use crate::contract::{Access, Operation};
use crate::rules::{Rule, Violation};
use crate::server::Execution;
use crate::world::World;

const KINDS: [&str; 10] = [
    "network",
    "timeout",
    "abort",
    "interrupted",
    "offline",
    "http",
    "validation",
    "auth",
    "parse",
    "upgrade",
];

/// A call of the client.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) path: String,
    pub(crate) launch: u32,
    pub(crate) era: u64,
    pub(crate) user: usize,
    /// Eras below this had been left with success when the call was made.
    pub(crate) since: u64,
    /// It may share its request with equal ones, so that no request names it.
    pub(crate) shared: bool,
    /// The newest write that had ended when the call was made.
    version: u64,
    /// Its idempotency key, once it has been sent.
    key: Option<String>,
    pub(crate) sent: u64,
    pub(crate) settled: bool,
    pub(crate) aborted: bool,
    /// A log-out of all devices, which may need a login of its own.
    pub(crate) everywhere: bool,
    /// Made when all had recovered.
    pub(crate) probe: bool,
}

/// All calls of a run, and what was found wrong.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) calls: Vec<Call>,
    /// Those of this launch that have not settled.
    pub(crate) open: Vec<usize>,
    /// Eras below this have been left with success.
    pub(crate) left: u64,
    /// The newest write that has ended.
    version: u64,
    pub(crate) violations: Vec<Violation>,
}

impl Book {
    pub(crate) fn is_open(&self, call: usize) -> bool {
        self.open.contains(&call)
    }

    /// The mini-program was closed: nobody waits for these any more.
    pub(crate) fn forget_launch(&mut self) {
        self.open.clear();
    }
}

impl World {
    pub(crate) fn violate(&mut self, rule: Rule, text: String) {
        self.tell(|| format!("BROKEN {rule:?}: {text}"));
        self.book.violations.push(Violation { rule, text });
    }

    /// Enters a call into the book; gives its number.
    pub(crate) fn enter(
        &mut self,
        operation: &'static Operation,
        id: Option<String>,
        shared: Option<u64>,
    ) -> usize {
        let number = self.book.calls.len();
        let id = id.unwrap_or_else(|| match shared {
            Some(shared) => format!("s{shared}"),
            None => format!("c{number}"),
        });
        self.counts.calls += 1;
        self.book.calls.push(Call {
            operation,
            path: operation.path.replace("{id}", &id),
            launch: self.launch,
            era: self.era,
            user: self.user,
            since: self.book.left,
            shared: shared.is_some(),
            version: self.book.version,
            key: None,
            sent: 0,
            settled: false,
            aborted: false,
            everywhere: false,
            probe: self.calm,
        });
        self.book.open.push(number);
        number
    }

    pub(crate) fn judge_sending(&mut self, call: Option<usize>, key: Option<&String>) {
        let Some(record) = call.and_then(|call| self.book.calls.get_mut(call)) else { return };
        record.sent += 1;
        if record.operation.keyed
            && (key.is_none() || record.key.as_ref().is_some_and(|first| Some(first) != key))
        {
            let text = format!(
                "call {} is sent with the key {key:?}, after {:?}",
                call.unwrap_or_default(),
                record.key
            );
            self.violate(Rule::OneKey, text);
            return;
        }
        record.key = key.cloned();
        if record.aborted {
            let text =
                format!("{} of call {} is sent after its abort", record.path, call.unwrap_or_default());
            self.violate(Rule::AbortedUnsent, text);
        }
    }

    pub(crate) fn judge_execution(&mut self, execution: Execution) {
        self.counts.executions += 1;
        let Some(call) = self.book.calls.get(execution.call) else { return };
        let (operation, path) = (call.operation, call.path.clone());
        if execution.times > 1 && !operation.repeatable && operation.access != Access::Logout {
            let text = format!(
                "{} {path} of call {} is carried out {} times",
                operation.method, execution.call, execution.times
            );
            self.violate(Rule::ExecutedOnce, text);
        }
        if let Some(session) = execution.session {
            self.judge_session(execution.call, session, "is carried out");
        }
    }

    fn judge_session(&mut self, number: usize, session: usize, what: &str) {
        let Some(call) = self.book.calls.get(number) else { return };
        let Some(session) = self.server.sessions.get(session) else { return };
        // A log-out may need a login of its own, but never that of somebody else.
        if call.operation.access == Access::Logout && session.user == call.user {
            return;
        }
        let told = format!("{} {} of call {number} {what}", call.operation.method, call.path);
        if session.user != call.user {
            let text = format!("{told} for user {}, and user {} made it", session.user, call.user);
            self.violate(Rule::OwnUser, text);
        } else if session.era > call.era {
            let text =
                format!("{told} in a session that began after log-out {}, and was made before", call.era + 1);
            self.violate(Rule::OwnSession, text);
        } else if session.era < call.since {
            let text = format!("{told} in a session that was over before it was made");
            self.violate(Rule::OwnSession, text);
        }
    }

    pub(crate) fn settled(&mut self, number: usize, ok: bool, text: &str) {
        let Some(call) = self.book.calls.get_mut(number) else { return };
        if call.launch != self.launch {
            return;
        }
        if call.settled {
            self.violate(Rule::SettlesOnce, format!("call {number} settles again"));
            return;
        }
        call.settled = true;
        let (sent, era, access, probe) = (call.sent, call.era, call.operation.access, call.probe);
        self.book.open.retain(|open| *open != number);
        if access == Access::Logout && sent > 0 {
            self.book.left = self.book.left.max(era + 1);
        }
        if ok {
            self.counts.end("ok");
            self.tell(|| format!("call {number} gives {text}"));
            self.judge_answer(number, text);
        } else {
            self.judge_error(number, text);
            if probe {
                self.violate(
                    Rule::Recovers,
                    format!("call {number} fails when all has recovered: {}", short(text)),
                );
            }
        }
    }

    fn judge_answer(&mut self, number: usize, text: &str) {
        let call = &self.book.calls[number];
        let (path, shared, access, user) = (call.path.clone(), call.shared, call.operation.access, call.user);
        // Some hosts swallow the body; and a log-out has none.
        if text == "null" || access == Access::Logout {
            return;
        }
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        let own = shared || answer["call"].as_u64() == Some(number as u64);
        if answer["path"].as_str() != Some(&path) || !own {
            self.violate(Rule::OwnAnswer, format!("call {number} ({path}) is answered with {}", short(text)));
            return;
        }
        let version = answer["version"].as_u64().unwrap_or_default();
        let call = &self.book.calls[number];
        if call.operation.method != "GET" {
            self.book.version = self.book.version.max(version);
        } else if version < call.version {
            let text = format!(
                "call {number} ({path}) was made after write {}, and shows what was before",
                call.version
            );
            self.violate(Rule::FreshRead, text);
        }
        match answer["session"].as_u64() {
            Some(session) => self.judge_session(number, session as usize, "is answered"),
            None if access == Access::User => {
                self.violate(
                    Rule::OwnUser,
                    format!("call {number} of user {user} is answered with nobody's data"),
                );
            }
            None => {}
        }
    }

    fn judge_error(&mut self, number: usize, text: &str) {
        let error: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = error["kind"].as_str().unwrap_or_default().to_owned();
        self.tell(|| format!("call {number} fails: {kind} {}", error["code"].as_str().unwrap_or_default()));
        self.counts.end(if kind.is_empty() { "?" } else { &kind });
        let good = error["name"] == "ApiError"
            && error["instance"] == true
            && error["failed"].is_boolean()
            && error["message"].is_string()
            && KINDS.contains(&kind.as_str());
        // What only the client knows, every guard knows.
        let unguarded = error["code"] == error["kind"] && error["failed"] != true && kind != "upgrade";
        if !good || unguarded {
            self.violate(Rule::GoodErrors, format!("call {number} fails with {}", short(text)));
        }
        self.judge_text(text);
    }

    fn judge_text(&mut self, text: &str) {
        if text.contains("secret-") {
            self.violate(Rule::NoSecret, short(text));
        }
    }

    pub(crate) fn log(&mut self, text: &str) {
        self.tell(|| format!("console: {text}"));
        self.judge_text(text);
    }

    pub(crate) fn uncaught(&mut self, text: &str) {
        self.violate(Rule::GoodErrors, format!("uncaught: {}", short(text)));
    }

    /// Before time moves on: what should have happened at once has.
    pub(crate) fn judge_pause(&mut self) {
        // Where timers stand still, promises that are made of timers do too.
        if self.hidden.is_some() && self.profile.sleeps && self.profile.late_promises {
            return;
        }
        let free = self.occupied() < self.profile.concurrency as usize && self.hidden.is_none();
        let mut found = Vec::new();
        for number in &self.book.open {
            let call = &self.book.calls[*number];
            if call.aborted {
                found.push((Rule::AbortSettles, format!("call {number} is open after its abort")));
            } else if free && call.operation.access == Access::Everybody && !call.shared && call.sent == 0 {
                let text = format!("call {number} ({}) needs no user, and waits", call.path);
                found.push((Rule::AnonymousAtOnce, text));
            }
        }
        for (rule, text) in found {
            self.violate(rule, text);
        }
    }

    /// When nothing happens any more.
    pub(crate) fn judge_end(&mut self, queue: Option<(u64, u64)>) {
        for number in self.book.open.clone() {
            let text = format!("call {number} ({}) never settles", self.book.calls[number].path);
            self.violate(Rule::NothingPending, text);
        }
        if let Some((running, waiting)) = queue.filter(|queue| *queue != (0, 0)) {
            let text = format!("{running} requests count as running, {waiting} wait, and all is quiet");
            self.violate(Rule::QueueEmpty, text);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(600).collect()
}
