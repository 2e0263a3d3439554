//! One message: its handler, its answer, and what is written down of both.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use queqiao_storage::{Held, StoreError};
use queqiao_wechat::push::{Fields, Format, Message};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::{Mutex, oneshot};

use super::handler::Failure;
use super::service::Inner;
use super::{Answer, Arrived, Attempt};
use crate::apps::MiniProgram;
use crate::subscribe::{Ledger, NotNoted};

/// Where WeChat's own customer-message call is.
/// Source: 客服消息, 发送客服消息.
const SEND: &str = "/cgi-bin/message/custom/send";

/// The request that waits for the answer. Of the two, the handler that ends and the time that is up, one is first.
#[derive(Clone)]
pub(super) struct Caller {
    taken: Arc<AtomicBool>,
    answer: Arc<Mutex<Option<oneshot::Sender<Option<Fields>>>>>,
}

impl Caller {
    pub(super) fn new() -> (Self, oneshot::Receiver<Option<Fields>>) {
        let (sender, receiver) = oneshot::channel();
        let answer = Arc::new(Mutex::new(Some(sender)));
        (Self { taken: Arc::new(AtomicBool::new(false)), answer }, receiver)
    }

    /// Whether it is first.
    pub(super) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }

    /// Whether the answer can still be given, and will be.
    async fn promise(&self) -> bool {
        let waits = self.answer.lock().await.as_ref().is_some_and(|answer| !answer.is_closed());
        waits && self.take()
    }

    async fn give(&self, fields: Option<Fields>) {
        if let Some(answer) = self.answer.lock().await.take() {
            // Whoever hung up gets it with the next delivery.
            let _ = answer.send(fields);
        }
    }
}

/// How an attempt ended.
enum Ended {
    /// It is written down; with what WeChat is to be answered.
    Well(Option<Fields>),
    Failed(Failure),
    /// Another has taken the message over.
    Lost,
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(Failure::Passing(error.to_string()))
    }
}

impl From<NotNoted> for Failure {
    fn from(not_noted: NotNoted) -> Self {
        match not_noted {
            NotNoted::Unreadable(error) => Self::Lasting(error.to_string()),
            NotNoted::Store(error) => Self::Passing(error.to_string()),
        }
    }
}

/// One attempt.
pub(super) struct Work<'a> {
    inner: &'a Inner,
    held: Held,
}

impl<'a> Work<'a> {
    pub(super) fn new(inner: &'a Inner, held: Held) -> Self {
        Self { inner, held }
    }

    pub(super) async fn carry_out(self, caller: Option<Caller>) {
        let held = &self.held;
        let key = held.key;
        let ended = tokio::select! {
            ended = self.attempt(caller.as_ref()) => ended,
            () = self.stay() => Ended::Lost,
        };
        let answer = match ended {
            Ended::Well(answer) => {
                tracing::debug!(%key, attempt = held.attempt, "a message was dealt with");
                answer
            }
            Ended::Lost => {
                tracing::warn!(%key, attempt = held.attempt, "another instance took a message over: this attempt ends");
                None
            }
            Ended::Failed(failure) => {
                if let Err(error) = self.note(&failure).await {
                    tracing::error!(%key, %error, "the failure of a message could not be noted: it is tried again when its lease has ended");
                }
                None
            }
        };
        if let Some(caller) = caller {
            caller.give(answer).await;
        }
    }

    /// Renews the lease as long as it is ours, and ends when it is not.
    async fn stay(&self) {
        let every = self.inner.settings.lease / 3;
        loop {
            tokio::time::sleep(every).await;
            let until = self.inner.lease_end(self.inner.clock.now());
            match self.inner.inbox.extend(&self.held, until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(key = %self.held.key, %error, "a lease could not be renewed"),
            }
        }
    }

    async fn attempt(&self, caller: Option<&Caller>) -> Ended {
        let held = &self.held;
        // One that no attempt survives ends here.
        if held.attempt > self.inner.settings.attempts {
            return Ended::Failed(Failure::Lasting(
                "the process ended in the middle of the last attempt".into(),
            ));
        }
        let message = match Inner::message(held) {
            Ok(message) => message,
            Err(refused) => return Ended::Failed(Failure::Lasting(refused.to_string())),
        };
        let Some(program) = self.inner.apps.of(&held.app) else {
            let what = format!("the mini-program {} is not in the configuration any more", held.app);
            return Ended::Failed(Failure::Passing(what));
        };
        let answer = match &held.reply {
            Some(reply) => serde_json::from_slice(reply.expose_secret()).ok(),
            None => match self.handle(&message, &program).await {
                Ok(answer) => answer,
                Err(failure) => return Ended::Failed(failure),
            },
        };
        self.answer(answer, &message, &program, caller).await.unwrap_or_else(|ended| ended)
    }

