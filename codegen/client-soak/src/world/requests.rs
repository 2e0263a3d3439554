//! Requests from the client to the server.

use serde_json::{Value, json};

use super::login::Phase;
use super::trouble::Trouble;
use super::{Event, Held, World};
use crate::contract::SERVER;
use crate::failure::{self, Failure, Manner};
use crate::profile::Abort;
use crate::rules::Rule;
use crate::server::{Request, Response, problem};

/// How long a client may take an aborted request of a silent host for running.
const ABORT_GRACE: u64 = 1_000;

/// A request under way, or ended.
#[derive(Debug)]
pub(crate) struct Open {
    pub(super) launch: u32,
    pub(super) id: u32,
    pub(crate) request: Request,
    /// The login that it is the exchange of.
    pub(super) login: Option<usize>,
    pub(super) binary: bool,
    pub(super) trouble: Trouble,
    pub(super) manner: Manner,
    pub(super) back: u64,
    pub(super) response: Option<Response>,
    /// Its first callback was called.
    pub(super) ended: bool,
    pub(super) aborted: Option<u64>,
}

impl World {
    pub(super) fn count(&mut self, failure: Failure, manner: Manner) {
        self.counts.told(failure.name, manner.word());
    }

    /// Requests that the host works at.
    pub(super) fn in_flight(&self) -> usize {
        let launch = self.launch;
        let running = |open: &&Open| open.launch == launch && !open.ended && open.aborted.is_none();
        self.requests.iter().filter(running).count()
    }

    /// Requests that the client must take for running.
    pub(crate) fn occupied(&self) -> usize {
        let (launch, now) = (self.launch, self.now);
        let held = |open: &&Open| {
            let given_up = open.aborted.is_some_and(|at| now >= at + ABORT_GRACE);
            open.launch == launch && !open.ended && !given_up
        };
        self.requests.iter().filter(held).count()
    }

    pub(crate) fn start(&mut self, launch: u32, id: u32, name: &str, text: &str) -> String {
        if launch != self.launch {
            return String::new();
        }
        let asked: Value = serde_json::from_str(text).unwrap_or_default();
        let field = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let header = |key: &str| asked["header"][key].as_str().map(str::to_owned);
        let url = field("url");
        let path = url.strip_prefix(SERVER).unwrap_or(&url).to_owned();
        let request = Request {
            method: field("method"),
            path: path.clone(),
            token: header("authorization")
                .map(|value| value.strip_prefix("Bearer ").unwrap_or(&value).to_owned()),
            call: header("x-call").and_then(|call| call.parse().ok()),
            key: header("idempotency-key"),
            body: field("body"),
        };
        self.counts.requests += 1;
        self.tell(|| {
            let call = request.call.map_or(String::new(), |call| format!(" of call {call}"));
            let token = request.token.as_deref().unwrap_or("no token");
            format!("{name} {} {path}{call} with {token}", request.method)
        });
        let login = self.judge_request(&request);
        if path == "/auth/logout" {
            self.held = Held::Unsure;
        }
        let limit = self.profile.concurrency.min(10) as usize;
        let full = self.in_flight() >= limit;
        if full {
            self.violate(Rule::TenInFlight, format!("{} {path} is one more than {limit}", request.method));
        }
        let label = request.call.map_or_else(|| path.clone(), |call| format!("call {call}"));
        let mut dice = self.dice(&label);
        let manner = Manner::draw(&mut dice);
        let binary = asked["binary"] == true || name == "downloadFile";
        let trouble = self.draw_trouble(&mut dice, binary);
        let (there, back) = (dice.of(&[0, 1, 5, 20, 20, 60, 300]), dice.of(&[0, 1, 5, 20, 20, 60, 300]));
        let index = self.requests.len();
        self.requests.push(Open {
            launch,
            id,
            request,
            login,
            binary,
            trouble,
            manner,
            back: if trouble == Trouble::Slow { 30_000 + dice.below(60_000) } else { back },
            response: None,
            ended: false,
            aborted: None,
        });
        let refused = if full && self.profile.eleventh_fails {
            Some(failure::ELEVENTH)
        } else if self.hidden.is_some() {
            Some(failure::REFUSED)
        } else if self.offline {
            Some(failure::OFFLINE)
        } else if trouble == Trouble::Domain {
            Some(failure::DOMAIN)
        } else {
            None
        };
        if let Some(failure) = refused {
            self.schedule(dice.of(&[0, 1]), Event::Fail(index, failure, manner));
            return String::new();
        }
        if let Some(word) = trouble.word() {
            self.counts.failure(word);
        }
        match trouble {
            Trouble::Throws => {
                self.end(index);
                return json!({ "throws": "request:fail invalid url" }).to_string();
            }
            Trouble::AtOnce => {
                self.count(failure::AT_ONCE, manner);
                self.tell(|| "  fails before it returns".to_owned());
                self.end(index);
                return json!({ "fail": failure::AT_ONCE.result(manner) }).to_string();
            }
            Trouble::DroppedBefore => {
                self.schedule(there + back, Event::Fail(index, failure::DROPPED_BEFORE, manner));
            }
            _ => self.schedule(there, Event::Arrive(index)),
        }
        let timeout = asked["timeout"].as_u64().unwrap_or(60_000).min(60_000);
        self.schedule(timeout, Event::Deadline(index));
        String::new()
    }

