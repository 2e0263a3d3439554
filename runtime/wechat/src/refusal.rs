//! What WeChat says when it refuses: errcode, errmsg, rid.

use std::fmt;

use crate::error::{Error, Operation};

/// The longest errmsg that is kept, in characters.
const LONGEST: usize = 200;

/// An answer with an errcode other than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// WeChat's number for the kind of refusal.
    pub errcode: i64,
    /// WeChat's words, shortened, without control characters, and without anything secret that
    /// was in the request.
    pub errmsg: String,
    /// The id of the request at WeChat, for the log: `openapi/rid/get` and WeChat's support tell
    /// more about it, for seven days.
    pub rid: Option<String>,
}

impl Refusal {
    pub(crate) fn new(errcode: i64, errmsg: &str, secrets: &[&str]) -> Self {
        let mut text = errmsg.to_owned();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "…");
        }
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        Self { errcode, rid: rid(&text), errmsg: text }
    }

    /// Sorts the refusal by what the caller has to do about it.
    ///
    /// Codes and meanings: the errcode tables of code2Session and getStableAccessToken,
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html>,
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>.
    pub(crate) fn into_error(self, operation: Operation) -> Error {
        match (self.errcode, operation) {
            (-1, _) => Error::Busy(self),
            (40029 | 40163 | 41008, Operation::Login) => Error::Code(self),
            (45011, _) => Error::RateLimited(self),
            (45009, _) => Error::QuotaUsedUp(self),
            (40226, Operation::Login) => Error::HighRisk(self),
            // Elsewhere the three mean the access token; here there is none, only the secret.
            (40001 | 40014 | 42001, Operation::Api) => Error::Token(self),
            (errcode, _) => match advice(errcode) {
                Some(advice) => Error::Configuration { advice, refusal: self },
                None => Error::Refused(operation, self),
            },
        }
    }
}

/// What the operator has to do.
fn advice(errcode: i64) -> Option<&'static str> {
    Some(match errcode {
        40013 => "the AppID is wrong: compare it with 开发管理 → 开发设置",
        40001 | 40125 => {
            "the AppSecret is wrong, or was reset: take the current one from 开发管理 → 开发设置"
        }
        40164 => "this server's address is not on the app's IP allow list: add the one named in errmsg",
        40243 => "the AppSecret is frozen: unfreeze it under 开发管理 → 开发设置",
        41002 => "the AppID is empty: configure it",
        41004 => "the AppSecret is empty: configure it",
        48001 => "the app may not use this API: apply for it, or check the kind of account",
        50004 | 50007 => "WeChat has restricted or frozen this account: see its notifications",
        89503 => {
            "an administrator of the app has to confirm calls from this address: see the message in WeChat"
        }
        89506 => "an administrator refused this address for 24 hours",
        89507 => "an administrator refused this address for one hour",
        _ => return None,
    })
}

/// `…, rid: 5f7a-…` or, formerly, `…, hints: [ req_id: AijF… ]`.
fn rid(errmsg: &str) -> Option<String> {
    let start = ["rid:", "req_id:"].iter().find_map(|name| {
        let at = errmsg.find(name)?;
        errmsg.get(at + name.len()..)
    })?;
    let rid = start.trim_start().split([' ', ']', ',']).next()?;
    (!rid.is_empty()).then(|| rid.to_owned())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errcode {}: {}", self.errcode, self.errmsg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rid_is_found_in_both_spellings() {
        let rid = |text| Refusal::new(1, text, &[]).rid;
        assert_eq!(rid("invalid code, rid: 6543-21ab-ff").as_deref(), Some("6543-21ab-ff"));
        assert_eq!(rid("invalid code, hints: [ req_id: AijF-x ]").as_deref(), Some("AijF-x"));
        assert_eq!(rid("invalid code, rid:"), None);
        assert_eq!(rid("invalid code"), None);
    }

    #[test]
    fn secrets_line_breaks_and_length_are_taken_out() {
        let refusal = Refusal::new(1, &format!("no s3cret\nhere {}", "长".repeat(500)), &["s3cret", ""]);
        assert!(refusal.errmsg.starts_with("no … here 长"));
        assert_eq!(refusal.errmsg.chars().count(), LONGEST);
    }

    #[test]
    fn one_number_may_mean_two_things() {
        let refusal = || Refusal::new(40001, "invalid credential", &[]);
        assert!(matches!(refusal().into_error(Operation::Token), Error::Configuration { .. }));
        assert!(matches!(refusal().into_error(Operation::Api), Error::Token(_)));
    }
}
