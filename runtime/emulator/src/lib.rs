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

mod api;
mod calls;
mod codes;
mod console;
mod control;
mod emulator;
mod errcode;
mod fault;
mod identity;
mod inbox;
mod limits;
mod push;
mod server;
mod settings;
mod state;
mod time;
mod tokens;
mod user;
mod userdata;
mod users;
mod verdict;

pub use api::{Key, Template};
pub use calls::{Exchange, Report};
pub use codes::MOCK_CODE;
pub use emulator::{Builder, DEFAULT_APPID, DEFAULT_SECRET, Emulator, EmulatorError, TOURIST_APPID};
pub use errcode::{ERRCODES, Errcode};
pub use fault::{Damage, Fault};
pub use inbox::{Kind, Message};
pub use limits::QuotaReport;
pub use push::{Attempt, Delivery, Format, Mode, Outcome, Push};
/// The clock that codes, tokens and quotas live by.
pub use queqiao_wechat::Clock;
pub use server::Running;
pub use settings::{AppSettings, Caps, Limit, ReusedCode, Settings};
pub use user::{UserKey, UserReport, WeChatUser};
pub use userdata::EncryptedData;
pub use users::{Grant, UserSettings};
pub use verdict::{Rule, Suggest};
