//! Content security (内容安全): what users write is judged by WeChat before a handler sees it.
//!
//! Fields with `#[check(content_security)]` are what is judged, and [`Checked`] or [`Judged`] is the argument by which a
//! handler takes them. Pictures and recordings are judged later: [`WeChatUser::check_media`] asks, and [`MediaChecked`]
//! tells.

mod judge;
mod media;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use queqiao_wechat as wechat;

pub use self::media::{CheckMediaError, MediaChecked, MediaVerdict};
pub(crate) use self::media::{EVENT as MEDIA_CHECK_EVENT, LookedUp, Watch, look_up};
/// What a medium is.
pub use queqiao_wechat::MediaKind;

use self::judge::{Findings, Unjudged, findings};
use crate::WeChatUser;
use crate::context::Context;
use crate::document::Operation;
use crate::extract::{Extract, Incoming, Json};
use crate::model::{Checker, Model};
use crate::problem::{self, ErrorCase, FieldError, Internal, Problem, Text};

/// Seconds after which WeChat may be asked again.
const PAUSE: &str = "5";

/// Where the content will stand (场景); WeChat is stricter in one than in another.
pub trait Scene: Send + Sync + 'static {
    /// As WeChat numbers it.
    const SCENE: wechat::Scene;
}

/// The scenes, as types for [`Checked`] and [`Judged`].
pub mod scene {
    use super::{Scene, wechat};

    macro_rules! scenes {
        ($($(#[$doc:meta])* $name:ident)+) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name;

            impl Scene for $name {
                const SCENE: wechat::Scene = wechat::Scene::$name;
            }
        )+};
    }

    scenes! {
        /// A profile (资料).
        Profile
        /// A comment (评论).
        Comment
        /// A forum (论坛).
        Forum
        /// A social log (社交日志).
        SocialLog
    }
}

/// A JSON body whose texts passed content security; the handler runs for no other.
///
/// The texts are the fields of `T`, at any depth, with `#[check(content_security)]`. They are judged after every other
/// constraint holds, together in as few calls (msgSecCheck) as their length permits. It must be the handler's last
/// argument, and asks for a login: WeChat judges a text as its writer's.
///
/// ```
/// use queqiao::content::{Checked, scene};
/// use queqiao::prelude::*;
///
/// /// A new comment.
/// #[model]
/// struct NewComment {
///     #[check(length = 1..=500, content_security)]
///     text: String,
/// }
///
/// /// Comment.
/// #[post("/comments")]
/// async fn add_comment(_user: User, comment: Checked<NewComment, scene::Comment>) -> String {
///     comment.into_inner().text
/// }
/// # let _ = routes![add_comment] as queqiao::Routes<()>;
/// ```
///
/// # Errors
/// Those of a login and of [`Json`]; 422 `content.risky` and `content.review` with a pointer to each text that is not
/// passed; 409 `content.user_inactive` if WeChat has not seen the user for two hours; 503 `content.unavailable` if WeChat
/// does not answer: what cannot be judged is not taken.
pub struct Checked<T, C> {
    value: T,
    scene: PhantomData<fn() -> C>,
}

impl<T, C> Checked<T, C> {
    /// What passed.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T, C> Deref for Checked<T, C> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A JSON body with what content security says of it, for a handler that stores what a person must look at first.
///
/// As [`Checked`], but a body of which WeChat says "review" reaches the handler too, which keeps it hidden. So does that
/// of a user whom WeChat has not seen for two hours, and of whom it therefore judges nothing.
///
/// ```
/// use queqiao::content::{Judged, Verdict, scene};
/// use queqiao::prelude::*;
///
/// /// A new comment.
/// #[model]
/// struct NewComment {
///     #[check(length = 1..=500, content_security)]
///     text: String,
/// }
///
/// /// Comment. Whether everybody sees it at once.
/// #[post("/comments")]
/// async fn add_comment(_user: User, comment: Judged<NewComment, scene::Comment>) -> bool {
///     comment.verdict == Verdict::Pass
/// }
/// # let _ = routes![add_comment] as queqiao::Routes<()>;
/// ```
///
/// # Errors
/// Those of [`Checked`] but `content.review` and `content.user_inactive`.
pub struct Judged<T, C> {
    /// The body.
    pub value: T,
    /// What WeChat says of it.
    pub verdict: Verdict,
    scene: PhantomData<fn() -> C>,
}

impl<T, C> fmt::Debug for Checked<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").finish_non_exhaustive()
    }
}

