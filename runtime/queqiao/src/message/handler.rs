//! What `#[message]` emits for one handler, and how a message runs through it.

use std::future::Future;
use std::sync::Arc;

use queqiao_wechat::push::Kind;

use super::{Answer, Arrived, FromMessage};
use crate::content::{LookedUp, look_up};
use crate::context::Context;
use crate::problem::Internal;

/// The facts about a handler that stand in its attribute and its place in the source.
#[derive(Clone, Copy, Debug)]
pub struct MessageMeta {
    /// Which messages it takes; `None` for all that no other handler takes.
    pub kind: Option<Kind<'static>>,
    /// `module_path!()` of the handler.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// `file!()` of the handler.
    pub file: &'static str,
    /// `line!()` of the handler.
    pub line: u32,
}

impl MessageMeta {
    /// The handler as error messages name it: `module::name (file:line)`.
    pub fn handler(&self) -> String {
        format!("`{}::{}` ({}:{})", self.module, self.name, self.file, self.line)
    }
}

/// A handler of messages; implemented by `#[message]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler of messages of an API with the state `{S}`",
    label = "not a handler here",
    note = "annotate the function with `#[message(text)]` or `#[message(event = \"…\")]`, and see that every argument can be taken from a message"
)]
pub trait MessageHandler<S>: Send + Sync + 'static {
    /// First argument; `()` where the handler has none. The other slots alike.
    type A0: FromMessage<S>;
    /// Second argument.
    type A1: FromMessage<S>;
    /// Third argument.
    type A2: FromMessage<S>;
    /// Fourth argument.
    type A3: FromMessage<S>;
    /// Fifth argument.
    type A4: FromMessage<S>;
    /// Sixth argument.
    type A5: FromMessage<S>;
    /// Seventh argument.
    type A6: FromMessage<S>;
    /// Eighth argument.
    type A7: FromMessage<S>;
    /// What the handler returns.
    type Reply: MessageReply;

    /// The attribute's facts.
    const META: MessageMeta;

    /// Calls the handler.
    #[allow(clippy::too_many_arguments)] // one for each slot
    fn call(
        a0: Self::A0,
        a1: Self::A1,
        a2: Self::A2,
        a3: Self::A3,
        a4: Self::A4,
        a5: Self::A5,
        a6: Self::A6,
        a7: Self::A7,
    ) -> impl Future<Output = Self::Reply> + Send;
}

/// What a `#[message]` handler may return: nothing, an [`Answer`], perhaps one, or a `Result` of these.
///
/// An error lets the message be tried again, later and later, and after `messages.attempts` become a dead letter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer to a message",
    label = "WeChat cannot be answered with this",
    note = "return nothing, `Answer`, `Option<Answer>`, or `Result<_, E>` of one of these with an error type `E`"
)]
pub trait MessageReply {
    /// The answer, or why the message must be tried again.
    fn into_outcome(self) -> Result<Option<Answer>, Internal>;
}

impl MessageReply for () {
    fn into_outcome(self) -> Result<Option<Answer>, Internal> {
        Ok(None)
    }
}

impl MessageReply for Answer {
    fn into_outcome(self) -> Result<Option<Answer>, Internal> {
        Ok(Some(self))
    }
}

impl MessageReply for Option<Answer> {
    fn into_outcome(self) -> Result<Option<Answer>, Internal> {
        Ok(self)
    }
}

impl<T: MessageReply, E: Into<Internal>> MessageReply for Result<T, E> {
    fn into_outcome(self) -> Result<Option<Answer>, Internal> {
        self.map_err(Into::into)?.into_outcome()
    }
}

/// Why a handler did not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another attempt may do better.
    Passing(String),
    /// None will.
    Lasting(String),
}

/// Runs one message through `H`: its arguments in order, the handler, its answer.
pub(super) async fn run<S, H>(
    context: Arc<Context<S>>,
    arrived: Arc<Arrived>,
) -> Result<Option<Answer>, Failure>
where
    S: Send + Sync + 'static,
    H: MessageHandler<S>,
{
    macro_rules! any_looks_up {
        ($($slot:ident)*) => { false $(|| <H::$slot as FromMessage<S>>::MEDIA_CHECK)* };
    }
    let arrived = match any_looks_up!(A0 A1 A2 A3 A4 A5 A6 A7) {
        false => arrived,
        true => match look_up(&arrived, &context).await.map_err(Failure::Passing)? {
            LookedUp::Found(check) => {
                let arrived = Arc::unwrap_or_clone(arrived);
                Arc::new(Arrived { media_check: Some(*check), ..arrived })
            }
            LookedUp::Nothing => return Ok(None),
            LookedUp::TooEarly => {
                let what = "the media check that it tells of is not noted yet";
                return Err(Failure::Passing(what.to_owned()));
            }
        },
    };
    macro_rules! argument {
        ($slot:ident) => {
            <H::$slot as FromMessage<S>>::from_message(&arrived, &context)
                .map_err(|error| Failure::Lasting(error.to_string()))?
        };
    }
    let (a0, a1, a2, a3) = (argument!(A0), argument!(A1), argument!(A2), argument!(A3));
    let (a4, a5, a6, a7) = (argument!(A4), argument!(A5), argument!(A6), argument!(A7));
    let reply = H::call(a0, a1, a2, a3, a4, a5, a6, a7).await;
    reply.into_outcome().map_err(|error| Failure::Passing(error.to_string()))
}
