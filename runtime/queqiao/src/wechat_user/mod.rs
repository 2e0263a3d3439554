//! The user as WeChat knows them, and what can be asked about them.

mod encrypted;
mod phone;

use std::fmt;
use std::sync::Arc;

use queqiao_storage::{Accounts, Clock, Identity, MediaChecks, SessionKeys, StoreError, UserId};

pub use self::encrypted::{DecryptError, Encrypted, EncryptedData};
pub use self::phone::{PhoneCode, PhoneError};

use crate::apps::{Apps, MiniProgram};
use crate::auth::User;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming};
use crate::problem::{self, Internal, Problem};

/// The logged-in user as WeChat knows them: the mini-program in which they opened their session, and their openid in
/// it.
///
/// As an argument it asks for a login, as [`User`] does, which may stand beside it. What a handler asks WeChat about
/// its user goes through this value, so that it is always asked of the right mini-program with the right openid.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::{PhoneCode, PhoneError, WeChatUser};
///
/// /// Fill in the phone number.
/// #[post("/me/phone")]
/// async fn add_phone(user: WeChatUser, Json(code): Json<PhoneCode>) -> Result<String, PhoneError> {
///     let number = user.phone_number(&code).await?;
///     Ok(number.pure_phone_number)
/// }
/// # let _ = routes![add_phone] as queqiao::Routes<()>;
/// ```
///
/// # Errors
/// Those of [`User`]; 401 `auth.invalid` if the user has no openid in this mini-program any more.
#[derive(Clone)]
pub struct WeChatUser {
    pub(crate) program: MiniProgram,
    openid: Arc<str>,
    pub(crate) users: Arc<WeChatUsers>,
}

impl WeChatUser {
    /// The mini-program.
    pub fn program(&self) -> &MiniProgram {
        &self.program
    }

    /// The user's openid in the mini-program.
    pub fn openid(&self) -> &str {
        &self.openid
    }
}

/// Without the openid: it is for WeChat's ears.
impl fmt::Debug for WeChatUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChatUser").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Finds users as WeChat knows them.
pub(crate) struct WeChatUsers {
    pub(crate) apps: Arc<Apps>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) session_keys: Arc<dyn SessionKeys>,
    pub(crate) media_checks: Arc<dyn MediaChecks>,
    pub(crate) clock: Clock,
}

impl WeChatUsers {
    /// The user with this openid.
    pub(crate) fn known(self: &Arc<Self>, program: MiniProgram, openid: &str) -> WeChatUser {
        WeChatUser { program, openid: openid.into(), users: Arc::clone(self) }
    }

    /// The user in the mini-program of the session; `None` where there is none.
    async fn find(self: &Arc<Self>, user: &User) -> Result<Option<WeChatUser>, StoreError> {
        let program = match user.appid() {
            Some(appid) => self.apps.of(appid),
            None => self.apps.only(),
        };
        let Some(program) = program else { return Ok(None) };
        let identities = self.accounts.identities(UserId(user.id)).await?;
        let openid = only_openid(&identities, program.appid());
        Ok(openid.map(|openid| self.known(program, openid)))
    }
}

/// The user's openid in a mini-program. Of two, which only an import can bring, nobody knows which has logged in.
pub(crate) fn only_openid<'a>(identities: &'a [Identity], appid: &str) -> Option<&'a str> {
    let mut here = identities.iter().filter(|identity| identity.appid == appid);
    match (here.next(), here.next()) {
        (Some(one), None) => Some(&one.openid),
        _ => None,
    }
}

impl<S: Send + Sync> Extract<S> for WeChatUser {
    fn describe(operation: &mut Operation<'_>) {
        <User as Extract<S>>::describe(operation);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let user = <User as Extract<S>>::extract(request, context).await?;
        let users = context.services.wechat_users.as_ref().ok_or_else(|| {
            Problem::internal(Internal::message(
                "an operation asks for the user as WeChat knows them, and the services know no mini-program: use `serve`",
            ))
        })?;
        let found = users.find(&user).await.map_err(Problem::internal)?;
        found.ok_or_else(|| Problem::from_case(&problem::AUTH_INVALID))
    }
}
