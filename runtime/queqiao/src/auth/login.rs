//! WeChat login (微信登录): a code from `wx.login` for a token, and the way out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use moka::future::Cache;
use queqiao_storage::{
    Accounts, Claim, Clock, CodeHash, Identity, Lease, LoginCodes, SessionKeys, StoreError, UserId,
};

use super::access::AccessCache;
use super::tokens::Tokens;
use super::{Authenticate, Caller, Keys, TokenSettings, User};
use crate::api::Routes;
use crate::apps::{Apps, MiniProgram, Named};
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Json};
use crate::problem::{self, Internal, Problem};
use crate::reply::NoContent;
use crate::subscribe::Subscriptions;
use crate::{ApiError, model, post, routes};

/// How long to wait between looks at a code that another instance exchanges.
const POLL: Duration = Duration::from_millis(50);
/// How long to wait for another instance in all, before the caller is told to come again.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the login needs to know.
#[derive(Debug)]
pub(crate) struct LoginSettings {
    pub(crate) keys: Keys,
    pub(crate) tokens: TokenSettings,
    /// Roles given at login, by openid.
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    /// A code that is exchanged every time it comes, for whomever the emulator's page names then.
    pub(crate) mock_code: Option<&'static str>,
}

/// Where the login keeps what it must remember.
#[derive(Clone)]
pub(crate) struct LoginStores {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) session_keys: Arc<dyn SessionKeys>,
    pub(crate) codes: Arc<dyn LoginCodes>,
}

/// Exchanges codes, signs and checks tokens.
pub(crate) struct LoginService {
    clock: Clock,
    apps: Arc<Apps>,
    stores: LoginStores,
    roles: BTreeMap<String, Vec<String>>,
    mock_code: Option<&'static str>,
    tokens: Tokens,
    access: AccessCache,
    /// Exchanges under way in this process: concurrent logins with one code share one.
    exchanges: Cache<[u8; 32], UserId>,
}

impl LoginService {
    pub(crate) fn new(settings: LoginSettings, stores: LoginStores, apps: Arc<Apps>, clock: Clock) -> Self {
        Self {
            clock,
            apps,
            roles: settings.roles,
            mock_code: settings.mock_code,
            tokens: Tokens::new(settings.keys, settings.tokens),
            access: AccessCache::new(Arc::clone(&stores.accounts)),
            stores,
            exchanges: Cache::new(10_000),
        }
    }

    /// The user behind a code. One upstream call per code, however many ask, in whichever instance.
    async fn user(&self, program: &MiniProgram, code: &str) -> Result<UserId, LoginError> {
        if self.mock_code == Some(code) {
            return self.exchange(program, code, self.clock.now()).await;
        }
        let hash = CodeHash::new(program.appid(), code);
        let user = self.exchanges.try_get_with(*hash.as_bytes(), self.claim(program, &hash, code)).await;
        // Whoever comes later asks the store, which goes by the clock.
        self.exchanges.invalidate(hash.as_bytes()).await;
        user.map_err(|error: Arc<LoginError>| error.shared())
    }

    async fn claim(&self, program: &MiniProgram, hash: &CodeHash, code: &str) -> Result<UserId, LoginError> {
        let started = tokio::time::Instant::now();
        loop {
            match self.stores.codes.claim(hash, self.clock.now()).await? {
                Claim::Done(user) => return Ok(user),
                Claim::Refused => return Err(LoginError::CodeInvalid),
                Claim::Busy { .. } if started.elapsed() > PATIENCE => return Err(LoginError::Unavailable),
                Claim::Busy { .. } => tokio::time::sleep(POLL).await,
                Claim::Yours(lease) => return self.carry_out(program, &lease, code).await,
            }
        }
    }

    /// Exchanges a claimed code and records how that went.
    async fn carry_out(
        &self,
        program: &MiniProgram,
        lease: &Lease,
        code: &str,
    ) -> Result<UserId, LoginError> {
        let exchanged = self.exchange(program, code, self.clock.now()).await;
        match &exchanged {
            Ok(user) => self.stores.codes.finish(lease, *user, self.clock.now()).await?,
            Err(LoginError::CodeInvalid) => self.stores.codes.refuse(lease, self.clock.now()).await?,
            Err(_) => self.stores.codes.release(lease).await?,
        }
        exchanged
    }

