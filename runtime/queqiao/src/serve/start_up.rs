//! What a developer sees first: where everything is.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::emulate::Emulated;
use super::settings::Settings;
use crate::document::Document;

/// Tells where to look; in production one line of log.
pub(super) fn announce(
    title: &str,
    document: &Document,
    settings: &Settings,
    address: SocketAddr,
    emulator: Option<&Emulated>,
) {
    tracing::info!(%address, contract = document.contract(), "{title} serves");
    if let Some(warning) = settings.client.as_deref().and_then(|client| stale(client, document.contract())) {
        tracing::warn!("{warning}");
    }
    if let Some(emulator) = emulator {
        let text = page(title, document, settings, address, &emulator.url());
        // Standard output is for people; the log goes to standard error. Nobody may be listening.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

fn page(
    title: &str,
    document: &Document,
    settings: &Settings,
    address: SocketAddr,
    emulator: &str,
) -> String {
    let mut text = format!("\n  {title} runs on http://{address}\n\n");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "    {name:<12} {value}");
    };
    if settings.server.docs {
        line("docs page", &format!("http://{address}/docs"));
        line("document", &format!("http://{address}/openapi.json   (contract {})", document.contract()));
    }
    match &settings.client {
        Some(client) => line("client", &client.join("index.js").display().to_string()),
        None => line("client", "none yet: cargo queqiao generate -p <package> --out <folder>"),
    }
    line("emulator", &format!("{emulator}/emulator   stands in for WeChat; no appid is needed"));
    line("login code", &format!("curl -X POST {emulator}/emulator/login-codes"));
    line("log in", &format!("curl http://{address}/auth/login --json '{{\"code\":\"…\"}}'"));
    text
}

/// A warning if the client in this folder was generated from another contract.
fn stale(folder: &Path, contract: &str) -> Option<String> {
    let file = folder.join("index.js");
    let remedy = "run `cargo queqiao generate`";
    let Ok(text) = std::fs::read_to_string(&file) else {
        return Some(format!("the client {} does not exist; {remedy}", file.display()));
    };
    let id = text.lines().find_map(|line| line.strip_prefix("// queqiao contract: "))?.trim();
    (id != contract).then(|| {
        format!(
            "the client {} was generated from contract {id}, and this server has {contract}; {remedy}",
            file.display()
        )
    })
}
