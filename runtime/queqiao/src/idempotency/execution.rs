//! From a request to its one execution.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{
    AfterCrash, Answer, Attempt, Begun, Clock, IdempotencyRecords, IdempotentRequest, Scope, SqlStore,
    StoreError, UserId,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Handle, answer};
use crate::extract::{Held, Incoming};
use crate::problem::{self, Internal, Listener, Problem};

/// How long after the handler's time is up a request counts as crashed: until then its end is written down.
const GRACE: Duration = Duration::from_secs(10);
/// Seconds after which a repeat of a running request may ask for its answer.
const PAUSE: &str = "1";
/// Between two attempts to write a record.
const AGAIN: Duration = Duration::from_millis(500);
/// Refusals that say: not carried out, come again. They are not kept, so that it is carried out then.
const COME_AGAIN: [StatusCode; 3] =
    [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];

/// `[idempotency]`
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdempotencySettings {
    /// How long a key is known.
    pub(crate) remembered: Duration,
    /// How long a handler may take.
    pub(crate) patience: Duration,
}

/// Carries out what is new, and answers what is not.
pub(crate) struct Idempotency {
    /// Of operations that take no [`Tx`](crate::Tx).
    records: Arc<dyn IdempotencyRecords>,
    /// Of those that do: only here can answer and effect be one.
    sql: Arc<SqlStore>,
    clock: Clock,
    settings: IdempotencySettings,
    under_way: watch::Sender<()>,
}

impl Idempotency {
    pub(crate) fn new(
        records: Arc<dyn IdempotencyRecords>,
        sql: Arc<SqlStore>,
        clock: Clock,
        settings: IdempotencySettings,
    ) -> Self {
        Self { records, sql, clock, settings, under_way: watch::Sender::new(()) }
    }

    /// Waits until nothing is under way, for clients that are gone too.
    pub(crate) async fn finished(&self) {
        self.under_way.closed().await;
    }

    /// # Errors
    /// What is told instead of an answer of the handler.
    pub(super) async fn answer(
        self: Arc<Self>,
        operation: &str,
        mut request: Incoming,
        handle: Handle,
    ) -> Result<Response, Problem> {
        let repeat = request.repeat.take();
        let repeat = repeat.ok_or_else(|| Problem::internal(Internal::message("the key was not read")))?;
        let user = request.caller.as_ref().map(|caller| UserId(caller.user.id));
        let transaction = request.transaction.take();
        let records =
            if transaction.is_some() { Arc::clone(&self.sql) as _ } else { Arc::clone(&self.records) };
        let now = self.clock.now();
        let wish = IdempotentRequest {
            scope: Scope::new(user, operation, repeat.key()),
            attempt: Uuid::new_v4(),
            body: repeat.fingerprint(&request),
            patience: after(now, self.settings.patience + GRACE),
            until: after(now, self.settings.remembered),
            after_crash: if transaction.is_some() { AfterCrash::Again } else { AfterCrash::Unknown },
        };
        let begun = match records.begin(&wish, now).await {
            Ok(begun) => begun,
            Err(error) => {
                // Whether it was begun is not known; that it had no effect is.
                let attempt = Attempt { scope: wish.scope, id: wish.attempt };
                if error.is_transient() {
                    self.keep_writing(Note { records, attempt, word: Word::Abandon });
                }
                return Err(Problem::internal(error));
            }
        };
        let attempt = match begun {
            Begun::Yours(attempt) => attempt,
            Begun::Answered(answer) => return answer::again(answer),
            Begun::OtherBody => return Err(Problem::from_case(&problem::IDEMPOTENCY_KEY_REUSED)),
            Begun::Unknown => return Err(Problem::from_case(&problem::IDEMPOTENCY_UNKNOWN)),
            Begun::Running => {
                return Err(Problem::from_case(&problem::IDEMPOTENCY_RUNNING)
                    .with_header(RETRY_AFTER, HeaderValue::from_static(PAUSE)));
            }
        };
        let execution =
            Execution { service: self, records, attempt, transaction, listener: request.listener() };
        // A task of its own: what has begun goes on when its client hangs up or the server's time for one request
        // is over, so that the client finds the answer when it comes again.
        match tokio::spawn(execution.run(handle(request))).await {
            Ok(answered) => answered,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(cancelled) => Err(Problem::internal(cancelled)),
            },
        }
    }

    /// Writes a note while the store does not answer, for as long as a request may run.
    fn keep_writing(self: &Arc<Self>, note: Note) {
        let (service, under_way) = (Arc::clone(self), self.under_way.subscribe());
        tokio::spawn(async move {
            let end = tokio::time::Instant::now() + service.settings.patience;
            while tokio::time::Instant::now() < end {
                tokio::time::sleep(AGAIN).await;
                match note.write(service.clock.now()).await {
                    Err(error) if error.is_transient() => {}
                    Err(error) => {
                        tracing::error!(%error, "the record of an idempotent request could not be written")
                    }
                    Ok(()) => break,
                }
            }
            drop(under_way);
        });
    }
}

