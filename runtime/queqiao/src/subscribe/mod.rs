//! Subscribe messages (订阅消息): a user says yes on a page, and is sent one message for it, later.
//!
//! ```
//! use queqiao::prelude::*;
//! use queqiao::subscribe::{SendError, Sent, Subscriptions};
//! use queqiao::SubscribeMessage;
//!
//! /// Somebody commented on your photo.
//! #[derive(SubscribeMessage)]
//! struct Commented {
//!     thing1: String,
//!     time2: String,
//! }
//!
//! #[derive(ApiError)]
//! enum CommentError {
//!     #[error(internal, from(SendError))]
//!     Internal(Internal),
//! }
//!
//! /// Comment on a photo of somebody.
//! #[post("/people/{person}/comments")]
//! async fn comment(
//!     _user: User,
//!     Path(person): Path<Uuid>,
//!     subscriptions: Subscriptions,
//!     Json(text): Json<String>,
//! ) -> Result<bool, CommentError> {
//!     let message = Commented { thing1: queqiao::subscribe::thing(&text), time2: "2026年5月1日 15:01".to_owned() };
//!     Ok(subscriptions.send(person, &message).await? == Sent::Sent)
//! }
//!
//! let api: Api = Api::new("album", "1.0.0").routes(routes![comment]).template::<Commented>();
//! ```
//!
//! The page asks with `api.requestSubscribe(['commented'])`. What the user answers is told twice, by the page and by a
//! push of WeChat's, and counts once: in a ledger, from which [`Subscriptions::send`] takes one grant for each message.

mod events;
mod message;
mod report;
mod send;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use queqiao_storage::{
    Accounts, Clock, GrantCounts, GrantKey, Identity, StoreError, SubscriptionGrants, UserId,
};
use queqiao_wechat::push::PayloadError;
use uuid::Uuid;

pub(crate) use self::events::NotNoted;
pub(crate) use self::message::Declared;
pub use self::message::{SubscribeMessage, thing};
pub(crate) use self::report::routes as report_routes;
pub use self::send::{SendError, Sent};

use crate::apps::{Apps, MiniProgram};
use crate::auth::User;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming};
use crate::message::{Arrived, FromMessage};
use crate::problem::Problem;

/// The operation by which the page reports.
pub(crate) const REPORT: &str = "reportSubscription";

/// Sends subscribe messages: an argument of handlers, of operations and of messages alike, and
/// [`Boot::subscriptions`](crate::Boot::subscriptions) for all else.
#[derive(Clone, Default)]
pub struct Subscriptions(Option<Arc<Ledger>>);

/// What sending needs.
pub(crate) struct Ledger {
    pub(crate) apps: Arc<Apps>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) grants: Arc<dyn SubscriptionGrants>,
    pub(crate) clock: Clock,
    pub(crate) declared: Vec<Declared>,
}

/// What cannot be, of the subscribe messages of an API.
pub(crate) fn mistakes(declared: &[Declared], login: bool) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (index, one) in declared.iter().enumerate() {
        if declared.iter().take(index).any(|other| other.name == one.name) {
            mistakes.push(format!(
                "two subscribe messages have the name `{}`; give one another with `#[subscribe(name = \"…\")]`",
                one.name
            ));
        }
    }
    if !declared.is_empty() && !login {
        mistakes.push(
            "subscribe messages go to users who log in with WeChat, and this API is `without_login`; leave one of both out"
                .to_owned(),
        );
    }
    mistakes
}

/// To whom a message goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A user of this backend, in whichever of its mini-programs there is a grant.
    User(Uuid),
    /// A user in one mini-program.
    InApp {
        /// Its AppID.
        appid: String,
        /// The user's openid in it.
        openid: String,
    },
}

impl Recipient {
    /// A user in one mini-program: for who has written a message, `message.from()`.
    pub fn in_app(program: &MiniProgram, openid: impl Into<String>) -> Self {
        Self::InApp { appid: program.appid().to_owned(), openid: openid.into() }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => f.debug_tuple("User").field(user).finish(),
            Self::InApp { appid, .. } => {
                f.debug_struct("InApp").field("appid", appid).finish_non_exhaustive()
            }
        }
    }
}

impl From<Uuid> for Recipient {
    fn from(user: Uuid) -> Self {
        Self::User(user)
    }
}

impl From<&User> for Recipient {
    fn from(user: &User) -> Self {
        Self::User(user.id)
    }
}

impl From<UserId> for Recipient {
    fn from(user: UserId) -> Self {
        Self::User(user.0)
    }
}

impl Subscriptions {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self(Some(Arc::new(ledger)))
    }

    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.0.as_ref()
    }

    /// How many messages of a kind the user may still be sent, as far as is known, in all mini-programs together.
    ///
    /// # Errors
    /// [`SendError::Store`], and [`SendError::NotServed`] for a message that the API does not have.
    pub async fn grants<M: SubscribeMessage>(
        &self,
        of: impl Into<Recipient>,
    ) -> Result<GrantCounts, SendError> {
        let ledger = self.serving::<M>()?;
        let mut all = GrantCounts::default();
        for (program, openid) in ledger.places(&of.into()).await? {
            let Some(template) = program.template(M::NAME) else { continue };
            let key = GrantKey { app: program.appid(), openid: &openid, template };
            let counts = ledger.grants.grants(&key, ledger.clock.now()).await?;
            all.unused = all.unused.saturating_add(counts.unused);
            all.uncertain = all.uncertain.saturating_add(counts.uncertain);
        }
        Ok(all)
    }

    fn serving<M: SubscribeMessage>(&self) -> Result<&Arc<Ledger>, SendError> {
        let ledger = self.0.as_ref();
        let has = |ledger: &&Arc<Ledger>| ledger.declared.iter().any(|one| one.name == M::NAME);
        ledger.filter(has).ok_or(SendError::NotServed { name: M::NAME })
    }
}

impl Ledger {
    /// The mini-programs in which the recipient is, with the openid in each.
    async fn places(&self, recipient: &Recipient) -> Result<Vec<(MiniProgram, String)>, StoreError> {
        let identities = match recipient {
            Recipient::User(id) => self.accounts.identities(UserId(*id)).await?,
            Recipient::InApp { appid, openid } => vec![Identity::new(appid, openid)],
        };
        let known = |one: Identity| Some((self.apps.of(&one.appid)?, one.openid));
        Ok(identities.into_iter().filter_map(known).collect())
    }

    /// The ids of the templates that a mini-program has, by their names.
    pub(crate) fn ids(&self, program: &MiniProgram) -> BTreeMap<String, String> {
        let id = |one: &Declared| Some((one.name.to_owned(), program.template(one.name)?.to_owned()));
        self.declared.iter().filter_map(id).collect()
    }

    /// The templates that no mini-program has.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let has = |name: &str| self.apps.iter().any(|program| program.template(name).is_some());
        self.declared.iter().map(|one| one.name).filter(|name| !has(name)).collect()
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().flat_map(|ledger| ledger.declared.iter().map(|one| one.name));
        f.debug_tuple("Subscriptions").field(&names.collect::<Vec<_>>()).finish()
    }
}

impl<S: Send + Sync> Extract<S> for Subscriptions {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        Ok(context.services.subscriptions.clone())
    }
}

impl<S> FromMessage<S> for Subscriptions {
    fn from_message(_: &Arrived, context: &Context<S>) -> Result<Self, PayloadError> {
        Ok(context.services.subscriptions.clone())
    }
}
