//! Takes messages in, and sees that each is dealt with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{Arrival, Clock, Held, Inbox, MessageKey, Received, StoreError};
use queqiao_wechat::push::{Fields, Format, Kind, Limits, Message, Query, Receiver, Refused};
use secrecy::ExposeSecret;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::Handlers;
use super::work::{Caller, Work};
use crate::apps::{Apps, MiniProgram};
use crate::content::{MEDIA_CHECK_EVENT, Watch};
use crate::subscribe::Ledger;

/// How often it is counted how many messages wait.
const COUNTED: Duration = Duration::from_secs(5);
/// The longest name of a kind that is kept, in characters.
const LONGEST_KIND: usize = 100;

/// `[messages]`
#[derive(Clone, Debug)]
pub(crate) struct MessageSettings {
    /// Before `/{appid}`.
    pub(crate) path: String,
    /// How long a handler may take for its text to be the answer to WeChat's request.
    pub(crate) answer_within: Duration,
    /// How long an attempt may take.
    pub(crate) time_limit: Duration,
    /// After which time without a sign of life another instance takes a message over.
    pub(crate) lease: Duration,
    /// How often a message is tried before it is a dead letter.
    pub(crate) attempts: u32,
    /// The pause after the first failure; it doubles with each.
    pub(crate) retry_after: Duration,
    /// The longest pause.
    pub(crate) retry_at_most: Duration,
    /// Messages that one instance deals with at a time.
    pub(crate) concurrency: usize,
    /// Messages that may wait before more are refused.
    pub(crate) backlog: u64,
    /// How often one instance looks for messages that are due.
    pub(crate) poll: Duration,
}

/// Takes messages in, and sees that each is dealt with.
#[derive(Clone)]
pub(crate) struct MessageService {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) handlers: Handlers,
    /// Who hears of subscriptions, before the handlers.
    pub(super) ledger: Option<Arc<Ledger>>,
    pub(super) apps: Arc<Apps>,
    pub(super) inbox: Arc<dyn Inbox>,
    watch: Watch,
    pub(super) clock: Clock,
    pub(super) settings: MessageSettings,
    permits: Arc<Semaphore>,
    /// Too many wait.
    crowded: AtomicBool,
    /// Something became due, or a permit free.
    pub(super) wake: Notify,
}

/// What WeChat is answered.
pub(super) enum Answered {
    /// `success`: it arrived.
    Success,
    /// A reply to the user.
    Reply(String, Format),
}

/// Why a delivery is not taken.
pub(super) enum NotTaken {
    /// No such mini-program, or it takes no messages.
    Unknown,
    /// It is none of WeChat's, or cannot be read.
    Refused(Refused),
    /// Too many wait, or the database does not answer: WeChat delivers it again.
    Busy,
}

impl From<Refused> for NotTaken {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl MessageService {
    pub(crate) fn new(
        handlers: Handlers,
        ledger: Option<Arc<Ledger>>,
        apps: Arc<Apps>,
        inbox: Arc<dyn Inbox>,
        watch: Watch,
        clock: Clock,
        settings: MessageSettings,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(settings.concurrency));
        let (crowded, wake) = (AtomicBool::new(false), Notify::new());
        Self {
            inner: Arc::new(Inner {
                handlers,
                ledger,
                apps,
                inbox,
                watch,
                clock,
                settings,
                permits,
                crowded,
                wake,
            }),
        }
    }

