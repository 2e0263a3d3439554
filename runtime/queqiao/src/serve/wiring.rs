//! Joins API, stores, login and layers into one router.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http::{HeaderName, HeaderValue, Method};
use jiff::SignedDuration;
use queqiao_storage::{Clock, ContractId, Leases, Uploads};
use queqiao_wechat::{TokenStore, WeChat};
use secrecy::SecretString;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::boot::{Boot, Connect};
use super::docs;
use super::edge::{self, Edge};
use super::emulate::Emulated;
use super::error::{Error, Result};
use super::health::{self, Readiness};
use super::keys::{self, ServerKeys};
use super::object_settings::Objects;
use super::reader::ConfigError;
use super::settings::{Mode, Settings};
use super::stores::Stores;
use super::wechat_settings::AppSettings;
use crate::api::{APP_MIGRATIONS, Built, quietly, with_problems};
use crate::apps::{Apps, Registered};
use crate::auth::{Key, Keys, LoginService, LoginSettings, LoginStores, RENEWAL_HEADER, TokenSettings};
use crate::clients::{self, Clients, Counted, Policy};
use crate::content::Watch;
use crate::context::{Context, Limits, Services};
use crate::document::Document;
use crate::idempotency::{Idempotency, REPLAYED};
use crate::message::{self, MessageService};
use crate::subscribe::{Declared, Ledger, Subscriptions};
use crate::upload::{self, DirectUploads, FileSettings, Files, Links, Target};
use crate::wechat_user::WeChatUsers;

/// A server without its socket.
pub(crate) struct Wired {
    pub(crate) router: Router,
    pub(crate) boot: Boot,
    pub(crate) readiness: Readiness,
    pub(crate) clients: Arc<Clients>,
    pub(crate) messages: MessageService,
    pub(crate) idempotency: Arc<Idempotency>,
    pub(crate) leases: Arc<dyn Leases>,
    #[cfg(feature = "test")]
    pub(crate) login: Arc<LoginService>,
    #[cfg(feature = "test")]
    pub(crate) apps: Arc<Apps>,
}

