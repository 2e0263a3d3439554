//! Media: WeChat is asked now, and a message tells its verdict later (mediaCheckAsync, `wxa_media_check`).

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use jiff::{SignedDuration, Timestamp};
use queqiao_storage::{
    Arrival, Clock, Inbox, MediaCheckRecord, MediaChecks, MediaTold, MessageKey, StoreError, Which,
};
use queqiao_wechat::push::{Kind, PayloadError};
use queqiao_wechat::{self as wechat, Label, MediaCheck, MediaCheckResult, MediaKind, Suggest};
use serde_json::json;
use uuid::Uuid;

use super::judge::Unjudged;
use super::{PAUSE, Scene};
use crate::WeChatUser;
use crate::apps::Apps;
use crate::context::Context;
use crate::message::{Arrived, FromMessage};
use crate::problem::{self, ApiError, ErrorSet, Internal, Problem};

/// WeChat tells its verdict within this time, or not at all.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
/// How long a check is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Checks without a verdict that one look hands over.
const AT_ONCE: u32 = 100;
/// The member of a message that tells of a check without a verdict.
const UNANSWERED: &str = "QueqiaoMediaCheck";
/// The event.
pub(crate) const EVENT: Kind<'static> = Kind::Event("wxa_media_check");
/// The attempt from which on nobody expects the check of a message to be noted yet.
const LATE_ATTEMPT: u32 = 3;

/// What became of a medium that [`WeChatUser::check_media`] had judged; the argument of a
/// `#[message(event = "wxa_media_check")]` handler.
///
/// Each check reaches the handler once, though WeChat tells its verdict twice, or before it is noted that it was asked.
/// A handler that fails is begun again. Where WeChat says nothing for thirty minutes, the handler is told that; a verdict
/// that comes later is handed over all the same.
///
/// ```
/// use queqiao::content::{MediaChecked, MediaVerdict};
/// use queqiao::{message, messages};
///
/// /// WeChat has looked at a photo.
/// #[message(event = "wxa_media_check")]
/// async fn on_checked(checked: MediaChecked) {
///     if checked.verdict != MediaVerdict::Pass {
///         println!("hide {}", checked.subject);
///     }
/// }
/// # let _ = messages![on_checked] as queqiao::message::Messages<()>;
/// ```
#[derive(Clone)]
pub struct MediaChecked {
    /// What the medium was called when it was asked for.
    pub subject: String,
    /// What it was judged.
    pub verdict: MediaVerdict,
    /// Why; nothing where it was not judged.
    pub label: Option<Label>,
    /// Whose medium it is, to ask again.
    pub user: WeChatUser,
}

impl fmt::Debug for MediaChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaChecked")
            .field("subject", &self.subject)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// What WeChat says of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaVerdict {
    /// It may be published.
    Pass,
    /// A person looks at it first.
    Review,
    /// It is refused.
    Risky,
    /// WeChat could not judge it, as when it could not fetch it: hold it, mend that, and ask again.
    NotJudged,
    /// WeChat has said nothing within thirty minutes: hold it, and ask again.
    Unanswered,
}

/// Why WeChat was not asked to judge a medium.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckMediaError {
    /// 409 `content.user_inactive`: WeChat has not seen the user for two hours.
    UserInactive,
    /// 503 `content.unavailable`: WeChat does not answer.
    Unavailable,
    /// 500 `internal`, or 503 `store.unavailable`.
    Internal(Internal),
}

impl ApiError for CheckMediaError {
    fn describe(errors: &mut ErrorSet) {
        errors.case(problem::CONTENT_USER_INACTIVE);
        errors.case(problem::CONTENT_UNAVAILABLE);
        Internal::describe(errors);
    }

    fn into_problem(self) -> Problem {
        match self {
            Self::UserInactive => Problem::from_case(&problem::CONTENT_USER_INACTIVE),
            Self::Unavailable => Problem::from_case(&problem::CONTENT_UNAVAILABLE)
                .with_header(RETRY_AFTER, HeaderValue::from_static(PAUSE)),
            Self::Internal(source) => Problem::internal(source),
        }
    }
}