impl<T, C> fmt::Debug for Judged<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judged").field("verdict", &self.verdict).finish_non_exhaustive()
    }
}

/// What becomes of content that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It may be published.
    Pass,
    /// A person looks at it first; until then nobody else sees it.
    Review,
}

const REFUSALS: [ErrorCase; 2] = [problem::CONTENT_RISKY, problem::CONTENT_UNAVAILABLE];
const STRICT_REFUSALS: [ErrorCase; 2] = [problem::CONTENT_REVIEW, problem::CONTENT_USER_INACTIVE];

fn describe<S: Send + Sync, T: Model + Send>(operation: &mut Operation<'_>, refusals: &[ErrorCase]) {
    <WeChatUser as Extract<S>>::describe(operation);
    <Json<T> as Extract<S>>::describe(operation);
    operation.content_is_judged();
    refusals.iter().for_each(|case| operation.error(case.clone()));
}

/// The body, and what was found in its texts.
async fn read<S: Send + Sync, T: Model + Send, C: Scene>(
    request: &mut Incoming,
    context: &Context<S>,
) -> Result<(T, Result<Findings, Unjudged>), Problem> {
    let user = <WeChatUser as Extract<S>>::extract(request, context).await?;
    let Json(value) = <Json<T> as Extract<S>>::extract(request, context).await?;
    let mut texts = Vec::new();
    value.check(&mut Checker::collecting(&mut Vec::new(), &mut texts));
    let found = findings(&user, C::SCENE, &texts).await;
    if let Ok(found) = &found
        && !found.risky.is_empty()
    {
        return Err(refused(&problem::CONTENT_RISKY, "risky", found.risky.clone()));
    }
    Ok((value, found))
}

/// The 422 that points at the texts.
fn refused(case: &ErrorCase, code: &'static str, pointers: Vec<String>) -> Problem {
    let told = || Text::both("请修改这段文字", "must be changed");
    let errors = pointers.into_iter().map(|pointer| FieldError::new(pointer, code, told()));
    Problem::from_case(case).with_errors(errors.collect())
}

impl From<Unjudged> for Problem {
    fn from(unjudged: Unjudged) -> Self {
        match unjudged {
            Unjudged::UserInactive => Problem::from_case(&problem::CONTENT_USER_INACTIVE),
            Unjudged::Unavailable(error) => {
                tracing::warn!(%error, "content was not judged, and not taken");
                Problem::from_case(&problem::CONTENT_UNAVAILABLE)
                    .with_header(RETRY_AFTER, HeaderValue::from_static(PAUSE))
            }
            Unjudged::Failed(error) => Problem::internal(Internal::from(error)),
        }
    }
}

impl<S, T, C> Extract<S> for Checked<T, C>
where
    S: Send + Sync,
    T: Model + Send,
    C: Scene,
{
    fn describe(operation: &mut Operation<'_>) {
        describe::<S, T>(operation, &REFUSALS);
        STRICT_REFUSALS.into_iter().for_each(|case| operation.error(case));
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let (value, found) = read::<S, T, C>(request, context).await?;
        let found = found?;
        match found.review.is_empty() {
            true => Ok(Self { value, scene: PhantomData }),
            false => Err(refused(&problem::CONTENT_REVIEW, "review", found.review)),
        }
    }
}

impl<S, T, C> Extract<S> for Judged<T, C>
where
    S: Send + Sync,
    T: Model + Send,
    C: Scene,
{
    fn describe(operation: &mut Operation<'_>) {
        describe::<S, T>(operation, &REFUSALS);
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let (value, found) = read::<S, T, C>(request, context).await?;
        let verdict = match found {
            Ok(found) if found.review.is_empty() => Verdict::Pass,
            Ok(_) | Err(Unjudged::UserInactive) => Verdict::Review,
            Err(unjudged) => return Err(unjudged.into()),
        };
        Ok(Self { value, verdict, scene: PhantomData })
    }
}
