//! An app and its credentials.

use secrecy::SecretString;

/// A mini-program as WeChat knows it.
#[derive(Debug, Clone)]
pub struct App {
    /// The AppID, `wx` and 16 hex digits.
    pub appid: String,
    /// The AppSecret (小程序密钥).
    pub secret: SecretString,
}

impl App {
    /// An app with its secret.
    pub fn new(appid: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { appid: appid.into(), secret: secret.into() }
    }
}
