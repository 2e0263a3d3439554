//! WeChat's server API for mini-programs, usable without any web framework.
//!
//! One [`WeChat`] serves any number of apps; it is cheap to clone and shares its connections and
//! access tokens.
//!
//! ```
//! use queqiao_wechat::{App, Class, Settings, WeChat};
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
//! match wechat.code_to_session(&app, &code.into()).await {
//!     Ok(session) => println!("hello, {}", session.openid),
//!     Err(error) if error.class() == Some(Class::NewCode) => println!("ask the mini-program to call wx.login again"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Secrets, codes, tokens and session_keys appear in no error text, no `Debug` and no log line.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that panics has failed"))]

mod answer;
mod api;
mod app;
mod client;
mod code;
mod custom_message;
mod download;
mod encrypted;
mod errcode;
mod error;
mod limit;
mod link;
mod login;
mod media;
mod operation;
mod phone;
pub mod push;
mod qr_code;
mod quota;
mod refusal;
mod risk;
mod security;
mod session;
mod settings;
mod signature;
mod subscribe;
mod token;
mod unionid;

/// The chapter of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../book/src/wechat.md")]
mod chapter {}

pub use answer::decode_answer;
pub use app::App;
pub use client::WeChat;
pub use code::{LoginCode, PhoneCode};
pub use custom_message::CustomMessage;
pub use download::{Content, Download};
pub use encrypted::{DecryptError, Decrypted, EncryptedData, LONGEST_ENCRYPTED_DATA, Watermark};
pub use errcode::{Class, ErrCode, MEANINGS, Meaning};
pub use error::{Error, Invalid};
pub use link::{CloudBase, LinkEnd, LinkInfo, LinkState, LinkTarget};
pub use login::Session;
pub use media::{LARGEST_MEDIUM, UploadedMedia};
pub use operation::Operation;
pub use phone::PhoneNumber;
pub use qr_code::{EnvVersion, LineColor, PooledQrCode, QrStyle, SCENE_CHARACTERS, UnlimitedQrCode};
/// The clock that decides when a token has expired.
pub use queqiao_storage::Clock;
pub use quota::{ApiQuota, DailyQuota, RateLimit, RidInfo};
pub use refusal::Refusal;
pub use risk::{Risk, RiskQuestion, RiskRank, RiskScene};
pub use security::{
    Detail, Judgement, Label, MediaCheck, MediaCheckResult, MediaKind, Scene, Suggest, TextCheck, TextVerdict,
};
pub use session::UserEncryptKey;
pub use settings::{Settings, SettingsError};
pub use signature::{
    pay_signature, raw_data_signature, user_state_signature, verify_raw_data, verify_user_state,
};
pub use subscribe::{
    Category, EnumValues, Keyword, Language, MiniprogramState, NewTemplate, PublicTemplate, PublicTemplates,
    SubscribeMessage, Template, TemplateKind, ValueKey, ValueKind,
};
pub use token::{TokenMode, TokenStore};
pub use unionid::{EncryptedDataCheck, Payment};
