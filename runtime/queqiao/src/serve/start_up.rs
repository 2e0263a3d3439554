//! What a developer sees first: where everything is.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::emulate::Emulated;
use super::settings::Settings;
use crate::clients::{Releases, releases};
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
    line("figures", &format!("http://{address}/clientz   which clients call what"));
    match &settings.client {
        Some(client) => line("client", &client.join("index.js").display().to_string()),
        None => line("client", "none yet: cargo queqiao generate -p <package> --out <folder>"),
    }
    line("emulator", &format!("{emulator}/emulator   stands in for WeChat; no appid is needed"));
    line("login code", &format!("curl -X POST {emulator}/emulator/login-codes"));
    line("log in", &format!("curl http://{address}/auth/login --json '{{\"code\":\"…\"}}'"));
    text
}

/// A warning if the releases that lie in this folder are not those that the server goes by.
pub(super) fn unread(folder: &Path, releases: &Releases) -> Option<String> {
    let file = folder.join(releases::FILE);
    let stored = Releases::read(&std::fs::read_to_string(&file).ok()?);
    (stored.as_ref() != Ok(releases)).then(|| {
        format!(
            "{} is not what this server was compiled with, so it does not know all labels; give the API \
             `.releases(queqiao::releases!())`, and compile it anew",
            file.display()
        )
    })
}

/// A warning if the client in this folder was generated from another contract.
fn stale(folder: &Path, contract: &str) -> Option<String> {
    let file = folder.join("index.js");
    let remedy = "run `cargo queqiao generate`";
    let Ok(text) = std::fs::read_to_string(&file) else {
        return Some(format!("the client {} does not exist; {remedy}", file.display()));
    };
    let Some(id) = text.lines().find_map(|line| line.strip_prefix("// queqiao contract: ")).map(str::trim)
    else {
        return Some(format!(
            "{} names no contract, so it is not a generated client; {remedy}",
            file.display()
        ));
    };
    (id != contract).then(|| {
        format!(
            "the client {} was generated from contract {id}, and this server has {contract}; {remedy}",
            file.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_that_the_server_does_not_know_are_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unread(folder.path(), &Releases::default()), None, "no file, no releases");
        std::fs::create_dir(folder.path().join("contracts")).unwrap();
        let text =
            r#"{"releases":[{"label":"1.0.0","contract":"00000000000000aa","released":"2026-11-01"}]}"#;
        std::fs::write(folder.path().join(releases::FILE), text).unwrap();
        assert_eq!(unread(folder.path(), &Releases::read(text).unwrap()), None);
        let told = unread(folder.path(), &Releases::default()).unwrap();
        assert!(told.contains("releases.json") && told.contains("releases!()"), "{told}");
    }

    #[test]
    fn only_a_client_of_this_contract_is_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let client = |first: &str| std::fs::write(folder.path().join("index.js"), first).unwrap();
        let missing = stale(folder.path(), "0123456789abcdef").unwrap();
        assert!(
            missing.contains("does not exist") && missing.contains("cargo queqiao generate"),
            "{missing}"
        );
        client("// queqiao contract: 0123456789abcdef\n'use strict';\n");
        assert_eq!(stale(folder.path(), "0123456789abcdef"), None);
        client("// queqiao contract: fedcba9876543210\n");
        let old = stale(folder.path(), "0123456789abcdef").unwrap();
        assert!(old.contains("fedcba9876543210") && old.contains("cargo queqiao generate"), "{old}");
        client("module.exports = {}\n");
        assert!(stale(folder.path(), "0123456789abcdef").is_some(), "a file that names no contract");
    }
}
