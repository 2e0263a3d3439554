//! From an [`Api`] and a `connect` function to a running server.

mod boot;
mod client_settings;
mod docs;
mod edge;
pub(crate) mod emulate;
mod error;
mod export;
mod health;
mod keys;
mod log;
mod message_settings;
mod object_settings;
mod operator;
mod reader;
mod settings;
mod shutdown;
mod start_up;
mod store_settings;
mod stores;
mod wechat_settings;
mod wiring;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use queqiao_storage::Clock;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use self::boot::{Boot, Connect};
pub use self::error::{Error, Result};
pub use self::reader::ConfigError;

pub(crate) use self::client_settings::{ClientSettings, Rule};
pub(crate) use self::edge::Deadline;
#[cfg(feature = "test")]
pub(crate) use self::emulate::Emulated;
pub(crate) use self::settings::{Mode, Settings};
pub(crate) use self::wiring::{Wired, wire};

use self::shutdown::{Stop, Told};
use crate::api::Api;

/// Runs an API until SIGTERM or Ctrl-C, and finishes what is running then.
///
/// In this order: writes the document and ends if `QUEQIAO_EXPORT=<file>` asks for it; does an operator's task and ends if
/// the first argument is `queqiao`, as in `todo queqiao db status` (`todo queqiao --help` lists them); builds the API;
/// reads `queqiao.toml` and the environment; opens the database and brings its tables up to date; calls `connect`; serves.
///
/// ```no_run
/// use queqiao::prelude::*;
/// use queqiao::Boot;
///
/// #[derive(Clone)]
/// struct App {
///     sql: queqiao::Database,
/// }
///
/// impl App {
///     async fn connect(boot: &Boot) -> queqiao::Result<App> {
///         Ok(App { sql: boot.sql().clone() })
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> queqiao::Result {
///     queqiao::serve(Api::new("shop", env!("CARGO_PKG_VERSION")), App::connect).await
/// }
/// ```
///
/// # Errors
/// A wrong API, a wrong configuration, a store that cannot be opened, a port that is taken, or `connect`'s own.
pub async fn serve<S, F>(api: Api<S>, connect: F) -> Result
where
    S: Clone + Send + Sync + 'static,
    F: for<'a> Connect<'a, S>,
{
    if let Some(file) = std::env::var_os("QUEQIAO_EXPORT") {
        return export::write(api, file.as_ref());
    }
    if let Some(task) = operator::asked() {
        return operator::run(api, task).await;
    }
    let built = api.build_to_serve()?;
    let mut settings = Settings::load(&environment(), Mode::of_this_build())?;
    log::install(&settings.log)?;
    let stop = Stop::listen();

    let (clock, emulator) = if settings.emulated() {
        let clock = Clock::movable();
        let emulator = emulate::start(&settings, clock.clone()).await?;
        (clock, Some(emulator))
    } else {
        (Clock::system(), None)
    };
    let listener = listen(settings.server.address).await?;
    let address = listener.local_addr()?;
    settings.server.address = address;
    if let Some(emulator) = &emulator {
        emulator.push_to(address, &settings)?;
    }
    if let Some(warning) = start_up::unread(&settings.folder, built.releases()) {
        tracing::warn!("{warning}");
    }
    let document = built.document().clone();
    let title = built.title().to_owned();
    let Wired { router, boot, readiness, clients, messages, idempotency, leases, .. } = tokio::select! {
        wired = wire(built, connect, &settings, clock, emulator.as_ref()) => wired?,
        () = stop.told(Told::Stop) => {
            tracing::info!("told to stop before the server was ready");
            return Ok(());
        }
    };
    messages.announce();
    start_up::announce(&title, &document, &settings, address, emulator.as_ref());
    let (served, told) = oneshot::channel();
    let writing = tokio::spawn(clients.keep_writing(told));
    let (stopped, told) = oneshot::channel();
    let working = tokio::spawn(messages.keep_working(told));
    let (swept, told) = oneshot::channel();
    let sweeping = tokio::spawn(boot.files().clone().keep_sweeping(leases, told));
    let patience = settings.server.shutdown_timeout;
    shutdown::run(listener, router, readiness, patience, stop, idempotency.finished()).await?;
    // Messages under way and the last counts, before the database is closed.
    drop((served, stopped, swept));
    working.await?;
    writing.await?;
    sweeping.await?;
    boot.close().await;
    Ok(())
}

/// The variables that are text; what is not belongs to somebody else, and `std::env::vars` would panic over it.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|source| {
        Error::told(format!(
            "cannot listen on {address}: {source}; another process may have the port: choose one with PORT=<number> or server.port"
        ))
    })
}
