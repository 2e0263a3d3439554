//! The phone number (手机号), by the code of its button.

use std::borrow::Cow;
use std::fmt;

use queqiao_wechat::{Class, PhoneNumber};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::WeChatUser;
use crate::model::{Checker, Model};
use crate::problem::{Internal, Text};
use crate::{ApiError, wechat};

/// The longest code. Today's have 32 to 64 characters.
const LONGEST: usize = 512;

/// The code from a button with `open-type="getPhoneNumber"`, which the page finds in `e.detail.code`; for
/// [`WeChatUser::phone_number`].
///
/// Good for five minutes, once. It is not the code of `wx.login`, which no handler ever sees. It may be a whole body
/// (`Json<PhoneCode>`) or a member of a model:
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::PhoneCode;
///
/// /// Where to deliver.
/// #[model]
/// struct Recipient {
///     name: String,
///     phone: PhoneCode,
/// }
///
/// assert_eq!(format!("{:?}", PhoneCode::new("e31968a7f94cc5ee")), "PhoneCode(…)");
/// ```
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct PhoneCode(SecretString);

impl PhoneCode {
    /// A code as the mini-program sent it.
    pub fn new(code: impl Into<SecretString>) -> Self {
        Self(code.into())
    }
}

impl From<String> for PhoneCode {
    fn from(code: String) -> Self {
        Self(code.into())
    }
}

impl From<&str> for PhoneCode {
    fn from(code: &str) -> Self {
        Self(code.into())
    }
}

impl fmt::Debug for PhoneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneCode(…)")
    }
}

/// The code itself, as a test sends it.
impl Serialize for PhoneCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl JsonSchema for PhoneCode {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PhoneCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST,
            "description": "`e.detail.code` of a button with `open-type=\"getPhoneNumber\"`: good for five minutes, once. \
                            Not the code of `wx.login`.",
        })
    }
}

impl Model for PhoneCode {
    fn check(&self, at: &mut Checker<'_>) {
        if !(1..=LONGEST).contains(&self.0.expose_secret().chars().count()) {
            at.fail(
                "length",
                Text::both(
                    format!("须为 1 至 {LONGEST} 个字符"),
                    format!("must be 1 to {LONGEST} characters long"),
                ),
            );
        }
    }
}

/// Why there is no phone number.
#[derive(Debug, ApiError)]
#[non_exhaustive]
pub enum PhoneError {
    /// The code for the phone number is not valid.
    ///
    /// It was used, has expired, or is of another user, mini-program or kind. Let the user press the button again.
    #[error(
        status = 422,
        zh = "手机号凭证（code）无效。\n\n它已被使用、已过期，或属于别的用户、小程序，或不是手机号凭证。请让用户重新点击按钮。"
    )]
    CodeInvalid,
    /// WeChat does not answer.
    ///
    /// Try again in a moment; if the code is refused then, let the user press the button again.
    #[error(
        status = 503,
        zh = "微信没有响应。\n\n请稍后再试；如果那时此 code 被拒绝，请让用户重新点击按钮。"
    )]
    Unavailable,
    /// The server failed.
    #[error(internal)]
    Internal(Internal),
}

impl From<wechat::Error> for PhoneError {
    fn from(error: wechat::Error) -> Self {
        match error.class() {
            // User: the openid that went along is not that of the code.
            Some(Class::NewCode | Class::User) => PhoneError::CodeInvalid,
            Some(Class::QuotaUsedUp) => {
                tracing::error!(%error, "no phone number can be had");
                PhoneError::Unavailable
            }
            _ if error.is_transient() => {
                tracing::warn!(%error, "WeChat gave no phone number");
                PhoneError::Unavailable
            }
            _ => PhoneError::Internal(error.into()),
        }
    }
}

impl WeChatUser {
    /// The phone number behind a code (getPhoneNumber). WeChat also checks that the code is this user's.
    ///
    /// Each call costs money, and a code works once: after a time-out it is not repeated.
    /// Source: <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html>
    ///
    /// # Errors
    /// Ready for an `#[error(transparent)]` variant of the handler's own error: 422 `phone.code_invalid`, 503
    /// `phone.unavailable`, 500 `internal` where the mini-program is not set up for phone numbers.
    pub async fn phone_number(&self, code: &PhoneCode) -> Result<PhoneNumber, PhoneError> {
        let program = self.program();
        let code = wechat::PhoneCode::new(code.0.clone());
        Ok(program.wechat().phone_number(program.credentials(), &code, Some(self.openid())).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_and_goes_as_a_text_and_is_not_shown() {
        let code: PhoneCode = serde_json::from_str("\"e31968a7f94c\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"e31968a7f94c\"");
        assert!(!format!("{code:?}").contains("e31"));
        assert!(serde_json::from_str::<PhoneCode>("7").is_err());
    }

    #[test]
    fn its_length_is_what_the_schema_says() {
        for (length, good) in [(0, false), (1, true), (LONGEST, true), (LONGEST + 1, false)] {
            let mut errors = Vec::new();
            PhoneCode::from("号".repeat(length)).check(&mut Checker::root(&mut errors));
            assert_eq!(errors.is_empty(), good, "{length}");
        }
    }
}
