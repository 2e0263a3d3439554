//! What WeChat says when it refuses: errcode, errmsg, rid.

use std::fmt;

use crate::{Class, ErrCode, Operation};

/// The longest errmsg that is kept, in characters.
const LONGEST: usize = 200;

/// An answer with an errcode other than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked.
    pub operation: Operation,
    /// WeChat's number for the kind of refusal.
    pub code: ErrCode,
    /// WeChat's words, shortened, without control characters, and without anything secret that
    /// was in the request.
    pub errmsg: String,
    /// The id of the request at WeChat, for the log: `openapi/rid/get` and WeChat's support tell
    /// more about it, for seven days.
    pub rid: Option<String>,
}

impl Refusal {
    pub(crate) fn new(operation: Operation, code: ErrCode, errmsg: &str, secrets: &[&str]) -> Self {
        let mut text = errmsg.to_owned();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "…");
        }
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        Self { operation, code, rid: rid(&text), errmsg: text }
    }

    /// What is to be done about it.
    pub fn class(&self) -> Class {
        self.code.class(self.operation)
    }
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
        let Self { operation, code, errmsg, .. } = self;
        match code.meaning(*operation) {
            Some(known) => {
                write!(
                    f,
                    "WeChat refuses {operation}: {} ({code}: {errmsg}); {}",
                    known.meaning, known.remedy
                )
            }
            None => write!(f, "WeChat refuses {operation} ({code}: {errmsg}); see {}", operation.page()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(errmsg: &str, secrets: &[&str]) -> Refusal {
        Refusal::new(Operation::CodeToSession, ErrCode(40029), errmsg, secrets)
    }

    #[test]
    fn the_rid_is_found_in_both_spellings() {
        let rid = |text| refusal(text, &[]).rid;
        assert_eq!(rid("invalid code, rid: 6543-21ab-ff").as_deref(), Some("6543-21ab-ff"));
        assert_eq!(rid("invalid code, hints: [ req_id: AijF-x ]").as_deref(), Some("AijF-x"));
        assert_eq!(rid("invalid code, rid:"), None);
        assert_eq!(rid("invalid code"), None);
    }

    #[test]
    fn secrets_line_breaks_and_length_are_taken_out() {
        let refusal = refusal(&format!("no s3cret\nhere {}", "长".repeat(500)), &["s3cret", ""]);
        assert!(refusal.errmsg.starts_with("no … here 长"));
        assert_eq!(refusal.errmsg.chars().count(), LONGEST);
    }

    #[test]
    fn the_text_says_what_to_do() {
        let text = refusal("invalid code, rid: 1-2", &[]).to_string();
        assert!(
            text.contains("errcode 40029: invalid code, rid: 1-2") && text.contains("call wx.login again"),
            "{text}"
        );
        let unknown = Refusal { code: ErrCode(7), ..refusal("?", &[]) }.to_string();
        assert!(unknown.contains("user-login/code2Session"), "{unknown}");
    }
}
