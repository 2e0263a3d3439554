//! `wx.login`, or what stands in for it.

use serde_json::json;

use super::{Delivery, Event, Held, World};
use crate::failure::{self, Manner};
use crate::rules::Rule;

/// One `wx.login` and the exchange of its code.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) launch: u32,
    id: u32,
    started: u64,
    pub(super) era: u64,
    pub(super) phase: Phase,
    pub(super) code: String,
    failure: Option<Manner>,
    again: bool,
    /// It may be that of one of these log-outs, which gives it up when it ends before.
    pub(super) leaving: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Coded,
    Exchanging,
    Over,
}

impl World {
    pub(crate) fn log_in(&mut self, launch: u32, id: u32) -> String {
        if launch != self.launch {
            return String::new();
        }
        self.counts.logins += 1;
        self.tell(|| "wx.login".to_owned());
        self.judge_login();
        let mut dice = self.dice("wx.login");
        let troubled = !self.calm && dice.chance(self.profile.trouble);
        let manner = Manner::draw(&mut dice);
        let trouble = if troubled { dice.below(6) } else { 6 };
        let after = dice.of(&[0, 1, 20, 20, 300]);
        let attempt = self.logins.len();
        let mut login = Login {
            launch,
            id,
            started: self.now,
            era: self.era,
            phase: Phase::Waiting,
            code: self.server.issue_code(self.user, self.era, self.now),
            failure: None,
            again: self.profile.twice,
            leaving: self.leaving(),
        };
        let mut answers = Some(after);
        let mut at_once = String::new();
        if self.hidden.is_some() {
            self.count(failure::REFUSED, manner);
            login.failure = Some(manner);
        } else {
            match trouble {
                0 => {
                    self.count(failure::LOGIN, manner);
                    login.failure = Some(manner);
                }
                1 => {
                    self.counts.failure("wx.login throws");
                    login.phase = Phase::Over;
                    answers = None;
                    at_once = json!({ "throws": "login:fail" }).to_string();
                }
                2 => {
                    self.counts.failure("wx.login without a code");
                    login.code.clear();
                }
                3 => {
                    self.counts.failure("wx.login never answers");
                    answers = None;
                }
                4 => {
                    self.counts.failure("wx.login slow");
                    answers = Some(40_000 + dice.below(30_000));
                }
                5 => {
                    self.counts.failure("wx.login answers twice");
                    login.again = true;
                }
                _ => {}
            }
        }
        self.logins.push(login);
        if let Some(after) = answers {
            self.schedule(after, Event::LoginAnswer { launch, attempt });
        }
        at_once
    }

    fn judge_login(&mut self) {
        let (launch, now, era) = (self.launch, self.now, self.era);
        let given_up = |login: &Login| login.leaving.iter().any(|call| !self.book.is_open(*call));
        let under_way = self.logins.iter().any(|login| {
            login.launch == launch
                && match login.phase {
                    Phase::Over => false,
                    // After a log-out nobody waits for it, though a host without tasks goes on with it.
                    Phase::Exchanging => login.era == era && !given_up(login),
                    // The client may give up wx.login after a minute, and a code after a log-out.
                    Phase::Waiting => now < login.started + 60_000,
                    Phase::Coded => now < login.started + 60_000 && login.era == era && !given_up(login),
                }
        });
        if under_way {
            self.violate(Rule::OneLogin, "wx.login while another login is under way".to_owned());
        }
        if let Held::Token(token) = self.held.clone() {
            self.violate(
                Rule::NeededLogin,
                format!("wx.login although {token} has neither been refused nor given up"),
            );
        }
    }

    pub(crate) fn login_answer(&mut self, attempt: usize) -> Vec<Delivery> {
        let login = &mut self.logins[attempt];
        if login.launch != self.launch {
            return Vec::new();
        }
        let (id, code) = (login.id, login.code.clone());
        let failed = login.failure.map(|manner| failure::LOGIN.result(manner));
        login.phase = if failed.is_none() && !code.is_empty() { Phase::Coded } else { Phase::Over };
        let again = login.again;
        let told = if failed.is_none() { format!("wx.login gives {code}") } else { "wx.login fails".into() };
        self.tell(|| told);
        let result = failed.clone().unwrap_or(json!({ "errMsg": "login:ok", "code": code }));
        let delivery = Delivery { id, ok: failed.is_none(), result, data: None, binary: false };
        if again { vec![delivery.clone(), delivery] } else { vec![delivery] }
    }
}
