//! Structured logs: for people on a terminal, JSON lines elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::error::{Error, Result};
use super::settings::LogSettings;

/// Installs the subscriber, unless the application has one already.
pub(super) fn install(settings: &LogSettings) -> Result {
    let text = std::env::var("RUST_LOG").unwrap_or_else(|_| settings.filter.clone());
    let filter = EnvFilter::try_new(&text).map_err(|error| {
        Error::told(format!(
            "the log filter `{text}` is wrong: {error}; write it as `info` or `info,my_crate=debug`"
        ))
    })?;
    let json = settings.json.unwrap_or_else(|| !std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let installed = if json {
        registry.with(layer.json().flatten_event(true).with_current_span(false)).try_init()
    } else {
        registry.with(layer.with_target(false).with_ansi(std::io::stderr().is_terminal())).try_init()
    };
    if installed.is_err() {
        tracing::debug!("the application has installed its own log subscriber");
    }
    Ok(())
}
