//! `runtime.js`: the parts of `codegen/client` that a contract uses, joined.

use crate::contract::{Access, Answer, Body, Contract, Form, Method, Operation, Place, Scheme, Style};
use crate::{BaseUrl, Options, Part};

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../client/", $name)))
    };
}

/// The files that are joined, in this order, each with the part without which it is left out.
const FILES: &[((&str, &str), &str)] = &[
    (file!("host.js"), ""),
    (file!("error.js"), ""),
    (file!("encode.js"), ""),
    (file!("pairs.js"), "pairs"),
    (file!("queue.js"), ""),
    (file!("tell.js"), "tell"),
    (file!("loading.js"), "hooks"),
    (file!("session.js"), "session"),
    (file!("upgrade.js"), "upgrade"),
    (file!("size.js"), "size"),
    (file!("unique.js"), "unique"),
    (file!("date.js"), "dates"),
    (file!("subscribe.js"), "subscribe"),
    (file!("call.js"), ""),
    (file!("api.js"), ""),
];

/// What stands inside other files, where they say `//#include`.
const INCLUDED: &[(&str, &str)] = &[
    file!("hear.js"),
    file!("run.js"),
    file!("direct.js"),
    file!("login.js"),
    file!("send.js"),
    file!("receive.js"),
    file!("request.js"),
    file!("authorize.js"),
    file!("base64.js"),
    file!("background.js"),
    file!("retry.js"),
];

/// The parts that this contract uses of those that not every contract does. In files that all have, lines of such a
/// part stand between `//#session` and `//#end`, and those for want of it between `//#!session` and `//#end`.
pub(super) fn parts(contract: &Contract, options: &Options) -> Vec<&'static str> {
    let any = |has: fn(&Operation) -> bool| contract.operations.iter().any(has);
    let body = |is: fn(&Form) -> bool| {
        contract.operations.iter().filter_map(|operation| operation.body.as_ref()).any(|body| is(&body.form))
    };
    let scheme = |is: fn(&Scheme) -> bool| {
        contract.operations.iter().flat_map(|operation| operation.schemes.values()).any(is)
    };
    let chosen = |part: Part| !options.without.contains(&part);
    let form = body(|form| matches!(form, Form::Pairs(_)));
    let upload = body(|form| matches!(form, Form::Multipart { file: Some(_), .. }));
    let multipart = body(|form| matches!(form, Form::Multipart { required: false, direct: None, .. }));
    let limited = body(|form| matches!(form, Form::Multipart { limit: Some(_), .. }));
    let direct = body(|form| matches!(form, Form::Multipart { direct: Some(_), .. }));
    let query = any(|operation| operation.parameters.iter().any(|parameter| parameter.place == Place::Query));
    let pairs = query || form || upload || multipart || scheme(|scheme| matches!(scheme, Scheme::Query(_)));
    let styles =
        form || any(|operation| operation.parameters.iter().any(|parameter| parameter.style != Style::Plain));
    let basic = scheme(|scheme| *scheme == Scheme::Basic);
    let idempotent = any(|operation| operation.idempotent);
    let session = any(|operation| operation.access != Access::Everybody);
    let logout = any(|operation| operation.access == Access::Logout);
    let users = session && (logout || chosen(Part::Users));
    let subscribe = session && contract.subscribe.is_some() && chosen(Part::Subscribe);
    let upgrade = any(|operation| operation.codes.contains("client.too_old"));
    let container = options.container.is_some();
    // A container cannot be reached by wx.downloadFile.
    let download = !container && any(Operation::downloads);
    let (versions, unset) = match (&options.base_url, &contract.server) {
        (BaseUrl::One(_), _) | (BaseUrl::Unset, Some(_)) => (false, false),
        (BaseUrl::Unset, None) => (true, true),
        (BaseUrl::ByVersion { release, .. }, _) => (true, release.is_none()),
    };
    let parts = [
        ("retry", chosen(Part::Retry)),
        ("share", chosen(Part::Share)),
        ("background", chosen(Part::Background)),
        ("hooks", chosen(Part::Hooks)),
        ("timer", chosen(Part::Timer)),
        // In no other words than the server's does the language matter.
        ("language", chosen(Part::Language) && any(|operation| !operation.codes.is_empty())),
        ("session", session),
        ("users", users),
        ("logout", logout),
        ("live", users || chosen(Part::Share)),
        ("upgrade", upgrade),
        ("tell", chosen(Part::Hooks) || upgrade),
        ("details", any(|operation| !operation.details.is_empty())),
        ("foreign", !contract.own),
        ("versions", versions),
        ("unset", unset),
        ("plain", any(|operation| matches!(operation.answer, Answer::Text | Answer::Binary))),
        ("binary", any(|operation| operation.answer == Answer::Binary)),
        ("none", direct || any(|operation| operation.answer == Answer::Empty)),
        ("unchanged", any(|operation| operation.not_modified)),
        ("query", query),
        ("pairs", pairs),
        ("styles", styles),
        ("objects", pairs || styles || basic || container || contract.dates),
        ("form", form),
        ("media", any(|operation| operation.body.as_ref().is_some_and(writes_media))),
        ("raw", body(|form| *form == Form::Raw)),
        ("auth", any(|operation| !operation.schemes.is_empty())),
        ("basic", basic),
        ("override", any(|operation| operation.method == Method::Patch)),
        ("server", direct || any(|operation| operation.server.is_some())),
        ("idempotent", idempotent || direct),
        ("unique", idempotent || direct || multipart || subscribe),
        ("upload", upload),
        ("size", limited || direct),
        ("direct", direct),
        ("multipart", multipart),
        ("download", download),
        ("progress", upload || download),
        ("door", upload || download),
        ("container", container),
        ("subscribe", subscribe),
        ("dates", contract.dates),
    ];
    parts.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect()
}

