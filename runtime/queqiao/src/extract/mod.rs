//! Extractors: the argument types of handlers.
//!
//! Each type enforces and documents: what it reads from the request is what it adds to the contract.

mod body;
mod header;
mod if_match;
mod objects;
mod parameters;
mod path;
mod query;
mod raw;
#[cfg(feature = "server")]
mod tx;

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;

pub use self::body::Json;
#[cfg(feature = "server")]
pub(crate) use self::body::{is_json, json_object};
pub use self::header::{Header, HeaderField};
pub use self::if_match::{IfMatch, PreconditionFailed};
#[cfg(feature = "server")]
pub(crate) use self::parameters::{form_fields, form_members};
pub use self::path::Path;
pub use self::query::Query;
pub(crate) use self::query::{Pair, pairs};
pub use self::raw::{Raw, RawBody};
#[cfg(feature = "server")]
pub(crate) use self::tx::Held;
#[cfg(feature = "server")]
pub use self::tx::Tx;
pub use crate::auth::{Role, RoleName, User};

use crate::auth::Caller;
use crate::context::{Context, FromRef};
use crate::document::{Operation, Plans};
#[cfg(feature = "server")]
use crate::idempotency::Repeat;
use crate::problem::{Audience, Internal, Language, Listener, Problem};

/// A type that a handler may take as an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor",
    label = "cannot be taken from a request",
    note = "take it through an extractor: `Path<_>`, `Query<_>`, `Json<_>`, `Header<_>`, `State<_>`, or `Raw<_>` for an axum extractor"
)]
pub trait Extract<S>: Sized + Send {
    /// Whether it takes a file past the server.
    #[doc(hidden)]
    const DIRECT: bool = false;

    /// Adds to the operation what this argument reads and how it fails.
    fn describe(operation: &mut Operation<'_>);

    /// Takes the value from the request.
    ///
    /// # Errors
    /// The problem that the client gets; each must have been listed by [`Extract::describe`].
    fn extract(
        request: &mut Incoming,
        context: &Context<S>,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;
}

/// A request on its way through the extractors.
#[derive(Debug)]
pub struct Incoming {
    /// Method, URI, headers and extensions.
    pub parts: Parts,
    body: Option<Body>,
    plans: Arc<Plans>,
    /// For callers who wish none.
    language: Language,
    pub(crate) caller: Option<Caller>,
    /// By what a repeat of an idempotent request is known.
    #[cfg(feature = "server")]
    pub(crate) repeat: Option<Repeat>,
    /// The transaction that the handler has.
    #[cfg(feature = "server")]
    pub(crate) transaction: Option<Held>,
    pub(crate) response_headers: HeaderMap,
}

impl Incoming {
    pub(crate) fn new(request: http::Request<Body>, plans: Arc<Plans>, language: Language) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            parts,
            body: Some(body),
            plans,
            language,
            caller: None,
            #[cfg(feature = "server")]
            repeat: None,
            #[cfg(feature = "server")]
            transaction: None,
            response_headers: HeaderMap::new(),
        }
    }

    /// Takes the body; whoever comes second gets `None`.
    pub fn take_body(&mut self) -> Option<Body> {
        let body = self.body.take()?;
        #[cfg(feature = "server")]
        if let Some(repeat) = &self.repeat {
            return Some(repeat.watch(body));
        }
        Some(body)
    }

    /// From now on the request's key and body are taken down.
    ///
    /// # Errors
    /// A key that is missing or not valid.
    #[cfg(feature = "server")]
    pub(crate) fn note_repeats(&mut self) -> Result<(), Problem> {
        self.repeat = Some(Repeat::of(&self.parts.headers)?);
        Ok(())
    }

    /// The headers that arguments of the operation take, in lower case.
    #[cfg(feature = "server")]
    pub(crate) fn header_parameters(&self) -> &[String] {
        self.plans.headers()
    }

    /// How the argument `T` is decoded; written by its `describe` when the Api was built.
    pub(crate) fn plan<T: 'static, P: 'static>(&self) -> Result<&P, Problem> {
        self.plans
            .get::<T, P>()
            .ok_or_else(|| Problem::internal(Internal::message("an argument was not described")))
    }

    /// Whether an argument of the operation takes the query parameter of this name.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.plans.takes(name)
    }

    /// To whom a problem is told.
    pub fn audience(&self) -> Audience<'_> {
        Audience::of(&self.parts.headers, self.language)
    }

    /// The same without the request.
    pub(crate) fn listener(&self) -> Listener {
        Listener::of(&self.parts.headers, self.language)
    }

    /// Adds the headers that extractors left for the response.
    pub(crate) fn finish(self, mut response: Response) -> Response {
        response.headers_mut().extend(self.response_headers);
        response
    }
}

/// The application's state, or a part of it by [`FromRef`].
#[derive(Clone, Copy, Debug, Default)]
pub struct State<T>(pub T);

impl<S: Send + Sync, T: FromRef<S> + Send> Extract<S> for State<T> {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        Ok(Self(T::from_ref(&context.app)))
    }
}

/// The empty argument slot.
impl<S: Send + Sync> Extract<S> for () {
    fn describe(_: &mut Operation<'_>) {}

    async fn extract(_: &mut Incoming, _: &Context<S>) -> Result<Self, Problem> {
        Ok(())
    }
}
