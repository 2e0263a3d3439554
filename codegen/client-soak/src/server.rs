//! A model of the server: users, sessions, tokens, one-time codes, and a count of what was carried out.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::contract::{self, Access, RENEWAL};

/// A code lives five minutes.
const CODE_LIFE: u64 = 300_000;

/// What arrives.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    /// The call that it belongs to, if the call told.
    pub(crate) call: Option<usize>,
    /// `Idempotency-Key`
    pub(crate) key: Option<String>,
    pub(crate) body: String,
}

/// What goes back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What a request did at the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Execution {
    pub(crate) call: usize,
    /// How often this call has been carried out by now.
    pub(crate) times: u64,
    /// The session in which it was; none for a call without a user.
    pub(crate) session: Option<usize>,
}

#[derive(Debug)]
struct Code {
    user: usize,
    era: u64,
    issued: u64,
    dead: bool,
}

/// One login.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: usize,
    /// The era in which `wx.login` gave its code.
    pub(crate) era: u64,
    alive: bool,
}

#[derive(Debug)]
struct Token {
    session: usize,
    issued: u64,
    until: u64,
}

#[derive(Debug)]
pub(crate) struct Server {
    life: u64,
    renews: bool,
    pub(crate) down: bool,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
    pub(crate) sessions: Vec<Session>,
    executed: HashMap<usize, u64>,
    /// Answers to what bore an idempotency key.
    keyed: HashMap<(usize, String), Response>,
    /// Counts the writes.
    version: u64,
}

impl Server {
    pub(crate) fn new(life: u64, renews: bool) -> Self {
        Self {
            life,
            renews,
            down: false,
            codes: HashMap::new(),
            tokens: HashMap::new(),
            sessions: Vec::new(),
            executed: HashMap::new(),
            keyed: HashMap::new(),
            version: 0,
        }
    }

    /// A code of `wx.login`. It makes the user's earlier codes useless.
    pub(crate) fn issue_code(&mut self, user: usize, era: u64, now: u64) -> String {
        for code in self.codes.values_mut().filter(|code| code.user == user) {
            code.dead = true;
        }
        let text = format!("secret-code-{}", self.codes.len() + 1);
        self.codes.insert(text.clone(), Code { user, era, issued: now, dead: false });
        text
    }

    pub(crate) fn expire_all(&mut self) {
        for token in self.tokens.values_mut() {
            token.until = 0;
        }
    }

    pub(crate) fn revoke(&mut self, user: usize) {
        for session in self.sessions.iter_mut().filter(|session| session.user == user) {
            session.alive = false;
        }
    }

    /// Carries a request out.
    pub(crate) fn handle(&mut self, request: &Request, now: u64) -> (Response, Option<Execution>) {
        if self.down {
            return (problem(503, "server.down"), None);
        }
        if request.path == "/auth/login" {
            return (self.log_in(request, now), None);
        }
        let Some(operation) = contract::of_request(&request.method, &request.path) else {
            return (problem(404, "route.unknown"), None);
        };
        let session = match (&request.token, operation.access) {
            (_, Access::Everybody) | (None, Access::Optional) => None,
            (None, _) => return (problem(401, "auth.required"), None),
            (Some(text), _) => match self.tokens.get(text) {
                None => return (problem(401, "auth.invalid"), None),
                Some(token) if token.until <= now => return (problem(401, "auth.expired"), None),
                Some(token) if !self.sessions[token.session].alive => {
                    return (problem(401, "auth.revoked"), None);
                }
                Some(token) => Some((token.session, token.issued)),
            },
        };
        let place = session.zip(request.key.clone().filter(|_| operation.keyed));
        let place = place.map(|((session, _), key)| (self.sessions[session].user, key));
        if let Some(response) = place.as_ref().and_then(|place| self.keyed.get(place)) {
            return (response.clone(), None);
        }
        if request.method != "GET" {
            self.version += 1;
        }
        let execution = request.call.map(|call| {
            let times = self.executed.entry(call).or_default();
            *times += 1;
            Execution { call, times: *times, session: session.map(|(session, _)| session) }
        });
        if operation.access == Access::Logout {
            if let Some((session, _)) = session {
                let user = self.sessions[session].user;
                self.sessions[session].alive = false;
                if request.body.contains("true") {
                    self.revoke(user);
                }
            }
            return (Response { status: 204, ..Response::default() }, execution);
        }
        let mut response = Response { status: 200, ..Response::default() };
        let of = session.map(|(session, _)| session);
        response.body = json!({
            "path": request.path,
            "call": request.call,
            "user": of.map(|session| self.sessions[session].user),
            "session": of,
            "version": self.version,
        })
        .to_string();
        if let Some((session, issued)) = session
            && self.renews
            && now.saturating_sub(issued) > self.life / 2
        {
            let renewed = self.issue_token(session, now);
            response.headers.insert(RENEWAL.to_owned(), renewed);
        }
        if let Some(place) = place {
            self.keyed.insert(place, response.clone());
        }
        (response, execution)
    }

    fn log_in(&mut self, request: &Request, now: u64) -> Response {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        // WeChat answers 40029 or 40163 to what is old, replaced or used.
        let Some(code) = self.codes.get_mut(code).filter(|code| !code.dead && code.issued + CODE_LIFE > now)
        else {
            return problem(401, "auth.code_invalid");
        };
        code.dead = true;
        let session = Session { user: code.user, era: code.era, alive: true };
        self.sessions.push(session);
        let token = self.issue_token(self.sessions.len() - 1, now);
        let body = json!({ "token": token, "expiresIn": self.life / 1000 }).to_string();
        Response { status: 200, body, ..Response::default() }
    }

    fn issue_token(&mut self, session: usize, now: u64) -> String {
        let text = format!("secret-token-{}", self.tokens.len() + 1);
        self.tokens.insert(text.clone(), Token { session, issued: now, until: now + self.life });
        text
    }
}

pub(crate) fn problem(status: u16, code: &str) -> Response {
    let body =
        json!({ "title": "没有成功", "status": status, "code": code, "request_id": "r-1" }).to_string();
    Response { status, body, ..Response::default() }
}
