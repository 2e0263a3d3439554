//! The API as one value: routes with their description, from which router and document both come.

mod build_error;
mod collisions;
mod fallback;
mod places;
mod tags;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, MethodRouter};
#[cfg(feature = "server")]
use queqiao_storage::Migration;

pub use self::build_error::BuildError;
use self::collisions::merge_axum;
#[cfg(feature = "server")]
use self::collisions::nothing;
#[cfg(feature = "server")]
pub(crate) use self::collisions::quietly;
pub(crate) use self::fallback::with_problems;
use self::places::{names, unique, wrong_prefix};
#[cfg(feature = "server")]
use crate::clients::Releases;
use crate::context::Context;
use crate::document::{Document, Header, Operation, Placed, Plans, Schemas, assemble};
use crate::endpoint::{Endpoint, Meta, Method, run};
use crate::extract::{Extract, Incoming};
#[cfg(feature = "server")]
use crate::message::{Handlers, Messages};
use crate::problem::{self, Language};
use crate::reply::Reply;
#[cfg(feature = "server")]
use crate::subscribe::{Declared, SubscribeMessage};

type Layer = Arc<dyn Fn(MethodRouter) -> MethodRouter + Send + Sync>;

/// Handlers, as `routes![]` lists them.
pub struct Routes<S> {
    routes: Vec<Route<S>>,
}

impl<S: Send + Sync + 'static> Routes<S> {
    /// No handlers.
    pub fn new() -> Self {
        Self { routes: Vec::new() }
    }

    /// Adds a handler.
    #[must_use]
    pub fn with<E: Endpoint<S>>(mut self, endpoint: E) -> Self {
        let _ = endpoint;
        self.routes.push(Route::of::<E>());
        self
    }
}

impl<S: Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|route| route.meta.operation_id)).finish()
    }
}

/// One handler at its place.
struct Route<S> {
    meta: Meta,
    path: String,
    /// Whether a file of it may come past the server.
    #[cfg(feature = "server")]
    direct: bool,
    describe: fn(&mut Operation<'_>),
    serve: fn(Arc<Context<S>>, Arc<Plans>, Language, usize) -> MethodRouter,
    layers: Vec<Layer>,
}

impl<S: Send + Sync + 'static> Route<S> {
    fn of<E: Endpoint<S>>() -> Self {
        Self {
            meta: E::META,
            path: E::META.path.to_owned(),
            #[cfg(feature = "server")]
            direct: takes_direct::<S, E>(),
            describe: describe::<S, E>,
            serve: serve::<S, E>,
            layers: Vec::new(),
        }
    }
}

#[cfg(feature = "server")]
const fn takes_direct<S, E: Endpoint<S>>() -> bool {
    macro_rules! any {
        ($($slot:ident)*) => { false $(|| <E::$slot as Extract<S>>::DIRECT)* };
    }
    any!(A0 A1 A2 A3 A4 A5 A6 A7)
}

fn describe<S, E: Endpoint<S>>(operation: &mut Operation<'_>) {
    let mut body_read = false;
    macro_rules! slots {
        ($($slot:ident)*) => {$(
            if body_read && std::any::type_name::<E::$slot>() != "()" {
                operation.mistake("the argument that reads the body must come last, so that everything else is checked before the body is read");
                body_read = false;
            }
            <E::$slot as Extract<S>>::describe(operation);
            body_read |= operation.draft.body.is_some() && std::any::type_name::<E::$slot>() != "()";
        )*};
    }
    slots!(A0 A1 A2 A3 A4 A5 A6 A7);
    let _ = body_read;
    <E::Reply as Reply>::describe(operation);
}

fn serve<S: Send + Sync + 'static, E: Endpoint<S>>(
    context: Arc<Context<S>>,
    plans: Arc<Plans>,
    language: Language,
    place: usize,
) -> MethodRouter {
    let filter = match E::META.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    };
    axum::routing::on(filter, move |request: Request| {
        run::<S, E>(Arc::clone(&context), place, Incoming::new(request, Arc::clone(&plans), language))
    })
}