/// Whether the client itself writes another media type than that of JSON.
fn writes_media(body: &Body) -> bool {
    body.media_sent().is_some() && !matches!(body.form, Form::Multipart { required: true, .. })
}

pub(crate) fn emit(contract: &Contract, options: &Options) -> String {
    let used = parts(contract, options);
    let mut text = format!(
        "// {}\n'use strict';\n\nmodule.exports = function (name, contract, bases, renewal{}) {{",
        super::javascript::header(contract),
        if options.container.is_some() { ", container" } else { "" }
    );
    for ((_, file), part) in FILES {
        if part.is_empty() || used.contains(part) {
            let file = select(file, &used);
            if !file.is_empty() {
                text.push('\n');
                indent(&mut text, &file, "  ");
            }
        }
    }
    text.push_str("};\n");
    text
}

fn indent(text: &mut String, lines: &str, by: &str) {
    for line in lines.lines() {
        text.push_str(if line.is_empty() { "" } else { by });
        text.push_str(line);
        text.push('\n');
    }
}

/// Leaves out the regions of parts that are not used, and all markers. Regions may lie in each other.
pub(super) fn select(file: &str, used: &[&str]) -> String {
    let mut text = String::with_capacity(file.len());
    // Whether what is inside is used, for each region that is open.
    let mut open: Vec<bool> = Vec::new();
    for line in file.lines() {
        let here = open.iter().all(|used| *used);
        match line.trim().strip_prefix("//#") {
            Some("end") => drop(open.pop()),
            Some(directive) if directive.starts_with("include ") => {
                text.extend(here.then(|| included(line, directive, used)));
            }
            Some(part) => open.push(match part.strip_prefix('!') {
                Some(part) => !used.contains(&part),
                None => used.contains(&part),
            }),
            None if here => {
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    text
}

/// What stands in the place of the line that names a file.
fn included(line: &str, directive: &str, used: &[&str]) -> String {
    let by = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    let named = INCLUDED.iter().find(|(name, _)| directive.strip_prefix("include ") == Some(name));
    let (_, file) = named.expect("a test emits every part");
    let mut text = String::new();
    indent(&mut text, &select(file, used), by);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions() {
        let part = "a\n  //#session\n  b\n  //#end\nc\n//#binary\nd\n//#end\n";
        assert_eq!(select(part, &["binary"]), "a\nc\nd\n");
        assert_eq!(select(part, &["session"]), "a\n  b\nc\n");
        assert_eq!(select("//#!a\nb\n//#end\n", &["a"]), "");
        assert_eq!(select("//#!a\nb\n//#end\n", &[]), "b\n");
        let included = select("  //#include send.js\n", &[]);
        assert!(included.starts_with("  function send() {\n") && !included.contains("//#"), "{included}");
    }
}
