//! Message push (消息推送): what WeChat sends to the app's server, checked, opened and read.
//!
//! Nothing here listens or remembers: requests come in as their parts, the time as an argument. A
//! [`Receiver`] holds what stands in the app's console and takes a request apart; [`Sender`] is the other
//! side, for tests and for WeChat's emulator.
//!
//! ```
//! use queqiao_wechat::push::{self, Mode, Payload, Query, Receiver, Sender, Text, Token};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let now: jiff::Timestamp = "2026-11-27T08:00:00Z".parse()?;
//! let key = push::EncodingAesKey::new(&"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into())?;
//! let (appid, token) = ("wx0123456789abcdef", Token::new("from the console"));
//! let receiver = Receiver::new(appid, token.clone(), Mode::Safe(key.clone()));
//!
//! # let sender = Sender::new(appid, token, Mode::Safe(key), push::Format::Xml);
//! # let fields = push::Fields::from_json(br#"{"ToUserName":"gh_1","FromUserName":"oABC","CreateTime":1795766400,
//! #     "MsgType":"text","Content":"hello","MsgId":7}"#, &push::Limits::default())?;
//! # let seal = push::Seal { now, nonce: "415670741", random: [7; 16] };
//! # let delivery = sender.deliver(&fields, &seal);
//! # let (query, body) = (delivery.query, delivery.body.as_bytes());
//! // `query` and `body` of a POST to the address in the console
//! let (message, _) = receiver.open(&query, body, now)?;
//! if message.kind() == Text::KIND {
//!     assert_eq!(message.payload::<Text>()?.content, "hello");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Source: <https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>

mod aes_key;
mod fields;
mod lenient;
mod message;
mod payloads;
mod receiver;
mod refused;
mod sender;
mod signature;
mod xml;

use std::fmt;

use secrecy::SecretString;

pub use aes_key::{EncodingAesKey, EncodingAesKeyError};
pub use fields::{Fields, Format, Limits};
pub use message::{Kind, Message, Payload};
pub use payloads::*;
pub use receiver::{Mode, Query, Receiver};
pub use refused::{PayloadError, Refused};
pub use sender::{Delivery, Seal, Sender};
pub use signature::{message_signature, signature};

/// The Token (令牌) of an app's message push, chosen in its console.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// The token as it stands in the console.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
