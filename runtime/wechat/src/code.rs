//! One-time codes of the mini-program: of two kinds that are easily taken for each other.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{ErrCode, Error, Operation, Refusal};

/// The longest code that is sent on. Today's have 32 to 64 characters.
const LONGEST: usize = 512;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// Good for five minutes, once, for one app. Not shown by `Debug`.
        #[derive(Clone, Deserialize)]
        #[serde(from = "String")]
        pub struct $name(SecretString);

        impl $name {
            /// A code as the mini-program sent it.
            pub fn new(code: impl Into<SecretString>) -> Self {
                Self(code.into())
            }

            pub(crate) fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl From<String> for $name {
            fn from(code: String) -> Self {
                Self(code.into())
            }
        }

        impl From<&str> for $name {
            fn from(code: &str) -> Self {
                Self(code.into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

codes! {
    /// The code from `wx.login`, for [`WeChat::code_to_session`](crate::WeChat::code_to_session).
    LoginCode;
    /// The code from a button with `open-type="getPhoneNumber"` (`e.detail.code`), for
    /// [`WeChat::phone_number`](crate::WeChat::phone_number).
    PhoneCode;
}

/// The code, if it can be one; otherwise the refusal that WeChat would answer with.
pub(crate) fn checked(operation: Operation, code: &str) -> Result<&str, Error> {
    if !code.is_empty() && code.len() <= LONGEST && !code.chars().any(char::is_control) {
        return Ok(code);
    }
    let errmsg = "not sent: a code is a short text, neither empty nor with control characters";
    Err(Error::Refused(Refusal::new(operation, ErrCode(40029), errmsg, &[])))
}