/// An API with the state `S`.
///
/// Built without state, database, secrets or network; [`Api::build`] checks it as a whole.
///
/// ```
/// use queqiao::prelude::*;
///
/// /// Greets.
/// #[get("/hello")]
/// async fn hello() -> String {
///     "你好".to_owned()
/// }
///
/// let api: Api = Api::new("greetings", "1.0.0").routes(routes![hello]);
/// let built = api.build().unwrap();
/// assert_eq!(built.document().value()["paths"]["/hello"]["get"]["operationId"], "hello");
/// ```
pub struct Api<S = ()> {
    title: String,
    version: String,
    description: Option<String>,
    licence: Option<String>,
    contact: Option<(String, String)>,
    tags: Vec<(String, String)>,
    routes: Vec<Route<S>>,
    axum: Vec<Router>,
    login: bool,
    #[cfg(feature = "server")]
    releases: String,
    #[cfg(feature = "server")]
    messages: Messages<S>,
    #[cfg(feature = "server")]
    migrations: Vec<Migration>,
    #[cfg(feature = "server")]
    templates: Vec<Declared>,
    language: Language,
    mistakes: Vec<String>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// An API without routes; title and version stand in the document.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: None,
            licence: None,
            contact: None,
            tags: Vec::new(),
            routes: Vec::new(),
            axum: Vec::new(),
            login: true,
            #[cfg(feature = "server")]
            releases: String::new(),
            #[cfg(feature = "server")]
            messages: Messages::new(),
            #[cfg(feature = "server")]
            migrations: Vec::new(),
            #[cfg(feature = "server")]
            templates: Vec::new(),
            language: Language::default(),
            mistakes: Vec::new(),
        }
    }

    /// The licence under which the API may be used, as an [SPDX expression](https://spdx.org/licenses/).
    #[must_use]
    pub fn licence(mut self, spdx: impl Into<String>) -> Self {
        self.licence = Some(spdx.into());
        self
    }

    /// Whom the document's readers may ask: a name, and a page about it.
    ///
    /// ```
    /// use queqiao::prelude::*;
    ///
    /// let api: Api = Api::new("shop", "1.0.0").licence("MIT").contact("The shop's team", "https://example.com/help");
    /// let built = api.build().unwrap();
    /// let info = &built.document().value()["info"];
    /// assert_eq!(info["license"]["identifier"], "MIT");
    /// assert_eq!(info["contact"]["url"], "https://example.com/help");
    /// ```
    #[must_use]
    pub fn contact(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.contact = Some((name.into(), url.into()));
        self
    }

    /// A description for the document's readers, as Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Says what the operations of a tag are for, as Markdown. An operation's tag is the name of its module unless its
    /// attribute gives another.
    ///
    /// ```
    /// use queqiao::prelude::*;
    ///
    /// /// Greets.
    /// #[get("/hello", tag = "greetings")]
    /// async fn hello() -> String {
    ///     "你好".to_owned()
    /// }
    ///
    /// let api: Api = Api::new("greeter", "1.0.0").tag("greetings", "Kind words.").routes(routes![hello]);
    /// let built = api.build().unwrap();
    /// assert_eq!(built.document().value()["tags"][1]["description"], "Kind words.");
    /// ```
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.tags.push((name.into(), description.into()));
        self
    }

    /// Names the stored releases of the mini-program, so that the server knows which version calls:
    /// `.releases(queqiao::releases!())`, or the text of `contracts/releases.json` as `cargo queqiao release` writes it.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn releases(mut self, text: impl Into<String>) -> Self {
        self.releases = text.into();
        self
    }

    /// The steps of the application's own tables: `.migrations(queqiao::migrations!("migrations"))`, or a list.
    ///
    /// `serve` and the test kit apply what the database does not have yet, before `connect` is called;
    /// `<program> queqiao db migrate` does it by itself, and `db status` lists them.
    ///
    /// ```
    /// use queqiao::Migration;
    /// use queqiao::prelude::*;
    ///
    /// let api: Api = Api::new("todo", "1.0.0").migrations(&[Migration {
    ///     version: 1,
    ///     name: "todos",
    ///     sql: "CREATE TABLE todos (id VARCHAR(36) PRIMARY KEY, title TEXT NOT NULL);",
    /// }]);
    /// ```
    #[cfg(feature = "server")]
    #[must_use]
    pub fn migrations(mut self, migrations: &[Migration]) -> Self {
        self.migrations.extend_from_slice(migrations);
        self
    }

    /// The language of failures for callers whose `Accept-Language` names neither Chinese nor English; English unless
    /// said.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Adds handlers.
    #[must_use]
    pub fn routes(mut self, routes: Routes<S>) -> Self {
        self.routes.extend(routes.routes);
        self
    }

    /// Adds handlers of messages that WeChat pushes; see [`message`](mod@crate::message). They stand in no document: WeChat
    /// calls them, at an address of the server's own.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn messages(mut self, messages: Messages<S>) -> Self {
        self.messages.extend(messages);
        self
    }

    /// Adds a subscribe message; see [`subscribe`](mod@crate::subscribe). Pages ask for it by its name:
    /// `api.requestSubscribe(['commented'])`.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn template<M: SubscribeMessage>(mut self) -> Self {
        self.templates.push(Declared::of::<M>());
        self
    }

    /// Adds all routes of another API as they are, and its migrations. Its title, version, description, licence, contact, language and releases are dropped.
    #[must_use]
    pub fn merge(mut self, other: Api<S>) -> Self {
        self.routes.extend(other.routes);
        #[cfg(feature = "server")]
        self.migrations.extend(other.migrations);
        #[cfg(feature = "server")]
        self.templates.extend(other.templates);
        self.tags.extend(other.tags);
        self.axum.extend(other.axum);
        #[cfg(feature = "server")]
        self.messages.extend(other.messages);
        self.mistakes.extend(other.mistakes);
        self
    }

    /// Adds all routes of another API under a prefix, which may have path parameters:
    /// with `/shops/{shop}`, each handler takes `shop` in its `Path<_>` before its own parameters.
    #[must_use]
    pub fn nest(mut self, prefix: &str, other: Api<S>) -> Self {
        if let Some(what) = wrong_prefix(prefix) {
            self.mistakes.push(format!("the prefix `{prefix}` {what}, as in `/shops/{{shop}}`"));
            return self;
        }
        for mut route in other.routes {
            route.path =
                if route.path == "/" { prefix.to_owned() } else { format!("{prefix}{}", route.path) };
            self.routes.push(route);
        }
        self.tags.extend(other.tags);
        #[cfg(feature = "server")]
        self.migrations.extend(other.migrations);
        #[cfg(feature = "server")]
        self.templates.extend(other.templates);
        for router in other.axum {
            self.axum.push(Router::new().nest(prefix, router));
        }
        #[cfg(feature = "server")]
        self.messages.extend(other.messages);
        self.mistakes.extend(other.mistakes);
        self
    }

    /// Wraps every route that was added so far in a [`tower::Layer`].
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: tower::Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
        L::Service: tower::Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as tower::Service<Request>>::Response: axum::response::IntoResponse + 'static,
        <L::Service as tower::Service<Request>>::Error: Into<std::convert::Infallible> + 'static,
        <L::Service as tower::Service<Request>>::Future: Send + 'static,
    {
        let layer: Layer = Arc::new(move |router| router.layer(layer.clone()));
        for route in &mut self.routes {
            route.layers.push(Arc::clone(&layer));
        }
        self
    }

    /// Merges a plain axum router in. Its routes are served and do not stand in the document. A fallback of its own
    /// gives way: unknown routes are problem documents.
    #[must_use]
    pub fn axum(mut self, router: Router) -> Self {
        self.axum.push(router);
        self
    }

    /// Leaves `/auth/login` and `/auth/logout` out, for an API that takes its users from elsewhere.
    #[must_use]
    pub fn without_login(mut self) -> Self {
        self.login = false;
        self
    }

    /// Checks the whole and writes the document.
    ///
    /// # Errors
    /// All mistakes at once: two handlers for one method and path, an operation id used twice, a path
    /// parameter that no argument takes, a type that cannot work in a mini-program, two types with one name, an error code with two meanings.
    pub fn build(mut self) -> Result<Built<S>, BuildError> {
        #[cfg(feature = "server")]
        if self.login {
            self.routes.extend(crate::auth::login_routes(!self.templates.is_empty()).routes);
        }
        #[cfg(feature = "server")]
        if !self.templates.is_empty() {
            self.routes.extend(crate::subscribe::report_routes().routes);
        }
        #[cfg(feature = "server")]
        if self.routes.iter().any(|route| route.direct) {
            self.routes.extend(crate::upload::begin_routes().routes);
        }
        let login = (cfg!(feature = "server") && self.login).then_some(("login", "logout"));
        let mut mistakes = self.mistakes;
        unique(&self.routes, &mut mistakes);
        #[cfg(feature = "server")]
        mistakes.extend(self.messages.mistakes());
        #[cfg(feature = "server")]
        mistakes.extend(crate::subscribe::mistakes(&self.templates, self.login));
        #[cfg(feature = "server")]
        let releases = Releases::read(&self.releases).unwrap_or_else(|told| {
            mistakes.extend(told);
            Releases::default()
        });
        #[cfg(feature = "server")]
        if let Err(told) = queqiao_storage::check_migrations(APP_MIGRATIONS, &self.migrations) {
            mistakes.push(told.to_string());
        }

        let mut schemas = Schemas::new();
        let mut routes = Vec::with_capacity(self.routes.len());
        #[cfg(feature = "server")]
        let mut targets = BTreeMap::new();
        let mut described: Vec<(Meta, String, String, crate::document::Draft)> = Vec::new();
        // Sorted, so that the document does not depend on the order of the handlers.
        self.routes.sort_by(|a, b| (&a.path, a.meta.method).cmp(&(&b.path, b.meta.method)));
        for route in self.routes {
            let names = names(&route.path);
            let mut plans = Plans::default();
            let mut operation = Operation {
                meta: &route.meta,
                path_names: &names,
                draft: Default::default(),
                schemas: &mut schemas,
                plans: &mut plans,
                mistakes: &mut mistakes,
                path_taken: false,
                #[cfg(feature = "server")]
                transaction_taken: false,
            };
            (route.describe)(&mut operation);
            let draft = operation.finish();
            #[cfg(feature = "server")]
            if let Some(target) = draft.direct_target() {
                targets.insert(route.meta.operation_id, target);
            }
            described.push((route.meta, route.path.clone(), tag(&route.meta).to_owned(), draft));
            routes.push((route, Arc::new(plans)));
        }
        let used = described.iter().map(|(_, _, tag, _)| tag.as_str());
        let tags = tags::described(self.tags, used.collect(), login.is_some(), &mut mistakes);
        let cases = described.iter().flat_map(|(.., draft)| draft.errors.cases());
        mistakes.extend(problem::ambiguous(cases));
        let placed = described
            .iter_mut()
            .map(|(meta, path, tag, draft)| Placed { meta, path, tag, draft: std::mem::take(draft) })
            .collect();
        let header = Header {
            title: self.title.clone(),
            version: self.version,
            description: self.description,
            licence: self.licence,
            contact: self.contact,
            tags,
            login,
            #[cfg(feature = "server")]
            templates: self.templates.clone(),
        };
        match assemble(header, placed, schemas) {
            Ok(document) if mistakes.is_empty() => {
                let paths = routes.iter().map(|(route, _)| (route.meta.method, route.path.clone()));
                let axum = merge_axum(paths.collect(), self.axum).map_err(BuildError::one)?;
                Ok(Built {
                    title: self.title,
                    language: self.language,
                    routes,
                    axum,
                    document,
                    #[cfg(feature = "server")]
                    releases,
                    #[cfg(feature = "server")]
                    messages: self.messages,
                    #[cfg(feature = "server")]
                    targets,
                    #[cfg(feature = "server")]
                    migrations: self.migrations,
                    #[cfg(feature = "server")]
                    templates: self.templates,
                })
            }
            Ok(_) => Err(BuildError { mistakes }),
            Err(more) => {
                mistakes.extend(more);
                Err(BuildError { mistakes })
            }
        }
    }

    /// As [`Api::build`], and no route may stand where `serve` answers itself.
    #[cfg(feature = "server")]
    pub(crate) fn build_to_serve(self) -> Result<Built<S>, BuildError> {
        let built = self.build()?;
        built.reserve()?;
        Ok(built)
    }

    /// A router for an existing axum application, with problem documents for unknown routes and wrong methods.
    ///
    /// ```
    /// use queqiao::prelude::*;
    /// use queqiao::{Context, Services};
    ///
    /// /// Greets.
    /// #[get("/hello")]
    /// async fn hello() -> String {
    ///     "你好".to_owned()
    /// }
    ///
    /// let api: Api = Api::new("greetings", "1.0.0").routes(routes![hello]);
    /// let mounted = api.into_router(Context::new((), Services::new())).unwrap();
    /// let app: queqiao::axum::Router = queqiao::axum::Router::new().nest("/api", mounted);
    /// ```
    ///
    /// # Errors
    /// As [`Api::build`]; also for an operation that is `idempotent`, whose records are kept by `serve`.
    pub fn into_router(self, context: Context<S>) -> Result<Router, BuildError> {
        let built = self.build()?;
        #[cfg(feature = "server")]
        let recorded = context.services.idempotency.is_some();
        #[cfg(not(feature = "server"))]
        let recorded = false;
        if let Some((route, _)) = built.routes.iter().find(|(route, _)| route.meta.idempotent && !recorded) {
            return Err(BuildError::one(format!(
                "handler {} is idempotent, and the services of this router keep no records of requests: use `serve`, or leave \
                 `idempotent` out",
                route.meta.handler()
            )));
        }
        Ok(built.router(context))
    }
}

