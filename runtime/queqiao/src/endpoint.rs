//! What the attribute macros emit for one handler, and how a request runs through it.

use std::future::Future;
use std::sync::Arc;

use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue};

use crate::context::Context;
use crate::extract::{Extract, Incoming};
use crate::reply::Reply;

/// The HTTP methods that `wx.request` offers and that a handler may answer.
///
/// There is no `PATCH`: [`wx.request`](https://developers.weixin.qq.com/miniprogram/dev/api/network/request/wx.request.html)
/// does not send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads; has no body.
    Get,
    /// Creates, or anything that is not idempotent.
    Post,
    /// Replaces; idempotent.
    Put,
    /// Removes; idempotent, has no body.
    Delete,
}

impl Method {
    /// The method as it stands in a request line, for example `"GET"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }

    /// Whether a request of this method may carry a body: `wx.request` documents none for the others.
    pub const fn takes_body(self) -> bool {
        matches!(self, Method::Post | Method::Put)
    }
}

/// The facts about a handler that stand in its attribute, its doc comment and its place in the source.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// The method of the attribute.
    pub method: Method,
    /// The path of the attribute, with `{name}` for parameters.
    pub path: &'static str,
    /// The operation's id: the function's name in camelCase unless overridden.
    pub operation_id: &'static str,
    /// The tag, where the attribute gives one; else it follows from `module`.
    pub tag: Option<&'static str>,
    /// `module_path!()` of the handler.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// First paragraph of the doc comment, in one line.
    pub summary: &'static str,
    /// The rest of the doc comment, as Markdown.
    pub description: &'static str,
    /// Whether a request that comes again under its key is answered again, and not carried out again.
    pub idempotent: bool,
    /// What `#[deprecated]` says, if it stands on the handler.
    pub deprecated: Option<Deprecated>,
    /// `file!()` of the handler.
    pub file: &'static str,
    /// `line!()` of the handler.
    pub line: u32,
}

/// What the answers of a deprecated handler say, as headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// From when on: `Deprecation` ([RFC 9745](https://www.rfc-editor.org/rfc/rfc9745)), for example `@1793491200`.
    pub since: Option<&'static str>,
    /// When it ends: `Sunset` ([RFC 8594](https://www.rfc-editor.org/rfc/rfc8594)), for example
    /// `Wed, 30 Jun 2027 00:00:00 GMT`.
    pub sunset: Option<&'static str>,
}

impl Deprecated {
    /// The headers that are there, with what the document says of each.
    pub(crate) fn headers(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let since = self.since.map(|value| ("Deprecation", value, "Since when the operation is deprecated."));
        let sunset = self.sunset.map(|value| ("Sunset", value, "When the operation ends."));
        since.into_iter().chain(sunset)
    }
}

impl Meta {
    /// The handler as error messages name it: `module::name (file:line)`.
    pub fn handler(&self) -> String {
        format!("`{}::{}` ({}:{})", self.module, self.name, self.file, self.line)
    }
}

/// A handler with everything that its signature says; implemented by `#[get]`, `#[post]`, `#[put]` and `#[delete]`.
///
/// The eight argument slots are associated types and not a tuple, so that a type that is no extractor
/// gives one error, on that argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler of an API with the state `{S}`",
    label = "not a handler here",
    note = "annotate the function with `#[get(\"/path\")]`, `#[post]`, `#[put]` or `#[delete]`, and see that every argument is an extractor"
)]
pub trait Endpoint<S>: Send + Sync + 'static {
    /// First argument; `()` where the handler has none. The other slots alike.
    type A0: Extract<S>;
    /// Second argument.
    type A1: Extract<S>;
    /// Third argument.
    type A2: Extract<S>;
    /// Fourth argument.
    type A3: Extract<S>;
    /// Fifth argument.
    type A4: Extract<S>;
    /// Sixth argument.
    type A5: Extract<S>;
    /// Seventh argument.
    type A6: Extract<S>;
    /// Eighth argument.
    type A7: Extract<S>;
    /// What the handler returns.
    type Reply: Reply;

    /// The attribute's facts.
    const META: Meta;

    /// Calls the handler.
    #[allow(clippy::too_many_arguments)] // one for each slot
    fn call(
        a0: Self::A0,
        a1: Self::A1,
        a2: Self::A2,
        a3: Self::A3,
        a4: Self::A4,
        a5: Self::A5,
        a6: Self::A6,
        a7: Self::A7,
    ) -> impl Future<Output = Self::Reply> + Send;
}

/// Runs one request through `E`, the operation at `place`: its arguments in order, the handler, its reply.
///
/// No `async fn`, which would hold the request twice: as it came, and as the variable of that name.
pub(crate) fn run<S, E>(
    context: Arc<Context<S>>,
    place: usize,
    mut request: Incoming,
) -> impl Future<Output = Response> + Send + 'static
where
    S: Send + Sync + 'static,
    E: Endpoint<S>,
{
    macro_rules! argument {
        ($slot:ident) => {
            match <E::$slot as Extract<S>>::extract(&mut request, &context).await {
                Ok(value) => value,
                Err(problem) => {
                    let response = problem.respond(request.audience());
                    return told::<S, E>(request.finish(response));
                }
            }
        };
    }
    async move {
        // First of all: neither body nor token of a client that is too old is looked at.
        if let Err(problem) = context.services.admit(Some(place), &request.parts.headers) {
            return told::<S, E>(problem.respond(request.audience()));
        }
        #[cfg(feature = "server")]
        if E::META.idempotent
            && let Err(problem) = request.note_repeats()
        {
            return told::<S, E>(problem.respond(request.audience()));
        }
        let (a0, a1, a2, a3) = (argument!(A0), argument!(A1), argument!(A2), argument!(A3));
        let (a4, a5, a6, a7) = (argument!(A4), argument!(A5), argument!(A6), argument!(A7));
        if E::META.idempotent {
            let handle = Box::new(move |request: Incoming| {
                let handling = async move {
                    let reply = E::call(a0, a1, a2, a3, a4, a5, a6, a7).await;
                    reply.reply(&request)
                };
                handling.boxed()
            });
            let answered =
                crate::idempotency::answer(&context.services, E::META.operation_id, request, handle);
            return told::<S, E>(answered.await);
        }
        let reply = E::call(a0, a1, a2, a3, a4, a5, a6, a7).await;
        let response = reply.reply(&request);
        #[cfg(feature = "server")]
        let response = match request.transaction.take() {
            Some(transaction) => transaction.settle(response, &request.listener()).await,
            None => response,
        };
        told::<S, E>(request.finish(response))
    }
}

/// Whatever the answer of a deprecated handler: that it is.
fn told<S, E: Endpoint<S>>(mut response: Response) -> Response {
    if let Some(deprecated) = E::META.deprecated {
        for (name, value, _) in deprecated.headers() {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}
