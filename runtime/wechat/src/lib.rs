//! WeChat's server API for mini-programs, usable without any web framework.
//!
//! One [`WeChat`] serves any number of apps; it is cheap to clone and shares its connections and
//! access tokens.
//!
//! ```
//! use queqiao_wechat::{App, Error, Settings, WeChat};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let answer = r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}"#;
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let base_url = format!("http://{}", listener.local_addr()?);
//! # let router = axum::Router::new().fallback(move || async move { answer });
//! # tokio::spawn(async move { axum::serve(listener, router).await });
//! # let settings = Settings { base_url, ..Settings::default() };
//! # let secret = "from the configuration";
//! # let code = "from wx.login";
//! let wechat = WeChat::new(settings)?; // Settings::default() for the real one
//! let app = App::new("wx0123456789abcdef", secret);
//!
//! match wechat.code_to_session(&app, code).await {
//!     Ok(session) => println!("hello, {}", session.openid),
//!     Err(Error::Code(_)) => println!("ask the mini-program to call wx.login again"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Secrets, codes, tokens and session_keys appear in no error text, no `Debug` and no log line.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that panics has failed"))]

mod answer;
mod app;
mod client;
mod error;
mod login;
pub mod push;
mod refusal;
mod settings;
mod token;

pub use app::App;
pub use client::WeChat;
pub use error::{Error, Operation};
pub use login::Session;
/// The clock that decides when a token has expired.
pub use queqiao_storage::Clock;
pub use refusal::Refusal;
pub use settings::{Settings, SettingsError};