/// Opens the stores, calls `connect` and builds the router.
pub(crate) async fn wire<S, F>(
    built: Built<S>,
    connect: F,
    settings: &Settings,
    clock: Clock,
    emulator: Option<&Emulated>,
) -> Result<Wired>
where
    S: Clone + Send + Sync + 'static,
    F: for<'a> Connect<'a, S>,
{
    let contract: ContractId = built.document().contract().parse()?;
    let policy = Policy::new(built.releases(), &settings.clients, contract).map_err(ConfigError::new)?;
    let keys = ServerKeys::load(settings)?;
    let cipher = keys.cipher(settings)?;
    let stores = Stores::open(settings, built.title(), cipher.clone()).await?;
    let database = stores.sql.database().clone();
    let readiness = Readiness::new(stores.health.clone());
    let idempotency = Arc::new(Idempotency::new(
        Arc::clone(&stores.idempotency),
        Arc::clone(&stores.sql),
        clock.clone(),
        settings.idempotency,
    ));
    let counted = Counted {
        operations: built.operations().collect(),
        own: contract,
        releases: built.releases().clone(),
        policy,
        limit: settings.clients.limit,
    };
    let clients = Arc::new(Clients::new(counted, stores.sql.clone(), clock.clone()));

    let login_stores = LoginStores {
        accounts: stores.sql.clone(),
        session_keys: stores.sql.clone(),
        codes: Arc::clone(&stores.login_codes),
    };
    let access_tokens = TokenStore::shared(stores.sql.clone(), cipher);
    let apps = Arc::new(apps(settings, access_tokens, &clock, emulator, built.templates())?);
    let login = login(built.title(), settings, &keys, login_stores, &clock, Arc::clone(&apps), emulator)?;
    let login = Arc::new(login);
    let wechat_users = Arc::new(WeChatUsers {
        apps: Arc::clone(&apps),
        accounts: stores.sql.clone(),
        session_keys: stores.sql.clone(),
        media_checks: stores.sql.clone(),
        clock: clock.clone(),
    });
    let media_checks = stores.sql.clone();
    let inbox = stores.sql.clone();
    let leases = Arc::clone(&stores.leases);
    let files = files(settings, &keys, built.document(), stores.sql.clone(), &clock).await?;
    let ledger = Ledger {
        apps: Arc::clone(&apps),
        accounts: stores.sql.clone(),
        grants: stores.sql.clone(),
        clock: clock.clone(),
        declared: built.templates().to_vec(),
    };
    if let Some(name) = ledger.missing().first() {
        return Err(ConfigError::one(format!(
            "no mini-program has the template `{name}` of the API's subscribe messages; give its id (模板 ID) of the app's console, \
             订阅消息, as wechat.templates.{name}, or wechat.apps.<name>.templates.{name}"
        ))
        .into());
    }
    let subscriptions = Subscriptions::new(ledger);
    let boot = Boot::new(settings, stores, files.clone(), subscriptions.clone(), clock.clone());
    database.migrate(APP_MIGRATIONS, built.migrations()).await?;
    let app = connect.connect(&boot).await?;
    let services = Services::new()
        .with_limits(Limits { body: settings.server.body_limit })
        .with_authentication(login.clone())
        .with_login(login.clone())
        .with_apps(Arc::clone(&apps))
        .with_wechat_users(wechat_users)
        .with_clients(Arc::clone(&clients))
        .with_idempotency(Arc::clone(&idempotency))
        .with_database(database)
        .with_files(files.clone())
        .with_subscriptions(subscriptions.clone());
    let direct = direct_uploads(settings, &keys, &files, built.targets())?;
    let services = services.with_direct_uploads(Arc::clone(&direct));

    let document = built.document().clone();
    let language = built.language();
    let mut own = health::routes(readiness.clone(), language);
    if settings.server.docs {
        own = own.merge(docs::routes(&document));
    }
    // Whoever reaches a development server may look; the public of a release build may not.
    if settings.mode == Mode::Development || settings.clients.token.is_some() {
        own = own.merge(clients::routes(Arc::clone(&clients), settings.clients.token.clone(), language));
    }
    if !built.targets().is_empty() {
        own = own.merge(upload::bucket_routes(direct));
    }
    let (router, handlers) = built.parts(Context::new(app, services.clone()));
    let watch =
        Watch { checks: media_checks, inbox: inbox.clone(), apps: Arc::clone(&apps), clock: clock.clone() };
    let ledger = subscriptions.ledger().filter(|ledger| !ledger.declared.is_empty()).cloned();
    let messages = MessageService::new(
        handlers,
        ledger,
        Arc::clone(&apps),
        inbox,
        watch,
        clock,
        settings.messages.clone(),
    );
    if apps.iter().any(|program| program.push().is_some()) {
        own = own.merge(message::endpoint(messages.clone(), language));
    }
    let router = quietly(move || router.merge(own)).map_err(|panic| {
        Error::told(format!("messages.path collides with a route of the API: {panic}; choose another path"))
    })?;
    let mut router = with_problems(router, services, language);
    if settings.server.compression {
        router = router.layer(CompressionLayer::new());
    }
    // Files are packed already, and players ask for parts of their bytes.
    router = router.merge(upload::routes(files, language));
    let router = router
        .layer(from_fn_with_state(Edge { time: settings.server.request_timeout, language }, edge::edge))
        .layer(cors(&settings.server.cors_origins)?)
        .layer(from_fn(edge::identify));
    Ok(Wired {
        router,
        boot,
        readiness,
        clients,
        messages,
        idempotency,
        leases,
        #[cfg(feature = "test")]
        login,
        #[cfg(feature = "test")]
        apps,
    })
}

/// The mini-programs, and where WeChat is.
fn apps(
    settings: &Settings,
    access_tokens: TokenStore,
    clock: &Clock,
    emulator: Option<&Emulated>,
    templates: &[Declared],
) -> Result<Apps> {
    let mut wechat = queqiao_wechat::Settings {
        token_store: access_tokens,
        clock: clock.clone(),
        ..queqiao_wechat::Settings::default()
    };
    if let Some(url) = emulator.map(Emulated::url).or_else(|| settings.wechat.base_url.clone()) {
        wechat.base_url = url;
    }
    let mut apps: Vec<Registered> = settings.wechat.apps.iter().map(Registered::from).collect();
    let stands_in = apps.is_empty();
    if stands_in {
        let emulator =
            emulator.ok_or_else(|| Error::told("no WeChat app is configured and the emulator is off"))?;
        apps.push(Registered {
            name: "default".to_owned(),
            app: emulator.app(),
            templates: Default::default(),
            state: Default::default(),
            push: None,
        });
    }
    for app in &mut apps {
        if let Some(emulator) = emulator {
            emulator.complete(app, templates)?;
        }
    }
    Ok(Apps::new(apps, WeChat::new(wechat)?, stands_in))
}

impl From<&AppSettings> for Registered {
    fn from(app: &AppSettings) -> Self {
        Self {
            name: app.name.clone(),
            app: queqiao_wechat::App::new(&app.appid, app.secret.clone()),
            templates: app.templates.clone(),
            state: app.state,
            push: app.push.as_ref().map(|push| push.receiver(&app.appid)),
        }
    }
}

