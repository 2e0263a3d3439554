//! `PUT /auth/subscriptions/{report}`: the page tells what the user answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use queqiao_macros::{model, put, routes};
use queqiao_storage::{Counted, GrantKey, Report, StoreError, UserId, Witness};

use super::Ledger;
use crate::ApiError;
use crate::api::Routes;
use crate::apps::MiniProgram;
use crate::auth::User;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Json, Path};
use crate::problem::{Internal, Problem};
use crate::wechat_user::only_openid;

/// What a user answered to `wx.requestSubscribeMessage`.
#[model]
#[derive(Debug)]
pub(crate) struct SubscriptionReport {
    /// By the templates' names, WeChat's word for the answer: `accept`, `reject`, `ban` or `filter`. Empty to only learn
    /// the templates.
    pub(crate) answers: BTreeMap<String, String>,
    /// How long ago that was, in milliseconds: a report may come late.
    #[check(range = 0..=604_800_000)]
    #[serde(default)]
    pub(crate) age: u32,
}

/// The templates as they are now.
#[model]
#[derive(Debug)]
pub(crate) struct SubscribeTemplates {
    /// Their ids by their names, for `wx.requestSubscribeMessage`.
    pub(crate) templates: BTreeMap<String, String>,
}

#[derive(ApiError)]
#[error(prefix = "subscription")]
enum ReportError {
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// The service as an argument.
struct Service(Arc<Ledger>);

impl<S: Send + Sync> Extract<S> for Service {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        context.services.subscriptions.ledger().cloned().map(Self).ok_or_else(|| {
            Problem::internal(Internal::message("the API has templates of subscribe messages: use `serve`"))
        })
    }
}

/// Report what the user answered to `wx.requestSubscribeMessage`.
///
/// The generated client does this by itself, and again when it failed. A report that comes twice counts once, as does an
/// answer of which WeChat tells too. Gives the templates' ids as they are now.
#[put("/auth/subscriptions/{report}", tag = "auth")]
async fn report_subscription(
    user: User,
    program: MiniProgram,
    Service(ledger): Service,
    Path(report): Path<String>,
    Json(told): Json<SubscriptionReport>,
) -> Result<SubscribeTemplates, ReportError> {
    let ids = ledger.ids(&program);
    let now = ledger.clock.now();
    let at = now.checked_sub(SignedDuration::from_millis(told.age.into())).unwrap_or(now);
    let identities = match told.answers.is_empty() {
        true => Vec::new(),
        false => ledger.accounts.identities(UserId(user.id)).await?,
    };
    if let Some(openid) = only_openid(&identities, program.appid()) {
        for (name, answer) in &told.answers {
            // WeChat has kinds of yes: with a sound, with a vibration.
            let Some(template) = ids.get(name).filter(|_| answer.starts_with("accept")) else { continue };
            let key = GrantKey { app: program.appid(), openid, template };
            let report = Report { witness: Witness::Page, id: &report, at };
            if ledger.grants.grant(&key, &report, now).await? == Counted::TooMany {
                tracing::warn!(user = %user.id, template = name, "a user has too many grants: one more is not counted");
            }
        }
    }
    Ok(SubscribeTemplates { templates: ids })
}

/// The operation of APIs that have templates.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    routes![report_subscription]
}