    async fn handle(&self, message: &Message, program: &MiniProgram) -> Result<Option<Answer>, Failure> {
        let held = &self.held;
        let ledger = self.inner.ledger.as_ref().filter(|_| Ledger::hears(message.kind()));
        if let Some(ledger) = ledger {
            ledger.hear(program, message).await?;
        }
        let Some(handler) = self.inner.handlers.of(message.kind()) else {
            if ledger.is_some() {
                return Ok(None);
            }
            return Err(Failure::Lasting(format!("no handler takes {}", message.kind())));
        };
        let arrived = Arc::new(Arrived {
            message: message.clone(),
            program: program.clone(),
            attempt: Attempt { number: held.attempt, identity: held.key.to_string(), token: held.token },
            media_check: None,
        });
        let running = AssertUnwindSafe((handler.run)(arrived)).catch_unwind();
        let limit = self.inner.settings.time_limit;
        match tokio::time::timeout(limit, running).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure::Passing(format!("{} panicked", handler.meta.handler()))),
            Err(_) => Err(Failure::Passing(format!(
                "{} did not end within {limit:?} (messages.time_limit)",
                handler.meta.handler()
            ))),
        }
    }

    /// Gives the answer, and writes down that the message is dealt with.
    async fn answer(
        &self,
        answer: Option<Answer>,
        message: &Message,
        program: &MiniProgram,
        caller: Option<&Caller>,
    ) -> Result<Ended, Ended> {
        let (inner, held) = (self.inner, &self.held);
        let now = || inner.clock.now();
        let Some(answer) = answer else {
            return Ok(match inner.inbox.finish(held, None, now()).await? {
                true => Ended::Well(None),
                false => Ended::Lost,
            });
        };
        if let (Some(fields), Some(caller)) = (answer.passive(message, now()), caller)
            && caller.promise().await
        {
            let text = fields.write(Format::Json);
            return Ok(match inner.inbox.finish(held, Some(text.as_bytes()), now()).await? {
                true => Ended::Well(Some(fields)),
                false => Ended::Lost,
            });
        }
        // First that there is one: whoever comes after need not run the handler again for it.
        if held.reply.is_none() {
            let text = serde_json::to_vec(&answer)
                .map_err(|error| Ended::Failed(Failure::Lasting(error.to_string())))?;
            if !inner.inbox.note_reply(held, &text).await? {
                return Ok(Ended::Lost);
            }
        }
        let body = answer.sent_to(message.from());
        if let Err(error) = program.wechat().post::<Value>(program.credentials(), SEND, &body).await {
            let what = format!("the reply could not be sent: {error}");
            let failure = if error.is_transient() { Failure::Passing(what) } else { Failure::Lasting(what) };
            return Ok(Ended::Failed(failure));
        }
        Ok(match inner.inbox.finish(held, None, now()).await? {
            true => Ended::Well(None),
            false => Ended::Lost,
        })
    }

    /// Writes down that an attempt failed, and what comes of it.
    async fn note(&self, failure: &Failure) -> Result<(), StoreError> {
        let (inner, held) = (self.inner, &self.held);
        let (app, key, attempt) = (&held.app, held.key, held.attempt);
        match failure {
            Failure::Passing(what) if attempt < inner.settings.attempts => {
                let due = inner.next_attempt(attempt);
                tracing::warn!(%app, %key, attempt, %due, failure = what, "a message failed and is tried again");
                inner.inbox.retry(held, what, due).await?;
            }
            Failure::Passing(what) | Failure::Lasting(what) => {
                tracing::error!(
                    %app, %key, attempt, failure = what,
                    "a message failed for good: it is a dead letter in queqiao_inbox, kept for 30 days"
                );
                inner.inbox.bury(held, what, inner.clock.now()).await?;
            }
        }
        Ok(())
    }
}
