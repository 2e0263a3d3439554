//! Which handler takes which messages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use queqiao_wechat::push::Kind;

use super::handler::{Failure, run};
use super::{Answer, Arrived, MessageHandler, MessageMeta};
use crate::context::Context;

type Running = BoxFuture<'static, Result<Option<Answer>, Failure>>;

/// Handlers of messages, as `messages![]` lists them.
pub struct Messages<S> {
    routes: Vec<Route<S>>,
}

struct Route<S> {
    meta: MessageMeta,
    run: fn(Arc<Context<S>>, Arc<Arrived>) -> Running,
}

impl<S: Send + Sync + 'static> Messages<S> {
    /// No handlers.
    pub fn new() -> Self {
        Self { routes: Vec::new() }
    }

    /// Adds a handler.
    #[must_use]
    pub fn with<H: MessageHandler<S>>(mut self, handler: H) -> Self {
        let _ = handler;
        self.routes
            .push(Route { meta: H::META, run: |context, arrived| run::<S, H>(context, arrived).boxed() });
        self
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.routes.extend(other.routes);
    }

    /// Two handlers of one kind.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut taken: BTreeMap<Option<Kind<'static>>, &MessageMeta> = BTreeMap::new();
        let mut mistakes = Vec::new();
        for Route { meta, .. } in &self.routes {
            if let Some(first) = taken.insert(meta.kind, meta) {
                let what = meta.kind.map_or("every other message".to_owned(), |kind| kind.to_string());
                mistakes.push(format!(
                    "{} and {} both take {what}; one of them must do all of it",
                    first.handler(),
                    meta.handler()
                ));
            }
        }
        mistakes
    }

    /// The handlers over a context.
    pub(crate) fn over(self, context: Arc<Context<S>>) -> Handlers {
        let mut handlers = Handlers::default();
        for Route { meta, run } in self.routes {
            let context = Arc::clone(&context);
            let handler = Handler { meta, run: Box::new(move |arrived| run(Arc::clone(&context), arrived)) };
            match meta.kind {
                Some(Kind::Message(name)) => drop(handlers.messages.insert(name, handler)),
                Some(Kind::Event(name)) => drop(handlers.events.insert(name, handler)),
                None => handlers.rest = Some(handler),
            }
        }
        handlers
    }
}

impl<S: Send + Sync + 'static> Default for Messages<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Messages<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|route| route.meta.name)).finish()
    }
}

/// A handler with its context.
pub(super) struct Handler {
    pub(super) meta: MessageMeta,
    pub(super) run: Box<dyn Fn(Arc<Arrived>) -> Running + Send + Sync>,
}

/// All of them, by what they take.
#[derive(Default)]
pub(crate) struct Handlers {
    messages: BTreeMap<&'static str, Handler>,
    events: BTreeMap<&'static str, Handler>,
    rest: Option<Handler>,
}

impl Handlers {
    pub(super) fn of(&self, kind: Kind<'_>) -> Option<&Handler> {
        let own = match kind {
            Kind::Message(name) => self.messages.get(name),
            Kind::Event(name) => self.events.get(name),
        };
        own.or(self.rest.as_ref())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.events.is_empty() && self.rest.is_none()
    }
}