impl fmt::Display for CheckMediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserInactive => problem::CONTENT_USER_INACTIVE.title.fmt(f),
            Self::Unavailable => problem::CONTENT_UNAVAILABLE.title.fmt(f),
            Self::Internal(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for CheckMediaError {}

impl From<StoreError> for CheckMediaError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<wechat::Error> for CheckMediaError {
    fn from(error: wechat::Error) -> Self {
        match Unjudged::from(error) {
            Unjudged::UserInactive => Self::UserInactive,
            Unjudged::Unavailable(error) => {
                tracing::warn!(%error, "WeChat was not asked to judge a medium");
                Self::Unavailable
            }
            Unjudged::Failed(error) => Self::Internal(error.into()),
        }
    }
}

impl WeChatUser {
    /// Has WeChat judge a picture or a recording of this user (mediaCheckAsync), which it fetches from `url` without a
    /// login: at most 10 MB. Its verdict comes within thirty minutes, as [`MediaChecked`] with this `subject`: the
    /// application's own name of the medium, such as the id of its row, of at most 512 bytes.
    ///
    /// The verdict may come before this returns: write the row first. That WeChat is asked is noted before it is, so
    /// that no medium is forgotten if the process ends.
    ///
    /// # Errors
    /// Ready for an `#[error(transparent)]` variant of the handler's own error: see [`CheckMediaError`]. Nothing is asked
    /// then, or, after a time-out, perhaps; hold the medium, or refuse it.
    pub async fn check_media<C: Scene>(
        &self,
        kind: MediaKind,
        _scene: C,
        url: &str,
        subject: impl Into<String>,
    ) -> Result<(), CheckMediaError> {
        let checks = &self.users.media_checks;
        let record = MediaCheckRecord {
            id: Uuid::now_v7(),
            app: self.program.appid().to_owned(),
            openid: self.openid().to_owned(),
            subject: subject.into(),
        };
        checks.begin_media_check(&record, self.users.clock.now()).await?;
        let check = MediaCheck::new(kind, C::SCENE, self.openid(), url);
        match self.program.wechat().check_media(self.program.credentials(), &check).await {
            Ok(trace) => Ok(checks.media_check_asked(record.id, &trace).await?),
            Err(error) => {
                checks.abandon_media_check(record.id).await?;
                Err(error.into())
            }
        }
    }
}

impl<S> FromMessage<S> for MediaChecked {
    const KIND: Option<Kind<'static>> = Some(EVENT);
    const MEDIA_CHECK: bool = true;

    fn from_message(arrived: &Arrived, _: &Context<S>) -> Result<Self, PayloadError> {
        arrived.media_check.clone().ok_or_else(|| PayloadError {
            name: "MediaChecked",
            what: "the message was not looked up".to_owned(),
        })
    }
}

/// Which check a message tells of, for a handler that takes [`MediaChecked`].
pub(crate) enum LookedUp {
    /// This one.
    Found(Box<MediaChecked>),
    /// None that is still to be told.
    Nothing,
    /// None yet.
    TooEarly,
}

/// Finds the check that a message tells of.
///
/// # Errors
/// As the database fails, or in words if the message is none.
pub(crate) async fn look_up<S>(arrived: &Arrived, context: &Context<S>) -> Result<LookedUp, String> {
    let users = context.services.wechat_users.as_ref().ok_or("the services know no mini-program")?;
    let app = arrived.program.appid();
    let unanswered = arrived.message.fields().text(UNANSWERED).and_then(|id| id.parse::<Uuid>().ok());
    let teller = arrived.attempt.identity.as_str();
    let (told, verdict, label) = match unanswered {
        Some(id) => {
            let told = users.media_checks.tell_media_check(app, Which::Id(id), teller, false).await;
            (told, MediaVerdict::Unanswered, None)
        }
        None => {
            let result: MediaCheckResult = arrived.message.payload().map_err(|error| error.to_string())?;
            let which = Which::Trace(&result.trace_id);
            let told = users.media_checks.tell_media_check(app, which, teller, true).await;
            let (verdict, label) = match result.judgement() {
                Ok(judgement) => (of(judgement.suggest), Some(judgement.label)),
                Err((code, words)) => {
                    tracing::warn!(app, trace_id = result.trace_id, %code, words, "WeChat could not judge a medium");
                    (MediaVerdict::NotJudged, None)
                }
            };
            (told, verdict, label)
        }
    };
    match told.map_err(|error| error.to_string())? {
        MediaTold::Yours(record) => {
            let user = users.known(arrived.program.clone(), &record.openid);
            Ok(LookedUp::Found(Box::new(MediaChecked { subject: record.subject, verdict, label, user })))
        }
        MediaTold::Before => Ok(LookedUp::Nothing),
        MediaTold::Unknown if arrived.attempt.number < LATE_ATTEMPT => Ok(LookedUp::TooEarly),
        MediaTold::Unknown => {
            tracing::warn!(app, "a verdict on a medium that nobody here has asked about is left alone");
            Ok(LookedUp::Nothing)
        }
    }
}

fn of(suggest: Suggest) -> MediaVerdict {
    match suggest {
        Suggest::Pass => MediaVerdict::Pass,
        Suggest::Review => MediaVerdict::Review,
        Suggest::Risky => MediaVerdict::Risky,
    }
}

/// Looks for checks of which WeChat has said nothing, and lets a message tell that.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) checks: Arc<dyn MediaChecks>,
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) clock: Clock,
}

impl Watch {
    /// One look. Instances may look at once: a message is kept once.
    ///
    /// # Errors
    /// As the database fails.
    pub(crate) async fn look(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = |age: SignedDuration| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        self.checks.forget_media_checks(before(REMEMBERED)).await?;
        for check in self.checks.unanswered_media_checks(before(PATIENCE), AT_ONCE).await? {
            if self.apps.of(&check.app).is_none() {
                continue;
            }
            let message = json!({
                "ToUserName": check.app, "FromUserName": check.openid, "CreateTime": now.as_second(),
                "MsgType": "event", "Event": EVENT.name(), (UNANSWERED): check.id,
            })
            .to_string();
            let arrival = Arrival {
                key: MessageKey::new(&check.app, &format!("{UNANSWERED}|{}", check.id)),
                app: &check.app,
                kind: EVENT.name(),
                message: message.as_bytes(),
            };
            self.inbox.receive(&arrival, None, now).await?;
        }
        Ok(())
    }
}
