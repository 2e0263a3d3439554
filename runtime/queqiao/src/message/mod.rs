//! Messages that WeChat pushes (消息推送), and the handlers that they reach.
//!
//! ```
//! use queqiao::message::{Answer, Push};
//! use queqiao::prelude::*;
//! use queqiao::wechat::push::Text;
//! use queqiao::{message, messages};
//!
//! /// A user writes in the customer-service chat.
//! #[message(text)]
//! async fn on_text(Push(text): Push<Text>) -> Option<Answer> {
//!     (text.content == "hello").then(|| Answer::text("你好"))
//! }
//!
//! let api: Api = Api::new("shop", "1.0.0").messages(messages![on_text]);
//! ```
//!
//! A message is kept in the database before WeChat is told that it arrived. From then on it is dealt with,
//! by this instance or another, also if the process ends: so a handler may be *begun* more than once for one
//! message, and ends well once. What it writes should bear that; [`Attempt::identity`] is the same each time.

mod answer;
mod endpoint;
mod handler;
mod routes;
mod service;
mod work;

use std::fmt;

use queqiao_wechat::push::{Kind, Message, Payload, PayloadError};

use crate::apps::MiniProgram;
use crate::content::MediaChecked;
use crate::context::{Context, FromRef};
use crate::extract::State;

pub use self::answer::{Answer, AnswerImage, AnswerLink, AnswerPage, AnswerText};
pub(crate) use self::endpoint::routes as endpoint;
pub use self::handler::{MessageHandler, MessageMeta, MessageReply};
pub(crate) use self::routes::Handlers;
pub use self::routes::Messages;
pub(crate) use self::service::{MessageService, MessageSettings};

/// A message on its way to its handler.
#[derive(Clone)]
pub struct Arrived {
    /// The message.
    pub message: Message,
    /// The mini-program that it is for.
    pub program: MiniProgram,
    /// Which attempt this is.
    pub attempt: Attempt,
    /// The media check that it tells of, for a handler that takes it.
    pub(crate) media_check: Option<MediaChecked>,
}

impl fmt::Debug for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrived")
            .field("kind", &self.message.kind())
            .field("program", &self.program)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A type that a `#[message]` handler may take as an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a message",
    label = "no part of a message",
    note = "take `Push<_>` (its fields), `MediaChecked`, `Message` (all of it), `State<_>`, `MiniProgram` or `Attempt`; a message has neither path, query, token nor session"
)]
pub trait FromMessage<S>: Sized + Send {
    /// The only kind of message that this can be taken from.
    const KIND: Option<Kind<'static>> = None;
    /// Whether the media check of the message is looked up for it.
    #[doc(hidden)]
    const MEDIA_CHECK: bool = false;

    /// Takes the value.
    ///
    /// # Errors
    /// Where the message has not what it should: it becomes a dead letter, for no attempt will find more.
    fn from_message(arrived: &Arrived, context: &Context<S>) -> Result<Self, PayloadError>;
}

/// The fields of a message: one of [`wechat::push`](queqiao_wechat::push)'s types, or one of your own.
///
/// ```
/// use queqiao::message;
/// use queqiao::message::Push;
/// use queqiao::wechat::push::{Kind, Payload};
///
/// #[derive(serde::Deserialize)]
/// struct Refund {
///     #[serde(rename = "OrderId")]
///     order: String,
/// }
///
/// impl Payload for Refund {
///     const KIND: Kind<'static> = Kind::Event("refund_event");
/// }
///
/// /// A refund was made.
/// #[message(event = "refund_event")]
/// async fn on_refund(Push(refund): Push<Refund>) {
///     println!("{}", refund.order);
/// }
/// # let _ = queqiao::messages![on_refund] as queqiao::message::Messages<()>;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Push<T>(pub T);

impl<S, T: Payload + Send> FromMessage<S> for Push<T> {
    const KIND: Option<Kind<'static>> = Some(T::KIND);

    fn from_message(arrived: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        arrived.message.payload().map(Self)
    }
}

impl<S> FromMessage<S> for Message {
    fn from_message(arrived: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        Ok(arrived.message.clone())
    }
}

impl<S> FromMessage<S> for MiniProgram {
    fn from_message(arrived: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        Ok(arrived.program.clone())
    }
}

impl<S, T: FromRef<S> + Send> FromMessage<S> for State<T> {
    fn from_message(_: &Arrived, context: &Context<S>) -> Result<Self, PayloadError> {
        Ok(Self(T::from_ref(&context.app)))
    }
}

/// Which attempt to deal with a message this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// The same for each attempt and each delivery, and for no other message: 64 hex digits.
    pub identity: String,
    /// Greater than that of every earlier attempt: whoever writes where two could meet may refuse a smaller one.
    pub token: u64,
}

impl<S> FromMessage<S> for Attempt {
    fn from_message(arrived: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        Ok(arrived.attempt.clone())
    }
}

/// The empty argument slot.
impl<S> FromMessage<S> for () {
    fn from_message(_: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        Ok(())
    }
}

/// For `#[message]`: whether an argument can be taken from messages of a kind. An error of the compiler if not.
#[doc(hidden)]
pub const fn fits(argument: Option<Kind<'static>>, wanted: Option<Kind<'static>>) {
    let Some(argument) = argument else { return };
    let fits = match (argument, wanted) {
        (Kind::Message(a), Some(Kind::Message(b))) | (Kind::Event(a), Some(Kind::Event(b))) => same(a, b),
        _ => false,
    };
    assert!(fits, "this argument is of another kind of message than the attribute names");
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    if a.len() != b.len() {
        return false;
    }
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
