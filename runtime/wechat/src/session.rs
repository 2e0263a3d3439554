//! session_keys: whether one is still good, a new one, and the keys that are derived on the user's side.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::answer::Answer;
use crate::api::Api;
use crate::client::Wanted;
use crate::{App, Class, Error, Operation, WeChat, limit, user_state_signature};

/// A key of `wx.getUserCryptoManager().getLatestUserKey`.
#[derive(Clone, Deserialize)]
pub struct UserEncryptKey {
    /// The key, in base64.
    pub encrypt_key: SecretString,
    /// The initialisation vector, in base64.
    pub iv: SecretString,
    /// Its version, which the mini-program sends along.
    pub version: u32,
    /// For how many seconds it is still good.
    pub expire_in: i64,
    /// When it was made, in Unix seconds.
    pub create_time: i64,
}

impl fmt::Debug for UserEncryptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEncryptKey")
            .field("version", &self.version)
            .field("expire_in", &self.expire_in)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Reset {
    openid: String,
    session_key: SecretString,
}

#[derive(Deserialize)]
struct Keys {
    key_info_list: Vec<UserEncryptKey>,
}

impl WeChat {
    /// Whether WeChat still takes a session_key (checkSessionKey).
    ///
    /// # Errors
    ///
    /// Those of [`Error`] but [`Class::LogInAgain`], which is `false`.
    pub async fn session_key_is_valid(
        &self,
        app: &App,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<bool, Error> {
        match self.signed(app, Operation::CheckSessionKey, openid, session_key).await {
            Ok(_) => Ok(true),
            Err(error) if error.class() == Some(Class::LogInAgain) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Replaces a session_key by a new one, and returns that (resetUserSessionKey).
    ///
    /// After a time-out it is not repeated: the key may be replaced already, and the signature be wrong.
    ///
    /// # Errors
    ///
    /// [`Class::LogInAgain`] if WeChat does not take the present key; the others of [`Error`].
    pub async fn reset_session_key(
        &self,
        app: &App,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<SecretString, Error> {
        let operation = Operation::ResetUserSessionKey;
        let reset: Reset =
            self.signed(app, operation, openid, session_key).await?.into("openid and session_key")?;
        if reset.openid != openid || reset.session_key.expose_secret().is_empty() {
            return Err(Error::Unexpected {
                operation,
                status: 200,
                expected: "the session_key of this user",
                found: "another openid, or an empty session_key".into(),
            });
        }
        Ok(reset.session_key)
    }

    /// The latest keys, three at most, with which the user's mini-program encrypts (getUserEncryptKey).
    ///
    /// # Errors
    ///
    /// [`Class::LogInAgain`] if WeChat does not take the session_key; the others of [`Error`].
    pub async fn user_encrypt_keys(
        &self,
        app: &App,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<Vec<UserEncryptKey>, Error> {
        let answer = self.signed(app, Operation::GetUserEncryptKey, openid, session_key).await?;
        let Keys { key_info_list } = answer.into("key_info_list")?;
        Ok(key_info_list)
    }

    /// The page shows the parameters as a body; they stand in the query, also of the POST, whose body is empty.
    async fn signed(
        &self,
        app: &App,
        operation: Operation,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<Answer, Error> {
        limit::openid("openid", openid)?;
        let signature = user_state_signature(session_key, b"");
        let query = [("openid", openid), ("signature", signature.as_str()), ("sig_method", "hmac_sha256")];
        let request = |http: &reqwest::Client, url: String| match operation {
            Operation::GetUserEncryptKey => http.post(url).query(&query),
            _ => http.get(url).query(&query),
        };
        let idempotent = operation != Operation::ResetUserSessionKey;
        let secrets = &[signature.as_str(), session_key.expose_secret()];
        self.answer(app, Api { operation, idempotent, secrets, wanted: Wanted::Answer, request }).await
    }
}
