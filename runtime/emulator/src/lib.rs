//! WeChat's server API for mini-programs, offline, with its true failure semantics.
//!
//! Development, tests and CI need no appid, domain or network: point the client's base URL here.
//! `GET /sns/jscode2session` and `POST /cgi-bin/stable_token` answer as WeChat does, refusals
//! included; `POST /emulator/login-codes` gives a code as `wx.login` would, and `GET /emulator` is
//! a page where people do the same. Time is that of a [`Clock`] which tests move.
//!
//! ```
//! use queqiao_emulator::{Clock, DEFAULT_APPID, DEFAULT_SECRET, Emulator};
//! use queqiao_wechat::{App, Settings, WeChat};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().clock(Clock::movable()).start().await?;
//! let wechat = WeChat::new(Settings { base_url: emulator.url(), ..Settings::default() })?;
//! let app = App::new(DEFAULT_APPID, DEFAULT_SECRET);
//!
//! let code = emulator.login_code(DEFAULT_APPID, "alice")?;
//! let alice = wechat.code_to_session(&app, &code.as_str().into()).await?;
//! assert_eq!(alice.openid.len(), 28);
//! assert!(wechat.code_to_session(&app, &code.as_str().into()).await.is_err(), "a code works once");
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that panics has failed"))]

mod calls;
mod codes;
mod console;
mod emulator;
mod identity;
mod server;
mod settings;
mod tokens;
mod wechat_api;

pub use calls::{Exchange, Report};
pub use codes::MOCK_CODE;
pub use emulator::{Builder, DEFAULT_APPID, DEFAULT_SECRET, Emulator, EmulatorError, TOURIST_APPID};
/// The clock that codes and tokens live by.
pub use queqiao_wechat::Clock;
pub use server::Running;
pub use settings::{ReusedCode, Settings};