    /// Tells the operator what to write into the app's console.
    pub(crate) fn announce(&self) {
        let mut addresses = 0;
        for program in self.inner.apps.iter().filter(|program| program.push().is_some()) {
            let (appid, path) = (program.appid(), self.path());
            tracing::info!(appid, "messages of WeChat are taken at {path}/{appid}");
            addresses += 1;
        }
        if addresses == 0 && self.inner.ledger.is_some() {
            tracing::warn!(
                "the API sends subscribe messages, and no mini-program takes WeChat's: what users answer is known from the \
                 pages alone, and not what they cancel; set wechat.push.token as in the app's console, 消息推送配置"
            );
        }
        if addresses == 0 && !self.inner.handlers.is_empty() {
            tracing::warn!(
                "the API has handlers of messages, and no mini-program takes any: set wechat.push.token as in the app's \
                 console, 消息推送配置"
            );
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.inner.settings.path
    }

    /// The bytes of a body that are read.
    pub(super) fn body_limit() -> usize {
        Limits::default().bytes
    }

    fn receiver(&self, appid: &str) -> Result<(MiniProgram, Receiver), NotTaken> {
        let program = self.inner.apps.of(appid).ok_or(NotTaken::Unknown)?;
        let receiver = program.push().cloned().ok_or(NotTaken::Unknown)?;
        Ok((program, receiver))
    }

    /// The GET by which WeChat verifies the address.
    pub(super) fn verify(&self, appid: &str, query: &Query) -> Result<String, NotTaken> {
        let (_, receiver) = self.receiver(appid)?;
        Ok(receiver.verify(query, self.inner.clock.now())?.to_owned())
    }

    /// The POST that delivers a message: checked, kept, begun; answered when it is dealt with or time is up.
    pub(super) async fn deliver(
        &self,
        appid: &str,
        query: &Query,
        body: &[u8],
    ) -> Result<Answered, NotTaken> {
        let inner = &self.inner;
        let (program, receiver) = self.receiver(appid)?;
        let now = inner.clock.now();
        let (message, format) = receiver.open(query, body, now)?;
        let kind: String = message.kind().name().chars().take(LONGEST_KIND).collect();
        if !inner.takes(message.kind()) {
            tracing::debug!(appid, kind, "a message that no handler takes");
            return Ok(Answered::Success);
        }
        if inner.crowded.load(Ordering::Relaxed) {
            tracing::warn!(appid, kind, "too many messages wait: WeChat is told to come again");
            return Err(NotTaken::Busy);
        }
        let content = message.fields().write(Format::Json);
        let arrival = Arrival {
            key: MessageKey::new(program.appid(), &message.identity()),
            app: program.appid(),
            kind: &kind,
            message: content.as_bytes(),
        };
        // Without a free place it waits: for this instance or another.
        let permit = Arc::clone(&inner.permits).try_acquire_owned().ok();
        let hold = permit.as_ref().map(|_| inner.lease_end(now));
        // In a task of its own: that WeChat hangs up must not leave it held and forgotten.
        let received = inner.inbox.receive(&arrival, hold, now).await.map_err(|error| {
            tracing::error!(appid, kind, %error, "a message could not be kept: WeChat is told to come again");
            NotTaken::Busy
        })?;
        match (received, permit) {
            (Received::Yours(held), Some(permit)) => {
                let (caller, answer) = Caller::new();
                self.begin(*held, permit, Some(caller.clone()));
                Ok(self.answer(&receiver, query, format, caller, answer).await)
            }
            (Received::Done(Some(answer)), _) => {
                let fields = Fields::from_json(answer.expose_secret(), &Limits::default());
                // Whoever delivers it again has not got the answer.
                Ok(fields.map_or(Answered::Success, |fields| self.reply(&receiver, query, format, &fields)))
            }
            _ => Ok(Answered::Success),
        }
    }

    /// Waits for the handler, but not longer than WeChat does.
    async fn answer(
        &self,
        receiver: &Receiver,
        query: &Query,
        format: Format,
        caller: Caller,
        answer: oneshot::Receiver<Option<Fields>>,
    ) -> Answered {
        let mut answer = std::pin::pin!(answer);
        let answered = match tokio::time::timeout(self.inner.settings.answer_within, answer.as_mut()).await {
            Ok(answered) => answered,
            // The answer is being written down, and is to be given then.
            Err(_) if !caller.take() => answer.await,
            Err(_) => return Answered::Success,
        };
        match answered {
            Ok(Some(fields)) => self.reply(receiver, query, format, &fields),
            Ok(None) | Err(_) => Answered::Success,
        }
    }

    fn reply(&self, receiver: &Receiver, query: &Query, format: Format, fields: &Fields) -> Answered {
        let mut random = [0; 16];
        if aws_lc_rs::rand::fill(&mut random).is_err() {
            tracing::error!("the system gives no random numbers: a reply is left out");
            return Answered::Success;
        }
        let nonce = query.nonce.as_deref().unwrap_or_default();
        let seal = queqiao_wechat::push::Seal { now: self.inner.clock.now(), nonce, random };
        Answered::Reply(receiver.reply(fields, format, &seal), format)
    }

    /// Deals with a message in a task of its own.
    fn begin(&self, held: Held, permit: OwnedSemaphorePermit, caller: Option<Caller>) {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            Work::new(&inner, held).carry_out(caller).await;
            drop(permit);
            inner.wake.notify_one();
        });
    }

    /// Looks for messages that are due, until told to stop; then waits for what is under way.
    pub(crate) async fn keep_working(self, mut told: oneshot::Receiver<()>) {
        let inner = &self.inner;
        let mut counted: Option<tokio::time::Instant> = None;
        loop {
            if counted.is_none_or(|counted| counted.elapsed() > COUNTED) {
                inner.count().await;
                self.look_for_unanswered().await;
                counted = Some(tokio::time::Instant::now());
            }
            let more = self.take_due().await;
            let pause = async {
                if !more {
                    let _ = tokio::time::timeout(inner.settings.poll, inner.wake.notified()).await;
                }
            };
            tokio::select! {
                _ = &mut told => break,
                () = pause => {}
            }
        }
        // All places free: nothing is under way. What does not end in time is taken over when its lease has ended.
        let all = u32::try_from(inner.settings.concurrency).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(inner.settings.lease, inner.permits.acquire_many(all)).await;
    }

    /// Lets a message tell of each media check of which WeChat has said nothing, if anybody takes it.
    pub(crate) async fn look_for_unanswered(&self) {
        let inner = &self.inner;
        if inner.handlers.of(MEDIA_CHECK_EVENT).is_none() {
            return;
        }
        if let Err(error) = inner.watch.look().await {
            tracing::warn!(%error, "media checks without a verdict could not be looked for");
        }
    }

    /// Takes what is due and begins it; whether there may be more.
    pub(crate) async fn take_due(&self) -> bool {
        let inner = &self.inner;
        let free = u32::try_from(inner.permits.available_permits()).unwrap_or(u32::MAX);
        if free == 0 || inner.handlers.is_empty() && inner.ledger.is_none() {
            return false;
        }
        let now = inner.clock.now();
        let taken = match inner.inbox.take_due(free, inner.lease_end(now), now).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "messages that are due could not be taken");
                return false;
            }
        };
        let count = taken.len();
        for held in taken {
            // A delivery may have taken the place meanwhile: then this one waits for the next.
            match Arc::clone(&inner.permits).acquire_owned().await {
                Ok(permit) => self.begin(held, permit, None),
                Err(_) => return false,
            }
        }
        count == free as usize
    }
}

