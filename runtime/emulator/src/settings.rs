//! What may be set while the emulator runs.

use serde::{Deserialize, Serialize};

/// How the emulator behaves where WeChat, or the developer, has a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Takes codes that it did not issue for the developer's own: WeChat DevTools and real phones
    /// get theirs from WeChat. Off: they are refused with 40029, as WeChat does.
    pub accept_unknown_codes: bool,
    /// The user whom such codes stand for.
    pub developer_user: String,
    /// The errcode for a code that was used before.
    pub reused_code: ReusedCode,
    /// Whether answers carry a unionid, as for apps that are bound to an Open Platform account.
    pub unionid: bool,
    /// Whether each login brings a new session_key. WeChat may do so, and may not.
    pub new_session_key: bool,
}

/// The errcode for a code that was used before. WeChat's page of code2Session names 40029 only;
/// developers report 40163 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum ReusedCode {
    /// `invalid code` (40029).
    Invalid,
    /// `code been used` (40163).
    Used,
}

impl From<ReusedCode> for i64 {
    fn from(code: ReusedCode) -> Self {
        match code {
            ReusedCode::Invalid => 40029,
            ReusedCode::Used => 40163,
        }
    }
}

impl TryFrom<i64> for ReusedCode {
    type Error = &'static str;

    fn try_from(errcode: i64) -> Result<Self, Self::Error> {
        match errcode {
            40029 => Ok(Self::Invalid),
            40163 => Ok(Self::Used),
            _ => Err("reused_code is 40029 or 40163"),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accept_unknown_codes: true,
            developer_user: "developer".into(),
            reused_code: ReusedCode::Used,
            unionid: false,
            new_session_key: true,
        }
    }
}

/// Settings to change; those that are absent stay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    accept_unknown_codes: Option<bool>,
    developer_user: Option<String>,
    reused_code: Option<ReusedCode>,
    unionid: Option<bool>,
    new_session_key: Option<bool>,
}

impl Change {
    pub(crate) fn apply(self, settings: Settings) -> Settings {
        Settings {
            accept_unknown_codes: self.accept_unknown_codes.unwrap_or(settings.accept_unknown_codes),
            developer_user: self.developer_user.unwrap_or(settings.developer_user),
            reused_code: self.reused_code.unwrap_or(settings.reused_code),
            unionid: self.unionid.unwrap_or(settings.unionid),
            new_session_key: self.new_session_key.unwrap_or(settings.new_session_key),
        }
    }
}

/// Says why a text cannot be a user's name, if it cannot.
pub(crate) fn check_user(user: &str) -> Result<(), &'static str> {
    let fits = (1..=64).contains(&user.chars().count());
    match fits && !user.chars().any(char::is_control) && user.trim() == user {
        true => Ok(()),
        false => {
            Err("a user is named by 1 to 64 characters, without line breaks and without spaces at the ends")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users() {
        assert!(check_user("alice").is_ok());
        assert!(check_user("张 三").is_ok());
        for bad in ["", " ", "a ", "a\nb", &"a".repeat(65)] {
            assert!(check_user(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_change_leaves_the_rest() {
        let change: Change = serde_json::from_str(r#"{"reused_code": 40029}"#).unwrap();
        let expected = Settings { reused_code: ReusedCode::Invalid, ..Settings::default() };
        assert_eq!(change.apply(Settings::default()), expected);
        assert!(serde_json::from_str::<Change>(r#"{"reused_code": 1}"#).is_err());
        assert!(serde_json::from_str::<Change>(r#"{"unknown": 1}"#).is_err());
    }
}
