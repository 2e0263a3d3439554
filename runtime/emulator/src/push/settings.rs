//! Where and how an app wants its pushes.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// How the bodies of pushes are sent (消息加解密方式).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// 明文模式: as they are; only `signature`, which does not cover them, is there to check.
    Plain,
    /// 兼容模式: both as they are and encrypted.
    Compatible,
    /// 安全模式: encrypted only.
    #[default]
    Safe,
}

/// The format of pushes (数据格式).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

/// The push settings of an app (消息推送配置).
///
/// ```
/// use queqiao_emulator::{Format, Mode, Push};
///
/// let push = Push::new("http://127.0.0.1:8080/wechat/push", "a-token")
///     .aes_key("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
///     .mode(Mode::Safe)
///     .format(Format::Json);
/// assert!(!format!("{push:?}").contains("a-token"));
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub(crate) urls: Vec<String>,
    pub(crate) token: SecretString,
    #[serde(default)]
    pub(crate) aes_key: Option<SecretString>,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) format: Format,
    #[serde(default = "once")]
    pub(crate) deliveries: u32,
}

fn once() -> u32 {
    1
}

impl Push {
    /// To this URL, with this Token (令牌). In safe mode, so an [`aes_key`](Self::aes_key) is wanted too.
    pub fn new(url: impl Into<String>, token: impl Into<SecretString>) -> Self {
        Self {
            urls: vec![url.into()],
            token: token.into(),
            aes_key: None,
            mode: Mode::default(),
            format: Format::default(),
            deliveries: once(),
        }
    }

    /// A further instance of the server. The attempts of one push go from instance to instance, as behind a
    /// load balancer.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// The EncodingAESKey: 43 letters and digits.
    #[must_use]
    pub fn aes_key(self, aes_key: impl Into<SecretString>) -> Self {
        Self { aes_key: Some(aes_key.into()), ..self }
    }

    /// The mode; safe by default.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// The format; JSON by default.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Delivers each push so many times, answered or not: as WeChat does when an answer gets lost. 1 to 3.
    #[must_use]
    pub fn deliveries(self, deliveries: u32) -> Self {
        Self { deliveries, ..self }
    }

    /// Says what cannot be, if something cannot. `anywhere`: not only on this machine.
    pub(crate) fn check(&self, anywhere: bool) -> Result<(), &'static str> {
        let urls: Vec<_> = self.urls.iter().map(|url| reqwest::Url::parse(url)).collect();
        if urls.is_empty() || urls.len() > 100 {
            return Err("pushes go to 1 to 100 URLs");
        }
        for url in &urls {
            match url {
                Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                    return Err("a push URL begins with http:// or https://");
                }
                Ok(url) if !anywhere && !is_loopback(url) => {
                    return Err(
                        "a push URL is on this machine (127.0.0.1, [::1] or localhost), unless the emulator was started with allow_lan()",
                    );
                }
                Ok(_) => {}
                Err(_) => {
                    return Err("a push URL cannot be read: it looks like http://127.0.0.1:8080/wechat/push");
                }
            }
        }
        let token = self.token.expose_secret();
        if !(1..=32).contains(&token.len()) || token.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the Token of pushes is 1 to 32 characters without spaces");
        }
        if !(1..=3).contains(&self.deliveries) {
            return Err("deliveries are 1 to 3");
        }
        if self.aes_key.is_some() && self.key().is_none() {
            return Err("the EncodingAESKey is 43 letters and digits");
        }
        match self.mode != Mode::Plain && self.aes_key.is_none() {
            true => Err("the compatible and the safe mode want an EncodingAESKey of 43 letters and digits"),
            false => Ok(()),
        }
    }

    /// The 32 bytes of the EncodingAESKey. Its last character may have bits that are not used.
    pub(crate) fn key(&self) -> Option<[u8; 32]> {
        let text = self.aes_key.as_ref()?.expose_secret();
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::STANDARD, lenient);
        engine.decode(format!("{text}=")).ok()?.try_into().ok()
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Token and key are left out.
impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("urls", &self.urls)
            .field("mode", &self.mode)
            .field("format", &self.format)
            .field("deliveries", &self.deliveries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn what_cannot_be_is_told() {
        let good = || Push::new("http://127.0.0.1:1/push", "t").aes_key(KEY);
        assert_eq!(good().check(false), Ok(()));
        assert_eq!(good().url("http://[::1]:2/").url("https://localhost/").check(false), Ok(()));
        assert_eq!(good().url("https://example.com/").check(true), Ok(()));
        for bad in [
            good().url("https://example.com/"),
            good().url("ftp://127.0.0.1/"),
            good().url("127.0.0.1"),
            good().aes_key("short"),
            good().deliveries(0),
            good().deliveries(4),
            Push::new("http://127.0.0.1/", "t"),
            Push::new("http://127.0.0.1/", "").mode(Mode::Plain),
            Push::new("http://127.0.0.1/", "a b").mode(Mode::Plain),
        ] {
            assert!(bad.check(false).is_err(), "{bad:?}");
        }
        // The last character has bits that are not used.
        assert!(good().aes_key("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").key().is_some());
    }
}
