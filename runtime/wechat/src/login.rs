//! Login: a code from `wx.login` for the user's identity.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::client::{Call, Wanted};
use crate::code::{LoginCode, checked};
use crate::{App, Error, Operation, WeChat};

/// Who has logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user within this app. The stable key.
    pub openid: String,
    /// Decrypts what the user's WeChat encrypts. Stays on the server.
    pub session_key: SecretString,
    /// The user across the apps of one Open Platform account (开放平台), if the app is bound to one.
    pub unionid: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    openid: String,
    session_key: SecretString,
    unionid: Option<String>,
}

impl WeChat {
    /// Exchanges a login code (code2Session).
    ///
    /// A code works once: after a time-out the call is not repeated, because WeChat may have used
    /// the code up. <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html>
    ///
    /// # Errors
    ///
    /// [`Class::NewCode`](crate::Class::NewCode) for a code that WeChat does not accept, and for one that cannot be a code
    /// (empty, very long, with control characters), which is not sent; all others of [`Error`] as
    /// they say.
    pub async fn code_to_session(&self, app: &App, code: &LoginCode) -> Result<Session, Error> {
        let code = checked(Operation::CodeToSession, code.expose())?;
        let secret = app.secret.expose_secret();
        let answer = self
            .send_for_answer(Call {
                operation: Operation::CodeToSession,
                idempotent: false,
                secrets: &[secret, code],
                wanted: Wanted::Answer,
                request: |http, server| {
                    http.get(format!("{server}/sns/jscode2session")).query(&[
                        ("appid", app.appid.as_str()),
                        ("secret", secret),
                        ("js_code", code),
                        ("grant_type", "authorization_code"),
                    ])
                },
            })
            .await?;
        let expected = "openid and session_key";
        let Body { openid, session_key, unionid } = answer.into(expected)?;
        if openid.is_empty() || session_key.expose_secret().is_empty() {
            return Err(Error::Unexpected {
                operation: Operation::CodeToSession,
                status: 200,
                expected,
                found: "an empty openid or session_key".into(),
            });
        }
        Ok(Session { openid, session_key, unionid: unionid.filter(|unionid| !unionid.is_empty()) })
    }
}