    async fn exchange(
        &self,
        program: &MiniProgram,
        code: &str,
        now: Timestamp,
    ) -> Result<UserId, LoginError> {
        let session = program.wechat().code_to_session(program.credentials(), &code.into()).await?;
        let appid = program.appid();
        let mut identity = Identity::new(appid, &session.openid);
        identity.unionid = session.unionid;
        let account = self.stores.accounts.sign_in(&identity, now).await?;
        self.stores.session_keys.put(appid, &identity.openid, &session.session_key, now).await?;
        for role in self.roles.get(&identity.openid).into_iter().flatten() {
            if !account.roles.contains(role) {
                self.stores.accounts.grant_role(account.id, role).await?;
                self.access.forget(account.id).await;
            }
        }
        Ok(account.id)
    }

    pub(super) async fn log_in(
        self: &Arc<Self>,
        program: MiniProgram,
        code: String,
    ) -> Result<Session, LoginError> {
        // A task of its own: WeChat takes a code once, so an exchange that has begun goes on when its caller
        // hangs up, and the same code, sent again, still finds its session.
        let (service, exchanging) = (Arc::clone(self), program.clone());
        let user = tokio::spawn(async move { service.user(&exchanging, &code).await })
            .await
            .map_err(|lost| LoginError::Internal(lost.into()))??;
        let account = self.stores.accounts.account(user).await?.ok_or_else(|| {
            LoginError::Internal(Internal::message("the user of a login code is gone from the store"))
        })?;
        let now = self.clock.now();
        let (token, claims) = self
            .tokens
            .start(user.0, program.appid(), account.epoch, now)
            .map_err(|problem| LoginError::Internal(problem.into()))?;
        Ok(Session { token, expires_in: Tokens::seconds_left(&claims, now) })
    }

    async fn log_out(&self, user: &User, everywhere: bool) -> Result<(), Internal> {
        let id = UserId(user.id);
        if everywhere {
            self.stores.accounts.raise_epoch(id).await?;
        } else {
            let until = self.tokens.session_end(self.clock.now());
            self.stores.accounts.revoke_session(user.session, id, until).await?;
        }
        self.access.forget(id).await;
        Ok(())
    }

    /// Gives a user a role, seen from the next call on.
    #[cfg(feature = "test")]
    pub(crate) async fn grant(&self, user: &User, role: &str) -> Result<(), StoreError> {
        self.stores.accounts.grant_role(UserId(user.id), role).await?;
        self.access.forget(UserId(user.id)).await;
        Ok(())
    }

    pub(crate) async fn check(&self, token: &str) -> Result<Caller, Problem> {
        let now = self.clock.now();
        let claims = self.tokens.check(token, now)?;
        let revoked = || Problem::from_case(&problem::AUTH_REVOKED);
        // The configuration no longer has the mini-program: whoever logged in there is nobody here.
        if self.apps.of(&claims.app).is_none() {
            return Err(Problem::from_case(&problem::AUTH_INVALID));
        }
        let access =
            self.access.get(UserId(claims.sub), now).await.map_err(Problem::internal)?.ok_or_else(revoked)?;
        if access.epoch != claims.epoch || access.is_revoked(claims.sid) {
            return Err(revoked());
        }
        let renewed = self.tokens.renew(&claims, now)?;
        let user = User::with_roles(claims.sub, claims.sid, claims.app.into(), Arc::clone(&access.roles));
        Ok(Caller { user, renewed })
    }
}

impl Authenticate for LoginService {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, Problem>> {
        self.check(token).boxed()
    }
}

/// Why a login failed.
#[derive(Debug, ApiError)]
pub(crate) enum LoginError {
    /// The login code is not valid.
    ///
    /// It was used, has expired, or belongs to another app. Call `wx.login` again.
    #[error(
        status = 401,
        zh = "登录凭证（code）无效。\n\n它已被使用、已过期，或属于别的小程序。请重新调用 `wx.login`。"
    )]
    CodeInvalid,
    /// WeChat reports too many logins of this user.
    ///
    /// Wait a minute before the next `wx.login`.
    #[error(status = 429, zh = "微信提示该用户登录过于频繁。\n\n请等一分钟再调用 `wx.login`。")]
    TooOften,
    /// WeChat blocks this user as a risk.
    #[error(status = 403, zh = "微信因风险拦截了该用户。")]
    Blocked,
    /// WeChat does not answer.
    ///
    /// Try again in a moment, with a fresh code if this one is refused then.
    #[error(status = 503, zh = "微信没有响应。\n\n请稍后再试；如果那时此 code 被拒绝，请换一个新的。")]
    Unavailable,
    /// The server failed.
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

