//! The mini-programs that one backend serves, and which of them calls.

mod registry;

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use queqiao_wechat::push::Receiver;
use queqiao_wechat::{MiniprogramState, WeChat};

pub(crate) use self::registry::{Apps, Registered};

use crate::auth::caller;
use crate::context::Context;
use crate::document::{Operation, Security};
use crate::extract::{Extract, Incoming};
use crate::problem::{self, Internal, Problem, Text};

/// The request header in which a client names its mini-program.
pub(crate) const APP_HEADER: &str = "X-Queqiao-App";

/// The mini-program that calls, of those that this backend serves.
///
/// In a session it is the one in which the user logged in: the token says so. A call without a token names it
/// in the header `X-Queqiao-App`, as anybody may: it chooses, and proves nothing. Where the backend serves one alone, that is meant. WeChat's `Referer` is not looked at.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::MiniProgram;
///
/// /// Which shop is this?
/// #[get("/shop")]
/// async fn shop(program: MiniProgram) -> String {
///     program.name().to_owned()
/// }
/// # let _ = routes![shop] as queqiao::Routes<()>;
/// ```
#[derive(Clone)]
pub struct MiniProgram {
    registered: Arc<Registered>,
    wechat: WeChat,
}

impl MiniProgram {
    /// Its name in the configuration: `shop` of `[wechat.apps.shop]`, `default` of `wechat.appid`.
    pub fn name(&self) -> &str {
        &self.registered.name
    }

    /// Its AppID.
    pub fn appid(&self) -> &str {
        &self.registered.app.appid
    }

    /// The id of a template for subscribe messages (订阅消息), by its name in the configuration.
    pub fn template(&self, name: &str) -> Option<&str> {
        self.registered.templates.get(name).map(String::as_str)
    }

    /// Its AppID and AppSecret, for the calls of [`wechat`](Self::wechat).
    pub fn credentials(&self) -> &queqiao_wechat::App {
        &self.registered.app
    }

    /// Which version of it a subscribe message opens.
    pub(crate) fn state(&self) -> MiniprogramState {
        self.registered.state
    }

    /// Who takes its messages.
    pub(crate) fn push(&self) -> Option<&Receiver> {
        self.registered.push.as_ref()
    }

    /// WeChat's server API.
    pub fn wechat(&self) -> &WeChat {
        &self.wechat
    }
}

impl fmt::Debug for MiniProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniProgram")
            .field("name", &self.name())
            .field("appid", &self.appid())
            .finish_non_exhaustive()
    }
}

impl<S: Send + Sync> Extract<S> for MiniProgram {
    fn describe(operation: &mut Operation<'_>) {
        operation.security(Security::Optional);
        crate::auth::describe_refusals(operation);
        operation.error(problem::APP_UNKNOWN);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let apps = served(context)?;
        match caller(request, context).await?.and_then(|user| user.appid().map(str::to_owned)) {
            Some(appid) => apps.of(&appid).ok_or_else(|| Problem::from_case(&problem::AUTH_INVALID)),
            None => apps.named(&request.parts.headers),
        }
    }
}

/// The mini-program that a request without a session names; for the login.
pub(crate) struct Named(pub(crate) MiniProgram);

impl<S: Send + Sync> Extract<S> for Named {
    fn describe(operation: &mut Operation<'_>) {
        operation.error(problem::APP_UNKNOWN);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        served(context)?.named(&request.parts.headers).map(Self)
    }
}

fn served<S>(context: &Context<S>) -> Result<&Apps, Problem> {
    context.services.apps.as_deref().ok_or_else(|| {
        Problem::internal(Internal::message(
            "an operation asks for the mini-program, and the services know none: use `serve`",
        ))
    })
}

impl Apps {
    /// The one that the header names, or the only one.
    fn named(&self, headers: &HeaderMap) -> Result<MiniProgram, Problem> {
        let Some(header) = headers.get(APP_HEADER).filter(|appid| !appid.is_empty()) else {
            return self.only().ok_or_else(|| {
                Problem::from_case(&problem::APP_UNKNOWN).with_detail(Text::both(
                    format!("此服务器服务多个小程序：请在 `{APP_HEADER}` 中携带 AppID。"),
                    format!("This server serves several mini-programs: send the AppID in `{APP_HEADER}`."),
                ))
            });
        };
        let known = header.to_str().ok().and_then(|appid| self.of(appid));
        known.or_else(|| self.stand_in()).ok_or_else(|| Problem::from_case(&problem::APP_UNKNOWN))
    }
}
