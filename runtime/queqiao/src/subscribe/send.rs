//! Sends a message for a grant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use queqiao_storage::{GrantKey, Settled, StoreError, Take, Taken};
use queqiao_wechat::{ErrCode, Error as WeChatError};
use tokio::time::Instant;

use super::{Ledger, Recipient, SubscribeMessage, Subscriptions};
use crate::apps::MiniProgram;

/// WeChat knows of no grant.
const NOT_GRANTED: ErrCode = ErrCode(43101);
/// Another message to the user is under way.
const ANOTHER: ErrCode = ErrCode(43108);
/// How long a message waits for others to the same user.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause; each is half as long again.
const PAUSE: Duration = Duration::from_millis(40);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a message may not have been sent"]
pub enum Sent {
    /// WeChat took it; the grant is used up.
    Sent,
    /// The user has not said yes, or what was granted is used up: the ordinary case. Nothing was sent.
    NotGranted,
    /// Nobody knows: WeChat did not answer. It is not sent again, for it may have arrived; the grant rests until that is
    /// known, at most ten minutes, and serves another message then if it is still there.
    Uncertain,
    /// Other messages to this user are under way for too long; nothing was sent, and the grant is as before. Send it
    /// later.
    Busy,
}

/// Why a message was not sent. The grant is as before.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The API does not have the message.
    NotServed {
        /// Its name.
        name: &'static str,
    },
    /// No mini-program of the recipient has the template.
    NoTemplate {
        /// Its name.
        name: &'static str,
    },
    /// The ledger fails.
    Store(StoreError),
    /// WeChat refused it, or cannot be reached; or a value breaks the rule of its key, and WeChat was not asked.
    WeChat(WeChatError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotServed { name } => write!(
                f,
                "the subscribe message `{name}` is not one of this server's: add `.template::<_>()` to the `Api`, and run it with \
                 `serve`"
            ),
            Self::NoTemplate { name } => write!(
                f,
                "no mini-program of the user has the template `{name}`: give its id (模板 ID) as `wechat.templates.{name}`"
            ),
            Self::Store(error) => write!(f, "the ledger of subscriptions fails: {error}"),
            Self::WeChat(error) => write!(f, "a subscribe message was not sent: {error}"),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::WeChat(error) => Some(error),
            Self::NotServed { .. } | Self::NoTemplate { .. } => None,
        }
    }
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WeChatError> for SendError {
    fn from(error: WeChatError) -> Self {
        Self::WeChat(error)
    }
}

impl SendError {
    /// Whether the same message may be sent in a moment, without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::WeChat(error) => error.is_transient(),
            Self::NotServed { .. } | Self::NoTemplate { .. } => false,
        }
    }
}

impl Subscriptions {
    /// Sends a message for one grant of the recipient's, if there is one.
    ///
    /// Messages to one user go one after the other, from whichever instance, since WeChat refuses others (43108). What
    /// has begun goes on if the caller does not wait for it. Where it fails in one mini-program of the user, the others
    /// are tried.
    ///
    /// # Errors
    /// [`SendError`], the first one, if no mini-program sent the message: also where a value breaks the rule of its key,
    /// such as a `thing1` of more than 20 characters, see [`thing`](super::thing).
    pub async fn send<M: SubscribeMessage>(
        &self,
        to: impl Into<Recipient>,
        message: &M,
    ) -> Result<Sent, SendError> {
        let ledger = self.serving::<M>()?;
        let places = ledger.places(&to.into()).await?;
        if places.is_empty() {
            return Ok(Sent::NotGranted);
        }
        let (mut asked, mut failed) = (false, None);
        for (program, openid) in places {
            let Some(template) = program.template(M::NAME) else { continue };
            let mut content = queqiao_wechat::SubscribeMessage::new(&openid, template);
            for (key, value) in message.values() {
                content = content.value(key, value);
            }
            content.page = message.page();
            content.miniprogram_state = program.state();
            content.check().map_err(WeChatError::from)?;
            let sending = Sending { ledger: Arc::clone(ledger), program, content };
            // A task of its own: what WeChat answers is written down, whoever still waits for it.
            match tokio::spawn(sending.send()).await {
                Ok(Ok(Sent::NotGranted)) => {}
                Ok(Ok(sent)) => return Ok(sent),
                // Nothing was sent: another mini-program of the user may have a grant, and work.
                Ok(Err(error)) => failed = failed.or(Some(error)),
                Err(_) => return Ok(Sent::Uncertain),
            }
            asked = true;
        }
        match failed {
            Some(error) => Err(error),
            None if asked => Ok(Sent::NotGranted),
            None => Err(SendError::NoTemplate { name: M::NAME }),
        }
    }
}

/// One message, in one mini-program.
struct Sending {
    ledger: Arc<Ledger>,
    program: MiniProgram,
    content: queqiao_wechat::SubscribeMessage,
}

impl Sending {
    async fn send(self) -> Result<Sent, SendError> {
        let ledger = &self.ledger;
        // Before a grant is taken: what fails here leaves no doubt whether a message went out.
        self.program.wechat().access_token(self.program.credentials()).await?;
        let (started, mut pause) = (Instant::now(), PAUSE);
        loop {
            match ledger.grants.take_grant(&self.key(), ledger.clock.now()).await? {
                Take::None => return Ok(Sent::NotGranted),
                Take::Busy => {}
                Take::Yours(taken) => {
                    let (settled, outcome) = self.attempt().await;
                    self.settle(&taken, settled).await;
                    match outcome {
                        Ok(Sent::Busy) => {}
                        outcome => return outcome,
                    }
                }
            }
            if started.elapsed() > PATIENCE {
                return Ok(Sent::Busy);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn key(&self) -> GrantKey<'_> {
        GrantKey {
            app: self.program.appid(),
            openid: &self.content.touser,
            template: &self.content.template_id,
        }
    }

    /// Asks WeChat; what that means for the grant, and for the caller.
    async fn attempt(&self) -> (Settled, Result<Sent, SendError>) {
        let wechat = self.program.wechat();
        let error = match wechat.send_subscribe_message(self.program.credentials(), &self.content).await {
            Ok(()) => return (Settled::Sent, Ok(Sent::Sent)),
            Err(error) => error,
        };
        match error.refusal().map(|refusal| refusal.code) {
            Some(NOT_GRANTED) => return (Settled::NotGranted, Ok(Sent::NotGranted)),
            Some(ANOTHER) => return (Settled::Unused, Ok(Sent::Busy)),
            _ => {}
        }
        match &error {
            // The request went out, and nothing that WeChat says came back.
            WeChatError::TimedOut { .. }
            | WeChatError::Network { before_sending: false, .. }
            | WeChatError::Unexpected { .. } => {
                let (app, template) = (self.program.appid(), &self.content.template_id);
                tracing::warn!(app, template, %error, "it is not known whether a subscribe message was sent");
                (Settled::Uncertain, Ok(Sent::Uncertain))
            }
            _ => (Settled::Unused, Err(error.into())),
        }
    }

    async fn settle(&self, taken: &Taken, settled: Settled) {
        let ledger = &self.ledger;
        if let Err(error) = ledger.grants.settle(taken, settled, ledger.clock.now()).await {
            // It rests as one of an unknown end does.
            tracing::error!(%error, ?settled, "the end of a subscribe message could not be written down");
        }
    }
}