impl<S> fmt::Debug for Api<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("title", &self.title)
            .field("routes", &self.routes.len())
            .finish_non_exhaustive()
    }
}

/// A checked API.
pub struct Built<S> {
    title: String,
    language: Language,
    routes: Vec<(Route<S>, Arc<Plans>)>,
    axum: Router,
    document: Document,
    #[cfg(feature = "server")]
    releases: Releases,
    /// What operations take past the server, by their ids.
    #[cfg(feature = "server")]
    targets: BTreeMap<&'static str, crate::upload::Target>,
    #[cfg(feature = "server")]
    messages: Messages<S>,
    #[cfg(feature = "server")]
    migrations: Vec<Migration>,
    #[cfg(feature = "server")]
    templates: Vec<Declared>,
}

impl<S: Clone + Send + Sync + 'static> Built<S> {
    /// The API's name.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The language of failures for callers who wish none.
    #[cfg(feature = "server")]
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The OpenAPI document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The stored releases.
    #[cfg(feature = "server")]
    pub(crate) fn releases(&self) -> &Releases {
        &self.releases
    }

    /// What operations take past the server, by their ids.
    #[cfg(feature = "server")]
    pub(crate) fn targets(&self) -> &BTreeMap<&'static str, crate::upload::Target> {
        &self.targets
    }

    /// The application's own migrations.
    #[cfg(feature = "server")]
    pub(crate) fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The subscribe messages.
    #[cfg(feature = "server")]
    pub(crate) fn templates(&self) -> &[Declared] {
        &self.templates
    }

    /// The operations' ids by their place.
    #[cfg(feature = "server")]
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(route, _)| route.meta.operation_id)
    }

    /// The router over a context. Handlers of messages are reached through `serve` alone, which keeps what arrives.
    pub fn router(self, context: Context<S>) -> Router {
        self.over(Arc::new(context))
    }

    /// The router, and the handlers of messages.
    #[cfg(feature = "server")]
    pub(crate) fn parts(mut self, context: Context<S>) -> (Router, Handlers) {
        let context = Arc::new(context);
        let handlers = std::mem::take(&mut self.messages).over(Arc::clone(&context));
        (self.over(context), handlers)
    }

    fn over(self, context: Arc<Context<S>>) -> Router {
        let services = context.services.clone();
        let mut paths: BTreeMap<String, MethodRouter> = BTreeMap::new();
        for (place, (route, plans)) in self.routes.into_iter().enumerate() {
            let mut served = (route.serve)(Arc::clone(&context), plans, self.language, place);
            for layer in &route.layers {
                served = layer(served);
            }
            match paths.entry(route.path) {
                Entry::Vacant(place) => {
                    place.insert(served);
                }
                Entry::Occupied(mut place) => {
                    let router = std::mem::take(place.get_mut());
                    *place.get_mut() = router.merge(served);
                }
            }
        }
        let mut router = Router::new();
        for (path, served) in paths {
            router = router.route(&path, served);
        }
        with_problems(router.merge(self.axum), services, self.language)
    }

    /// Refuses routes at places that the server itself answers.
    #[cfg(feature = "server")]
    fn reserve(&self) -> Result<(), BuildError> {
        let belongs = format!(
            "belongs to the server itself ({}, /docs/…, {}…)",
            RESERVED.join(", "),
            crate::upload::ROUTE
        );
        for (route, _) in &self.routes {
            let path = route.path.as_str();
            let below = ["/docs/", crate::upload::ROUTE].iter().any(|below| path.starts_with(below));
            if RESERVED.contains(&path) || below {
                let handler = route.meta.handler();
                let mistake = format!("{handler} answers {path}, which {belongs}; choose another path");
                return Err(BuildError::one(mistake));
            }
        }
        let own = self.axum.clone();
        let server = RESERVED.iter().chain(&["/docs/", "/docs/{*rest}", "/objects/{*key}"]);
        let server =
            server.fold(Router::new(), |router, path| router.route(path, axum::routing::get(nothing)));
        quietly(move || own.merge(server)).map(drop).map_err(|panic| {
            BuildError::one(format!(
                "an axum router that is merged in answers a path that {belongs}: {panic}; choose another path"
            ))
        })
    }
}

/// The table in which the application's own migrations are noted.
#[cfg(feature = "server")]
pub(crate) const APP_MIGRATIONS: &str = "app_migrations";

/// Paths that `serve` answers.
#[cfg(feature = "server")]
const RESERVED: [&str; 6] =
    ["/healthz", "/readyz", "/clientz", "/openapi.json", "/docs", crate::upload::BUCKET];

impl<S> fmt::Debug for Built<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Built")
            .field("title", &self.title)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// The tag of an operation: what the attribute says, else the module's name.
fn tag(meta: &Meta) -> &str {
    meta.tag.unwrap_or_else(|| meta.module.rsplit("::").next().unwrap_or(meta.module))
}
