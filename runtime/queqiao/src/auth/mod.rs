//! Who calls: `User`, `Option<User>` and `Role<R>`, and behind them the login.

#[cfg(feature = "server")]
mod access;
#[cfg(test)]
mod interleavings;
#[cfg(feature = "server")]
mod keys;
#[cfg(feature = "server")]
mod login;
#[cfg(feature = "server")]
mod tokens;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::context::Context;
use crate::document::{Operation, Security};
use crate::extract::{Extract, Incoming};
use crate::problem::{self, Internal, Problem, Text};

#[cfg(feature = "server")]
pub(crate) use self::keys::{Key, Keys};
#[cfg(feature = "server")]
pub(crate) use self::login::{LoginService, LoginSettings, LoginStores, login_routes};
#[cfg(feature = "server")]
pub(crate) use self::tokens::TokenSettings;

/// The name of the security scheme in the document.
pub(crate) const LOGIN_SCHEME: &str = "login";
/// The response header that carries a renewed token.
pub(crate) const RENEWAL_HEADER: &str = "X-Queqiao-Token";

/// The logged-in user who calls.
///
/// As an argument it asks for a login: 401 `auth.required`, `auth.invalid`, `auth.expired` or `auth.revoked`.
/// `Option<User>` takes calls without a token too; a bad token is refused all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Stable id of the person in this backend.
    pub id: Uuid,
    /// Id of the session, from login to logout.
    pub session: Uuid,
    /// The mini-program in which the session was opened.
    appid: Option<Arc<str>>,
    roles: Arc<[String]>,
}

impl User {
    /// A user with roles, for an [`Authenticate`] of your own and for unit tests of handlers.
    pub fn new(id: Uuid, session: Uuid, roles: impl IntoIterator<Item = String>) -> Self {
        Self { id, session, appid: None, roles: roles.into_iter().collect() }
    }

    /// The same user, in a session of this mini-program.
    #[must_use]
    pub fn in_app(mut self, appid: impl Into<Arc<str>>) -> Self {
        self.appid = Some(appid.into());
        self
    }

    /// The AppID of the mini-program in which the session was opened; nothing where an [`Authenticate`] of your own
    /// does not say.
    pub fn appid(&self) -> Option<&str> {
        self.appid.as_deref()
    }

    #[cfg(feature = "server")]
    fn with_roles(id: Uuid, session: Uuid, appid: Arc<str>, roles: Arc<[String]>) -> Self {
        Self { id, session, appid: Some(appid), roles }
    }

    /// Whether the user has a role.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A user whose token was checked.
#[derive(Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// A newer token for the client to take, where the current one ends soon.
    pub renewed: Option<String>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("user", &self.user).field("renewed", &self.renewed.is_some()).finish()
    }
}

/// Checks tokens. The framework's own implementation stands behind `serve`; give another to
/// [`Services::with_authentication`](crate::Services::with_authentication) for users from elsewhere.
pub trait Authenticate: Send + Sync + 'static {
    /// Checks the token of an `Authorization: Bearer` header.
    ///
    /// # Errors
    /// One of the problems `auth.invalid`, `auth.expired`, `auth.revoked`, or an internal one.
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, Problem>>;
}

/// The caller of a request, checked once however many arguments ask.
pub(crate) async fn caller<S>(request: &mut Incoming, context: &Context<S>) -> Result<Option<User>, Problem> {
    if let Some(caller) = &request.caller {
        return Ok(Some(caller.user.clone()));
    }
    let mut headers = request.parts.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else { return Ok(None) };
    let invalid = || challenged(Problem::from_case(&problem::AUTH_INVALID));
    if headers.next().is_some() {
        // A proxy in front may have checked the other one.
        return Err(invalid());
    }
    let text = header.to_str().map_err(|_| invalid())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid());
    }
    let Some(service) = &context.services.authenticate else {
        return Err(Problem::internal(Internal::message(
            "an operation asks for a user, and the services have no authentication: use `serve`, or `Services::with_authentication`",
        )));
    };
    let caller = service.authenticate(token.trim()).await.map_err(challenged)?;
    if let Some(renewed) = &caller.renewed
        && let Ok(mut value) = HeaderValue::try_from(renewed.as_str())
    {
        value.set_sensitive(true);
        request.response_headers.insert(HeaderName::from_static("x-queqiao-token"), value);
    }
    let user = caller.user.clone();
    request.caller = Some(caller);
    Ok(Some(user))
}

/// A 401 says how to do better ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
pub(crate) fn challenged(problem: Problem) -> Problem {
    if problem.status() != http::StatusCode::UNAUTHORIZED {
        return problem;
    }
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    problem.with_header(http::header::WWW_AUTHENTICATE, challenge)
}

pub(crate) fn describe_refusals(operation: &mut Operation<'_>) {
    for case in [problem::AUTH_INVALID, problem::AUTH_EXPIRED, problem::AUTH_REVOKED] {
        operation.error(case);
    }
}

impl<S: Send + Sync> Extract<S> for User {
    fn describe(operation: &mut Operation<'_>) {
        operation.security(Security::Required);
        operation.error(problem::AUTH_REQUIRED);
        describe_refusals(operation);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        caller(request, context).await?.ok_or_else(|| {
            Problem::from_case(&problem::AUTH_REQUIRED)
                .with_header(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        })
    }
}

impl<S: Send + Sync> Extract<S> for Option<User> {
    fn describe(operation: &mut Operation<'_>) {
        operation.security(Security::Optional);
        describe_refusals(operation);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        caller(request, context).await
    }
}

/// Names a role.
///
/// ```
/// use queqiao::prelude::*;
///
/// /// May see everything.
/// struct Admin;
///
/// impl RoleName for Admin {
///     const NAME: &'static str = "admin";
/// }
///
/// /// Counts.
/// #[get("/count")]
/// async fn count(_admin: Role<Admin>) -> u32 {
///     1
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a role",
    label = "names no role",
    note = "write `impl RoleName for {Self} {{ const NAME: &'static str = \"admin\"; }}`"
)]
pub trait RoleName: Send + Sync + 'static {
    /// The role as it is granted, for example `admin`.
    const NAME: &'static str;
}

/// The calling user, who has the role `R`: else 403 `auth.forbidden`.
#[derive(Debug)]
pub struct Role<R> {
    user: User,
    role: PhantomData<R>,
}

impl<R> Role<R> {
    /// The user.
    pub fn into_user(self) -> User {
        self.user
    }
}

impl<R> Deref for Role<R> {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl<S: Send + Sync, R: RoleName> Extract<S> for Role<R> {
    fn describe(operation: &mut Operation<'_>) {
        <User as Extract<S>>::describe(operation);
        operation.role(R::NAME);
        operation.error(problem::AUTH_FORBIDDEN);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let user = <User as Extract<S>>::extract(request, context).await?;
        if !user.has_role(R::NAME) {
            return Err(Problem::from_case(&problem::AUTH_FORBIDDEN).with_detail(Text::both(
                format!("此操作需要角色 `{}`。", R::NAME),
                format!("The operation needs the role `{}`.", R::NAME),
            )));
        }
        Ok(Self { user, role: PhantomData })
    }
}
