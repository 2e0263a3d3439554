//! How WeChat is reached.

use std::time::Duration;

use queqiao_storage::Clock;
use reqwest::Url;

use crate::client::Wanted;
use crate::token::{TokenMode, TokenStore};

/// Where WeChat is, and how patient the client is with it.
///
/// `Settings { base_url: emulator.url(), ..Settings::default() }` talks to the emulator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server, `https://api.weixin.qq.com` by default; a path in front of WeChat's own is kept.
    pub base_url: String,
    /// Allows `http://` to a server that is not on this machine. The AppSecret then travels
    /// readable for all on the way.
    pub allow_plain_http: bool,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long one attempt may take, connecting and reading the answer included.
    ///
    /// All attempts of a login together have to end before the claim on its code does
    /// ([`queqiao_storage::LEASE`]).
    pub timeout: Duration,
    /// How long one attempt may take that uploads or downloads a file, or fetches a QR code.
    pub transfer_timeout: Duration,
    /// How often a call is repeated when WeChat is busy (-1) or cannot be reached.
    pub retries: usize,
    /// The pause before the first repetition; it doubles each time, with some randomness.
    pub back_off: Duration,
    /// The longest answer that is read, in bytes.
    pub answer_limit: usize,
    /// The largest image or medium that is read, in bytes.
    pub download_limit: usize,
    /// An access token is replaced before it expires, at a random time between eight tenths and half of this
    /// before its end. WeChat issues a new one in the last five minutes only, so more brings nothing.
    pub token_margin: Duration,
    /// Where access tokens are kept: in this process by default. Instances of one backend share a store.
    pub token_store: TokenStore,
    /// Which family of tokens is used.
    pub token_mode: TokenMode,
    /// How long one process may take to fetch a token before another may try: longer than all attempts together.
    pub token_lease: Duration,
    /// How often a day a token that WeChat refuses, and gives again when asked, is refreshed by force. That makes
    /// the token of every other system worthless, so it is the last resort; WeChat allows 20. 0 for never.
    pub forced_refreshes_per_day: u32,
    /// The clock that decides when a token has expired.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://api.weixin.qq.com".into(),
            allow_plain_http: false,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(5),
            transfer_timeout: Duration::from_secs(60),
            retries: 2,
            back_off: Duration::from_millis(200),
            answer_limit: 1024 * 1024,
            download_limit: 10 * 1024 * 1024,
            token_margin: Duration::from_secs(300),
            token_store: TokenStore::default(),
            token_mode: TokenMode::default(),
            token_lease: Duration::from_secs(60),
            forced_refreshes_per_day: 5,
            clock: Clock::system(),
        }
    }
}

/// Settings with which no client can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The base URL is no usable URL.
    #[error("the base URL of WeChat's server cannot be used: {0}; write it as https://api.weixin.qq.com")]
    BaseUrl(&'static str),
    /// The base URL is not encrypted, and not on this machine.
    #[error(
        "the base URL of WeChat's server begins with http://, which would show the AppSecret to everyone on the way: use https://, or set allow_plain_http"
    )]
    PlainHttp,
    /// A duration or size is zero.
    #[error("{0} must be more than zero")]
    Zero(&'static str),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

impl Settings {
    /// How long one attempt may take.
    pub(crate) fn patience(&self, wanted: Wanted) -> Duration {
        match wanted {
            Wanted::Answer => self.timeout,
            Wanted::AnswerToFile | Wanted::Bytes => self.transfer_timeout,
        }
    }

    /// The base URL without a slash at its end, and whether it is on this machine.
    pub(crate) fn server(&self) -> Result<(String, bool), SettingsError> {
        for (name, zero) in [
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("timeout", self.timeout.is_zero()),
            ("token_lease", self.token_lease.is_zero()),
            ("transfer_timeout", self.transfer_timeout.is_zero()),
            ("answer_limit", self.answer_limit == 0),
            ("download_limit", self.download_limit == 0),
        ] {
            if zero {
                return Err(SettingsError::Zero(name));
            }
        }
        let url = Url::parse(&self.base_url).map_err(|_| SettingsError::BaseUrl("it is no absolute URL"))?;
        let host = url.host_str().ok_or(SettingsError::BaseUrl("it names no host"))?;
        let local = is_loopback(host);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SettingsError::BaseUrl("it contains a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SettingsError::BaseUrl("it has a query or a fragment"));
        }
        match url.scheme() {
            "https" => {}
            "http" if local || self.allow_plain_http => {}
            "http" => return Err(SettingsError::PlainHttp),
            _ => return Err(SettingsError::BaseUrl("its scheme is neither https nor http")),
        }
        Ok((url.as_str().trim_end_matches('/').to_owned(), local))
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(base_url: &str) -> Result<(String, bool), SettingsError> {
        Settings { base_url: base_url.into(), ..Settings::default() }.server()
    }

    #[test]
    fn servers_that_work() {
        assert_eq!(Settings::default().server(), Ok(("https://api.weixin.qq.com".into(), false)));
        assert_eq!(with("http://127.0.0.1:9000/"), Ok(("http://127.0.0.1:9000".into(), true)));
        assert_eq!(with("http://[::1]:9000"), Ok(("http://[::1]:9000".into(), true)));
        assert_eq!(with("http://localhost:9000/wx/"), Ok(("http://localhost:9000/wx".into(), true)));
    }

    #[test]
    fn servers_that_do_not() {
        assert_eq!(with("http://api.weixin.qq.com"), Err(SettingsError::PlainHttp));
        for url in ["", "api.weixin.qq.com", "ftp://x", "https://me:pw@x", "https://x?secret=1", "https://"] {
            assert!(matches!(with(url), Err(SettingsError::BaseUrl(_))), "{url}");
        }
        let settings = Settings { timeout: Duration::ZERO, ..Settings::default() };
        assert_eq!(settings.server(), Err(SettingsError::Zero("timeout")));
    }
}
