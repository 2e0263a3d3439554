//! Takes a request apart and tells whether WeChat sent it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::signature::{agrees, message_signature, signature};
use super::{EncodingAesKey, Fields, Format, Limits, Message, Refused, Token};

/// How the app's console says that messages are sent (消息加密方式).
#[derive(Debug, Clone)]
pub enum Mode {
    /// 明文模式. The signature does not cover the body: whoever has seen one request can put another body to
    /// it, as long as the window is open.
    Plain,
    /// 兼容模式. The plain copy is there for other readers; only the encrypted one is used.
    Compatible(EncodingAesKey),
    /// 安全模式.
    Safe(EncodingAesKey),
}

impl Mode {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain (明文模式)",
            Self::Compatible(_) => "compatible (兼容模式)",
            Self::Safe(_) => "safe (安全模式)",
        }
    }

    /// The key, unless the mode is plain.
    pub(super) fn key(&self) -> Option<&EncodingAesKey> {
        match self {
            Self::Plain => None,
            Self::Compatible(key) | Self::Safe(key) => Some(key),
        }
    }
}

/// The query of a request of WeChat's, as it is in the URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Over the token, the time and the nonce. Never over the body.
    pub signature: Option<String>,
    /// Seconds since 1970.
    pub timestamp: Option<String>,
    /// A number.
    pub nonce: Option<String>,
    /// What to answer when the address is verified.
    pub echostr: Option<String>,
    /// The user. Not signed: of no use.
    pub openid: Option<String>,
    /// `aes`, where the body is encrypted.
    pub encrypt_type: Option<String>,
    /// Over the token, the time, the nonce and `Encrypt`.
    pub msg_signature: Option<String>,
}

/// Who receives: one app, with what stands in its console.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub(super) appid: String,
    pub(super) token: Token,
    pub(super) mode: Mode,
    window: Duration,
    limits: Limits,
}

impl Receiver {
    /// How far WeChat's clock and ours may be apart, and how long a request is good.
    pub const WINDOW: Duration = Duration::from_secs(300);

    /// A receiver with the default window and limits.
    pub fn new(appid: impl Into<String>, token: Token, mode: Mode) -> Self {
        let (window, limits) = (Self::WINDOW, Limits::default());
        Self { appid: appid.into(), token, mode, window, limits }
    }

    /// Replaces the window: a request that was signed longer ago, or longer ahead, is refused.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The app.
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// The window.
    pub fn window(&self) -> Duration {
        self.window
    }

    /// Checks the GET by which WeChat verifies the address, and gives what to answer, as `text/plain`.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], [`Refused::OutOfWindow`], [`Refused::Signature`].
    pub fn verify<'q>(&self, query: &'q Query, now: Timestamp) -> Result<&'q str, Refused> {
        let echostr = part(&query.echostr, "echostr")?;
        self.check_signature(query)?;
        self.check_time(query, now)?;
        Ok(echostr)
    }

    /// Checks the POST that delivers a message, and opens it.
    ///
    /// What the signature does not cover is neither used nor read further than to find what it covers.
    ///
    /// # Errors
    ///
    /// [`Refused`], as each says.
    pub fn open(&self, query: &Query, body: &[u8], now: Timestamp) -> Result<(Message, Format), Refused> {
        let mode = |found| Refused::Mode { expected: self.mode.name(), found };
        let encrypted = query.encrypt_type.as_deref().is_some_and(|kind| kind != "raw");
        let Some(key) = self.mode.key() else {
            if encrypted || query.msg_signature.is_some() {
                return Err(mode("encrypted"));
            }
            self.check_signature(query)?;
            self.check_time(query, now)?;
            let (fields, format) = Fields::read(body, &self.limits)?;
            if fields.as_map().contains_key("Encrypt") {
                return Err(mode("encrypted"));
            }
            return Ok((Message::new(fields)?, format));
        };
        let Some(given) =
            query.msg_signature.as_deref().filter(|_| encrypted || query.encrypt_type.is_none())
        else {
            return Err(mode("not encrypted"));
        };
        let (timestamp, nonce) = (part(&query.timestamp, "timestamp")?, part(&query.nonce, "nonce")?);
        let (envelope, format) = Fields::read(body, &self.limits)?;
        let Some(encrypt) = envelope.as_map().get("Encrypt").and_then(|encrypt| encrypt.as_str()) else {
            return Err(mode("not encrypted"));
        };
        if !agrees(&message_signature(&self.token, timestamp, nonce, encrypt), given) {
            return Err(Refused::Signature);
        }
        self.check_time(query, now)?;
        let message = key.open(&self.appid, encrypt)?;
        let (fields, _) = Fields::read(&message, &self.limits)?;
        Ok((Message::new(fields)?, format))
    }

    fn check_signature(&self, query: &Query) -> Result<(), Refused> {
        let given = part(&query.signature, "signature")?;
        let (timestamp, nonce) = (part(&query.timestamp, "timestamp")?, part(&query.nonce, "nonce")?);
        match agrees(&signature(&self.token, timestamp, nonce), given) {
            true => Ok(()),
            false => Err(Refused::Signature),
        }
    }

    /// After the signature, so that only WeChat learns what the clock here says.
    fn check_time(&self, query: &Query, now: Timestamp) -> Result<(), Refused> {
        let timestamp = part(&query.timestamp, "timestamp")?;
        // A time that is no number is signed, and yet none of WeChat's.
        let signed: i64 = timestamp.parse().map_err(|_| Refused::Missing("timestamp"))?;
        let (seconds, window) = (now.as_second().abs_diff(signed), self.window.as_secs());
        match seconds > window {
            true => Err(Refused::OutOfWindow { seconds, window }),
            false => Ok(()),
        }
    }
}

fn part<'q>(part: &'q Option<String>, name: &'static str) -> Result<&'q str, Refused> {
    part.as_deref().filter(|text| !text.is_empty()).ok_or(Refused::Missing(name))
}
