//! What a request is served with: the application's state and the framework's services.

use std::sync::Arc;

use http::HeaderMap;

use crate::auth::Authenticate;
use crate::problem::Problem;

/// Takes a part of the application's state, as axum's trait of the same name does.
///
/// Implemented for every cloneable state itself. For a part:
///
/// ```
/// # use queqiao::FromRef;
/// #[derive(Clone)]
/// struct Mailer;
/// #[derive(Clone)]
/// struct App { mailer: Mailer }
///
/// impl FromRef<App> for Mailer {
///     fn from_ref(app: &App) -> Self {
///         app.mailer.clone()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the state `{S}` has no part `{Self}`",
    label = "not a part of the state `{S}`",
    note = "implement `FromRef<{S}> for {Self}`, or take `State<{S}>`"
)]
pub trait FromRef<S> {
    /// The part, usually a clone of a cheap handle.
    fn from_ref(state: &S) -> Self;
}

impl<S: Clone> FromRef<S> for S {
    fn from_ref(state: &S) -> Self {
        state.clone()
    }
}

/// Limits on what one request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body; 1 MiB unless configured.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 1024 * 1024 }
    }
}

/// The framework's services, shared by all handlers.
#[derive(Clone, Default)]
pub struct Services {
    pub(crate) limits: Limits,
    pub(crate) authenticate: Option<Arc<dyn Authenticate>>,
    #[cfg(feature = "server")]
    pub(crate) login: Option<Arc<crate::auth::LoginService>>,
    #[cfg(feature = "server")]
    pub(crate) apps: Option<Arc<crate::apps::Apps>>,
    #[cfg(feature = "server")]
    pub(crate) wechat_users: Option<Arc<crate::wechat_user::WeChatUsers>>,
    #[cfg(feature = "server")]
    clients: Option<Arc<crate::clients::Clients>>,
    #[cfg(feature = "server")]
    pub(crate) idempotency: Option<Arc<crate::idempotency::Idempotency>>,
    /// Where [`Tx`](crate::Tx) begins.
    #[cfg(feature = "server")]
    pub(crate) database: Option<queqiao_storage::Database>,
    #[cfg(feature = "server")]
    pub(crate) files: Option<crate::upload::Files>,
    #[cfg(feature = "server")]
    pub(crate) direct: Option<Arc<crate::upload::DirectUploads>>,
    #[cfg(feature = "server")]
    pub(crate) subscriptions: crate::subscribe::Subscriptions,
}

impl Services {
    /// Services without login, with default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_login(mut self, login: Arc<crate::auth::LoginService>) -> Self {
        self.login = Some(login);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_apps(mut self, apps: Arc<crate::apps::Apps>) -> Self {
        self.apps = Some(apps);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_wechat_users(mut self, users: Arc<crate::wechat_user::WeChatUsers>) -> Self {
        self.wechat_users = Some(users);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_clients(mut self, clients: Arc<crate::clients::Clients>) -> Self {
        self.clients = Some(clients);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_idempotency(mut self, service: Arc<crate::idempotency::Idempotency>) -> Self {
        self.idempotency = Some(service);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_database(mut self, database: queqiao_storage::Database) -> Self {
        self.database = Some(database);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_files(mut self, files: crate::upload::Files) -> Self {
        self.files = Some(files);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_direct_uploads(mut self, direct: Arc<crate::upload::DirectUploads>) -> Self {
        self.direct = Some(direct);
        self
    }

    #[cfg(feature = "server")]
    #[must_use]
    pub(crate) fn with_subscriptions(mut self, subscriptions: crate::subscribe::Subscriptions) -> Self {
        self.subscriptions = subscriptions;
        self
    }

    /// Counts a call of the operation at a place, or of none, and refuses it where its client is too old.
    pub(crate) fn admit(&self, place: Option<usize>, headers: &HeaderMap) -> Result<(), Problem> {
        #[cfg(feature = "server")]
        if let Some(clients) = &self.clients {
            return clients.admit(place, headers);
        }
        let _ = (place, headers);
        Ok(())
    }

    /// Checks tokens with an implementation of your own.
    #[must_use]
    pub fn with_authentication(mut self, authenticate: Arc<dyn Authenticate>) -> Self {
        self.authenticate = Some(authenticate);
        self
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The application's state and the framework's services; what extractors read besides the request.
#[derive(Debug)]
pub struct Context<S> {
    /// The application's state.
    pub app: S,
    /// The framework's services.
    pub services: Services,
}

impl<S> Context<S> {
    /// A context of both.
    pub fn new(app: S, services: Services) -> Self {
        Self { app, services }
    }
}