impl Inner {
    /// Whether anybody here takes messages of this kind.
    fn takes(&self, kind: Kind<'_>) -> bool {
        self.handlers.of(kind).is_some() || self.ledger.is_some() && Ledger::hears(kind)
    }

    pub(super) fn lease_end(&self, now: Timestamp) -> Timestamp {
        after(now, self.settings.lease)
    }

    async fn count(&self) {
        match self.inbox.inbox_counts().await {
            Ok(counts) => self.crowded.store(counts.open >= self.settings.backlog, Ordering::Relaxed),
            Err(error) => log_count(&error),
        }
    }

    /// When the next attempt is due after this one failed.
    pub(super) fn next_attempt(&self, attempt: u32) -> Timestamp {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = self.settings.retry_after.saturating_mul(factor).min(self.settings.retry_at_most);
        after(self.clock.now(), pause)
    }

    /// The message that was kept.
    pub(super) fn message(held: &Held) -> Result<Message, Refused> {
        let content = held.message.as_ref().ok_or(Refused::Undecipherable)?;
        // It was within the limits when it came; written anew it may be longer.
        let limits = Limits { bytes: usize::MAX, ..Limits::default() };
        Message::new(Fields::from_json(content.expose_secret(), &limits)?)
    }
}

fn log_count(error: &StoreError) {
    tracing::warn!(%error, "waiting messages could not be counted");
}

fn after(now: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