impl LoginError {
    /// The error of a shared exchange, for each who waited.
    fn shared(self: Arc<Self>) -> LoginError {
        match &*self {
            LoginError::CodeInvalid => LoginError::CodeInvalid,
            LoginError::TooOften => LoginError::TooOften,
            LoginError::Blocked => LoginError::Blocked,
            LoginError::Unavailable => LoginError::Unavailable,
            LoginError::Internal(source) => LoginError::Internal(source.clone()),
        }
    }
}

impl From<queqiao_wechat::Error> for LoginError {
    fn from(error: queqiao_wechat::Error) -> Self {
        use queqiao_wechat::Class;
        match error.class() {
            Some(Class::NewCode) => LoginError::CodeInvalid,
            Some(Class::SlowDown | Class::QuotaUsedUp) => LoginError::TooOften,
            Some(Class::User) => LoginError::Blocked,
            _ if error.is_transient() => {
                tracing::warn!(%error, "WeChat did not answer a login");
                LoginError::Unavailable
            }
            _ => LoginError::Internal(error.into()),
        }
    }
}

/// What a mini-program sends to log in.
#[model]
#[derive(Debug)]
pub(crate) struct LoginCode {
    /// The code from `wx.login`: good for five minutes, once.
    #[check(length = 1..=512)]
    pub(crate) code: String,
}

/// A new session.
#[model(name = "LoginSession")]
#[derive(Debug)]
pub(crate) struct Session {
    /// For the header `Authorization: Bearer <token>`.
    pub(crate) token: String,
    /// Seconds until the token ends.
    pub(crate) expires_in: u32,
}

/// A new session, and what subscriptions are asked for with.
#[model(name = "LoginSession")]
#[derive(Debug)]
pub(crate) struct SubscribingSession {
    /// For the header `Authorization: Bearer <token>`.
    pub(crate) token: String,
    /// Seconds until the token ends.
    pub(crate) expires_in: u32,
    /// The ids of the templates of subscribe messages by their names, for `wx.requestSubscribeMessage`.
    pub(crate) templates: BTreeMap<String, String>,
}

/// How far a log-out goes.
#[model]
#[derive(Debug)]
pub(crate) struct LogoutScope {
    /// Ends every session of the user, not only this one.
    #[serde(default)]
    pub(crate) everywhere: bool,
}

/// The login service as an argument.
pub(crate) struct Service(Arc<LoginService>);

impl<S: Send + Sync> Extract<S> for Service {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        // Tokens are nothing for a cache on the way.
        request.response_headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        context.services.login.clone().map(Self).ok_or_else(|| {
            Problem::internal(Internal::message(
                "the API has login routes and no login service; use `serve`, or `Api::without_login`",
            ))
        })
    }
}

/// Log in with a code from `wx.login`.
///
/// The generated client does this by itself. Where the server serves several mini-programs, the header
/// `X-Queqiao-App` names the one that `wx.login` was called in.
#[post("/auth/login", tag = "auth")]
async fn login(
    Service(service): Service,
    Named(program): Named,
    Json(body): Json<LoginCode>,
) -> Result<Session, LoginError> {
    service.log_in(program, body.code).await
}

/// Log in with a code from `wx.login`.
///
/// The generated client does this by itself. Where the server serves several mini-programs, the header
/// `X-Queqiao-App` names the one that `wx.login` was called in.
#[post("/auth/login", tag = "auth", operation_id = "login")]
async fn login_with_templates(
    Service(service): Service,
    Named(program): Named,
    subscriptions: Subscriptions,
    Json(body): Json<LoginCode>,
) -> Result<SubscribingSession, LoginError> {
    let templates = subscriptions.ledger().map(|ledger| ledger.ids(&program)).unwrap_or_default();
    let Session { token, expires_in } = service.log_in(program, body.code).await?;
    Ok(SubscribingSession { token, expires_in, templates })
}

/// Log out: this session, or every session of the user.
///
/// The tokens of an ended session are refused from then on; other instances of the server see it within five seconds.
#[post("/auth/logout", tag = "auth")]
async fn logout(
    user: User,
    Service(service): Service,
    scope: Option<Json<LogoutScope>>,
) -> Result<NoContent, Internal> {
    let everywhere = scope.is_some_and(|Json(scope)| scope.everywhere);
    service.log_out(&user, everywhere).await?;
    Ok(NoContent)
}

/// The login's own operations; whether with templates of subscribe messages.
pub(crate) fn login_routes<S: Clone + Send + Sync + 'static>(templates: bool) -> Routes<S> {
    if templates { routes![login_with_templates, logout] } else { routes![login, logout] }
}