/// The files, with their store; what cannot be put right by waiting ends the start.
async fn files(
    settings: &Settings,
    keys: &ServerKeys,
    document: &Document,
    records: Arc<dyn Uploads>,
    clock: &Clock,
) -> Result<Files> {
    let url = match &settings.server.url {
        Some(url) => url.clone(),
        None if settings.mode == Mode::Production && takes_files(document) => {
            return Err(ConfigError::one(
                "server.url is missing, and the URLs of uploaded files begin with it; set QUEQIAO__SERVER__URL to the \
                 address under which phones reach this server, such as https://api.example.com"
                    .into(),
            )
            .into());
        }
        None => format!("http://{}", settings.server.address),
    };
    let objects = settings.objects.open()?;
    if let Objects::Bucket(_) = &settings.objects.objects {
        match objects.check().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "uploads are refused until the object store answers");
            }
            checked => checked?,
        }
    }
    let lifetime = SignedDuration::try_from(settings.objects.link_lifetime)?;
    let secrets = std::iter::once(keys.secret()).chain(&settings.auth.previous_secrets);
    let files = FileSettings {
        server_url: url,
        public_url: settings.objects.public_url.clone(),
        time: settings.uploads.timeout,
        idle: settings.uploads.idle_timeout,
        at_once: settings.uploads.at_once,
        redrawn_at_once: settings.uploads.redrawn_at_once,
    };
    Ok(Files::new(objects, records, clock.clone(), Links::new(secrets, lifetime), files))
}

/// Uploads past the server, to the bucket of the files or to the server itself.
fn direct_uploads(
    settings: &Settings,
    keys: &ServerKeys,
    files: &Files,
    targets: &BTreeMap<&'static str, Target>,
) -> Result<Arc<DirectUploads>> {
    let bucket = match &settings.objects.objects {
        Objects::Bucket(bucket) => bucket.clone(),
        Objects::Local(_) | Objects::Memory => DirectUploads::own_bucket(keys.secret()),
    };
    let lifetime = SignedDuration::try_from(settings.uploads.form_lifetime)?;
    Ok(Arc::new(DirectUploads::new(files.clone(), bucket, lifetime, targets.clone())))
}

/// Whether an operation takes a file.
fn takes_files(document: &Document) -> bool {
    let paths = document.value().get("paths").and_then(|paths| paths.as_object()).into_iter().flatten();
    let operations = paths.filter_map(|(_, path)| path.get("post"));
    operations
        .filter_map(|operation| operation.pointer("/requestBody/content"))
        .any(|content| content.get("multipart/form-data").is_some())
}

fn login(
    title: &str,
    settings: &Settings,
    server_keys: &ServerKeys,
    stores: LoginStores,
    clock: &Clock,
    apps: Arc<Apps>,
    emulator: Option<&Emulated>,
) -> Result<LoginService> {
    let key = |secret: &SecretString| {
        Key::hmac(&keys::id(secret), "HS256", secret)
            .map_err(|what| Error::told(format!("auth.secret: {what}")))
    };
    let signing = key(server_keys.secret())?;
    let others = settings.auth.previous_secrets.iter().map(key).collect::<Result<Vec<_>>>()?;
    let settings = LoginSettings {
        keys: Keys::new(signing, others),
        tokens: TokenSettings {
            issuer: title.to_owned(),
            audience: title.to_owned(),
            lifetime: settings.auth.token_lifetime,
            longest_session: settings.auth.longest_session,
        },
        roles: settings.auth.roles.clone(),
        mock_code: emulator.map(Emulated::mock_code),
    };
    Ok(LoginService::new(settings, stores, apps, clock.clone()))
}

/// Mini-programs need no CORS; their H5 siblings and browser tests do, with the headers that the client reads.
fn cors(origins: &[String]) -> Result<CorsLayer> {
    let header = |name: &str| HeaderName::try_from(name.to_ascii_lowercase()).map_err(Error::from);
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(tower_http::cors::AllowHeaders::mirror_request())
        .expose_headers([
            header(RENEWAL_HEADER)?,
            header("X-Request-Id")?,
            header("Retry-After")?,
            header("Location")?,
            REPLAYED,
        ])
        .max_age(std::time::Duration::from_secs(600));
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(AllowOrigin::any()));
    }
    let origins = origins
        .iter()
        .map(|origin| {
            HeaderValue::try_from(origin).map_err(|_| {
                Error::told(format!(
                    "server.cors_origins: `{origin}` is no origin; write it as `https://example.com`"
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(layer.allow_origin(AllowOrigin::list(origins)))
}
