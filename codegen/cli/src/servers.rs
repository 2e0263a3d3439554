//! `servers` of a document: what `base_url` in queqiao.toml says.

use queqiao_codegen::BaseUrl;
use serde_json::{Map, Value, json};

/// Names the servers of the mini-program's versions in a document that its own server wrote: that knows only itself.
pub(crate) fn add(document: &mut Value, base_url: Option<&BaseUrl>) {
    let own = document.get("x-queqiao").is_some();
    let servers: Vec<Value> = match base_url {
        None | Some(BaseUrl::Unset) => return,
        Some(BaseUrl::One(url)) => vec![json!({ "url": url })],
        Some(all @ BaseUrl::ByVersion { .. }) => {
            let texts = [
                ("develop", "For developers (开发版)."),
                ("trial", "For testers (体验版)."),
                ("release", "For everybody (正式版)."),
            ];
            let server = |(version, text): (&str, &str)| {
                Some(json!({ "url": own_of_version(all, version)?, "description": text }))
            };
            texts.into_iter().filter_map(server).collect()
        }
    };
    let Value::Object(root) = document else { return };
    if own || !root.contains_key("servers") {
        set(root, servers);
    }
}

fn set(root: &mut Map<String, Value>, servers: Vec<Value>) {
    root.insert("servers".to_owned(), Value::Array(servers));
}

fn own_of_version<'a>(all: &'a BaseUrl, version: &str) -> Option<&'a str> {
    match all {
        BaseUrl::Unset => None,
        BaseUrl::One(url) => Some(url),
        BaseUrl::ByVersion { develop, trial, release } => match version {
            "develop" => develop.as_deref(),
            "trial" => trial.as_deref(),
            _ => release.as_deref(),
        },
    }
}

/// The server of a version; where it has none of its own, that of the release, as the client chooses.
pub(crate) fn of_version<'a>(all: &'a BaseUrl, version: &str) -> Option<&'a str> {
    own_of_version(all, version).or_else(|| own_of_version(all, "release"))
}
