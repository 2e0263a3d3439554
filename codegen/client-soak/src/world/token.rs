//! Which token the client should hold.

use serde_json::Value;

use super::trouble::Trouble;
use super::{Delivery, World};
use crate::contract::RENEWAL;

/// The token that the client should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    Token(String),
    Unsure,
}

impl World {
    /// What the client should hold after an answer.
    pub(super) fn follow_token(&mut self, index: usize, delivery: Option<&Delivery>) {
        let open = &self.requests[index];
        let (Some(response), Some(_)) = (&open.response, delivery) else { return };
        let bore_current =
            matches!(&self.held, Held::Token(held) if open.request.token.as_ref() == Some(held));
        let heard = open.aborted.is_none() && open.request.call.is_some_and(|call| self.book.is_open(call));
        if let Some(login) = open.login {
            let body: Value =
                serde_json::from_str(response.body.trim_start_matches('\u{feff}')).unwrap_or_default();
            let token = body["token"].as_str().filter(|_| response.status == 200);
            if let Some(token) =
                token.filter(|_| self.logins[login].era == self.era && open.trouble != Trouble::NoData)
            {
                // Nobody holds that of a log-out for long.
                let for_a_log_out = !self.logins[login].leaving.is_empty();
                self.held = if for_a_log_out { Held::Unsure } else { Held::Token(token.to_owned()) };
            }
        } else if bore_current && response.status == 401 {
            self.held = if heard { Held::Nothing } else { Held::Unsure };
        } else if bore_current && let Some(renewed) = response.headers.get(RENEWAL) {
            self.held = if heard { Held::Token(renewed.clone()) } else { Held::Unsure };
        }
    }

    /// The log-outs under way that may log in.
    pub(super) fn leaving(&self) -> Vec<usize> {
        self.book.open.iter().copied().filter(|call| self.book.calls[*call].everywhere).collect()
    }
}