/// What is to stand in the record of a request.
struct Note {
    records: Arc<dyn IdempotencyRecords>,
    attempt: Attempt,
    word: Word,
}

enum Word {
    Answer(Answer),
    Abandon,
    GiveUp,
}

impl Note {
    async fn write(&self, now: Timestamp) -> Result<(), StoreError> {
        match &self.word {
            Word::Answer(answer) => self.records.answer(&self.attempt, answer).await,
            Word::Abandon => self.records.abandon(&self.attempt).await,
            Word::GiveUp => self.records.give_up(&self.attempt, now).await,
        }
    }
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// A request that this process carries out.
struct Execution {
    service: Arc<Idempotency>,
    records: Arc<dyn IdempotencyRecords>,
    attempt: Attempt,
    transaction: Option<Held>,
    listener: Listener,
}

impl Execution {
    async fn run(self, handling: BoxFuture<'static, Response>) -> Result<Response, Problem> {
        let _under_way = self.service.under_way.subscribe();
        let handled = match self.handled(handling).await {
            Ok(handled) => handled,
            Err(panic) => {
                self.failed().await;
                resume_unwind(panic);
            }
        };
        match handled {
            Some(response) => self.settle(response).await,
            None => {
                self.failed().await;
                Err(Problem::from_case(&problem::TIMED_OUT))
            }
        }
    }

    /// What the handler answers; nothing if its time is up.
    async fn handled(
        &self,
        handling: BoxFuture<'static, Response>,
    ) -> Result<Option<Response>, Box<dyn Any + Send>> {
        let timed = tokio::time::timeout(self.service.settings.patience, handling);
        AssertUnwindSafe(timed).catch_unwind().await.map(Result::ok)
    }

    async fn settle(self, response: Response) -> Result<Response, Problem> {
        let status = response.status();
        if status.is_server_error() {
            self.failed().await;
            return Ok(response);
        }
        if COME_AGAIN.contains(&status) {
            self.roll_back().await;
            self.note(Word::Abandon).await;
            return Ok(response);
        }
        let (response, answer) = answer::kept(response, self.listener.audience()).await;
        if status.is_client_error() {
            self.roll_back().await;
            self.note(Word::Answer(answer)).await;
            return Ok(response);
        }
        match self.commit(answer).await {
            Ok(()) => Ok(response),
            Err(problem) => {
                self.failed().await;
                Err(problem)
            }
        }
    }

    /// Makes answer and effect true.
    async fn commit(&self, answer: Answer) -> Result<(), Problem> {
        let transaction = match &self.transaction {
            Some(held) => held.take().map_err(Problem::internal)?,
            None => None,
        };
        let Some(mut transaction) = transaction else {
            // The effect is there, and the client is told so, whatever becomes of the record.
            self.note(Word::Answer(answer)).await;
            return Ok(());
        };
        let written = self.service.sql.answer_in(&mut transaction, &self.attempt, &answer).await;
        match written {
            Ok(()) => transaction.commit().await,
            Err(error) => transaction.rollback().await.and(Err(error)),
        }
        .map_err(Problem::internal)
    }

    /// After a failure: what only the transaction could have changed is as before, so that it may come again. Of
    /// anything else nobody knows.
    ///
    /// A commit that broke off may have become true all the same: then it is answered, and there is nothing to take
    /// back. If it still runs, this waits for it, because it holds the record.
    async fn failed(&self) {
        self.roll_back().await;
        self.note(if self.transaction.is_some() { Word::Abandon } else { Word::GiveUp }).await;
    }

    async fn roll_back(&self) {
        if let Some(Ok(Some(transaction))) = self.transaction.as_ref().map(Held::take)
            && let Err(error) = transaction.rollback().await
        {
            tracing::warn!(%error, "a transaction was rolled back by losing its connection");
        }
    }

    /// Writes into the record; later, if the store does not answer now. Should this process end before, the request
    /// counts as crashed when its time is up.
    async fn note(&self, word: Word) {
        let note = Note { records: Arc::clone(&self.records), attempt: self.attempt.clone(), word };
        if let Err(error) = note.write(self.service.clock.now()).await {
            tracing::error!(%error, "the record of an idempotent request could not be written");
            if error.is_transient() {
                self.service.keep_writing(note);
            }
        }
    }
}

impl std::fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idempotency").field("settings", &self.settings).finish_non_exhaustive()
    }
}