    /// A login code that this request sends, and whether it may.
    pub(super) fn judge_request(&mut self, request: &Request) -> Option<usize> {
        self.judge_sending(request.call, request.key.as_ref());
        if request.path != "/auth/login" {
            return None;
        }
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let login = self.logins.iter().position(|login| login.code == code);
        if let Some(login) = login {
            self.logins[login].phase = Phase::Exchanging;
        }
        if !self.codes_sent.insert(code.clone()) {
            self.violate(Rule::CodeOnce, format!("{code} is sent again"));
        }
        login
    }

    pub(crate) fn abort(&mut self, launch: u32, id: u32) -> String {
        let found = self.requests.iter().rposition(|open| open.launch == launch && open.id == id);
        let Some(index) = found.filter(|_| launch == self.launch) else { return String::new() };
        let open = &mut self.requests[index];
        if open.ended || open.aborted.is_some() {
            return String::new();
        }
        let manner = open.manner;
        // The client has given this login up.
        if let Some(login) = open.login {
            self.logins[login].phase = Phase::Over;
        }
        let what = format!("{} {} is aborted", open.request.method, open.request.path);
        self.tell(|| what);
        self.counts.failure("request aborted");
        match self.profile.abort {
            Abort::NoTask => return String::new(),
            Abort::AnswersAllTheSame => {
                self.requests[index].aborted = Some(self.now);
                return String::new();
            }
            Abort::Silent => self.counts.failure("no callback after an abort"),
            Abort::FailsAtOnce => {
                self.requests[index].aborted = Some(self.now);
                self.count(failure::ABORTED, manner);
                self.end(index);
                return json!({ "fail": failure::ABORTED.result(manner) }).to_string();
            }
            Abort::FailsLater => {
                self.schedule(1, Event::Fail(index, failure::ABORTED, manner));
            }
        }
        self.requests[index].aborted = Some(self.now);
        String::new()
    }

    /// The server gets a request, also of a mini-program that is closed by now.
    pub(crate) fn arrive(&mut self, index: usize) {
        let (now, calm) = (self.now, self.calm);
        let open = &self.requests[index];
        let (trouble, manner, back) = (open.trouble, open.manner, open.back);
        if open.aborted.is_some() && self.profile.abort != Abort::AnswersAllTheSame && index.is_multiple_of(2)
        {
            return;
        }
        let request = open.request.clone();
        let refused = match trouble {
            Trouble::Status { status: 500, executed: false } => Some(problem(500, "internal")),
            Trouble::Status { status: 502, .. } => Some(page(502)),
            Trouble::Status { status: 503, .. } => Some(problem(503, "server.busy")),
            Trouble::Status { status: 429, .. } => {
                let mut response = problem(429, "limit.exceeded");
                response.headers.insert("Retry-After".into(), "1".into());
                Some(response)
            }
            Trouble::TooOld => Some(problem(410, "client.too_old")),
            Trouble::Portal => Some(page(200)),
            _ => None,
        };
        let response = if let Some(response) = refused {
            response
        } else {
            let (response, execution) = self.server.handle(&request, now);
            if let Some(execution) = execution {
                self.judge_execution(execution);
            }
            response
        };
        let response = match trouble {
            Trouble::Status { status: 500, executed: true } => problem(500, "internal"),
            Trouble::Status { status: 504, .. } => page(504),
            Trouble::Truncated => {
                let half = response.body.len() / 2;
                Response { body: response.body.get(..half).unwrap_or_default().to_owned(), ..response }
            }
            Trouble::Empty => Response { body: String::new(), ..response },
            Trouble::ByteOrderMark => Response { body: format!("\u{feff}{}", response.body), ..response },
            _ => response,
        };
        let what = format!("server answers {} to {} {}", response.status, request.method, request.path);
        self.tell(|| what);
        if self.server.down && !calm {
            self.counts.failure("server down");
        }
        self.requests[index].response = Some(response);
        if trouble == Trouble::DroppedAfter {
            self.schedule(back, Event::Fail(index, failure::DROPPED_AFTER, manner));
        } else {
            self.schedule(back, Event::Answer(index));
        }
    }
}

fn page(status: u16) -> Response {
    let body = "<!DOCTYPE html><html><body>请登录无线网络 Sign in to Wi-Fi</body></html>".to_owned();
    Response { status, body, ..Response::default() }
}
