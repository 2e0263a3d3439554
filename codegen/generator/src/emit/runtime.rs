//! `runtime.js`: the parts of `codegen/client` that a contract uses, joined.

use crate::contract::{Access, Answer, Contract, Form, Method, Operation, Scheme, Style};
use crate::{Options, Part};

const HOST: &str = include_str!("../../../client/host.js");
const ERROR: &str = include_str!("../../../client/error.js");
const ENCODE: &str = include_str!("../../../client/encode.js");
const STYLE: &str = include_str!("../../../client/style.js");
const FORM: &str = include_str!("../../../client/form.js");
const AUTH: &str = include_str!("../../../client/auth.js");
const QUEUE: &str = include_str!("../../../client/queue.js");
const BACKGROUND: &str = include_str!("../../../client/background.js");
const RETRY: &str = include_str!("../../../client/retry.js");
const SHARE: &str = include_str!("../../../client/share.js");
const HOOKS: &str = include_str!("../../../client/hooks.js");
const SESSION: &str = include_str!("../../../client/session.js");
const UPGRADE: &str = include_str!("../../../client/upgrade.js");
const BINARY: &str = include_str!("../../../client/binary.js");
const PART: &str = include_str!("../../../client/part.js");
const UPLOAD: &str = include_str!("../../../client/upload.js");
const SIZE: &str = include_str!("../../../client/size.js");
const DIRECT: &str = include_str!("../../../client/direct.js");
const MULTIPART: &str = include_str!("../../../client/multipart.js");
const UNIQUE: &str = include_str!("../../../client/unique.js");
const DATE: &str = include_str!("../../../client/date.js");
const CALL: &str = include_str!("../../../client/call.js");
const API: &str = include_str!("../../../client/api.js");

/// The parts that this contract uses of those that not every contract does. In files that all have, lines of such a
/// part stand between `//#session` and `//#end`.
pub(super) fn parts(contract: &Contract, options: &Options) -> Vec<&'static str> {
    let any = |has: fn(&Operation) -> bool| contract.operations.iter().any(has);
    let body = |is: fn(&Form) -> bool| {
        contract.operations.iter().filter_map(|operation| operation.body.as_ref()).any(|body| is(&body.form))
    };
    let styled =
        |operation: &Operation| operation.parameters.iter().any(|parameter| parameter.style != Style::Plain);
    let form = body(|form| matches!(form, Form::Pairs(_)));
    let upload = body(|form| matches!(form, Form::Multipart { file: Some(_), .. }));
    let multipart = body(|form| matches!(form, Form::Multipart { required: false, direct: None, .. }));
    let limited = body(|form| matches!(form, Form::Multipart { limit: Some(_), .. }));
    let direct = body(|form| matches!(form, Form::Multipart { direct: Some(_), .. }));
    let idempotent = any(|operation| operation.idempotent);
    // A container cannot be reached by wx.downloadFile.
    let download = options.container.is_none() && any(Operation::downloads);
    let parts = [
        ("session", any(|operation| operation.access != Access::Everybody)),
        ("upgrade", any(|operation| operation.codes.contains("client.too_old"))),
        ("details", any(|operation| !operation.details.is_empty())),
        // In no other words than the server's does the language matter.
        ("language", any(|operation| !operation.codes.is_empty())),
        ("text", any(|operation| operation.answer == Answer::Text)),
        ("unchanged", any(|operation| operation.not_modified)),
        ("binary", any(|operation| operation.answer == Answer::Binary)),
        ("styles", any(styled) || form),
        ("form", form),
        ("raw", body(|form| *form == Form::Raw)),
        ("auth", any(|operation| !operation.schemes.is_empty())),
        ("basic", any(|operation| operation.schemes.values().any(|scheme| *scheme == Scheme::Basic))),
        ("override", any(|operation| operation.method == Method::Patch)),
        ("server", direct || any(|operation| operation.server.is_some())),
        ("idempotent", idempotent || direct),
        ("unique", idempotent || direct || multipart),
        ("part", upload || multipart),
        ("upload", upload),
        ("size", limited || direct),
        ("direct", direct),
        ("multipart", multipart),
        ("download", download),
        ("progress", upload || download),
        ("door", upload || download || options.container.is_some()),
        ("container", options.container.is_some()),
        ("dates", contract.dates),
    ];
    let chosen = Part::ALL.iter().filter(|part| !options.without.contains(part)).map(|part| part.name());
    chosen.chain(parts.into_iter().filter(|(_, used)| *used).map(|(name, _)| name)).collect()
}

pub(crate) fn emit(contract: &Contract, options: &Options) -> String {
    let used = parts(contract, options);
    let mut text = format!(
        "// {}\n'use strict';\n\nmodule.exports = function (name, contract, bases, renewal{}) {{",
        super::javascript::header(contract),
        if options.container.is_some() { ", container" } else { "" }
    );
    let files = [
        (HOST, None),
        (ERROR, None),
        (ENCODE, None),
        (STYLE, Some("styles")),
        (FORM, Some("form")),
        (AUTH, Some("auth")),
        (QUEUE, None),
        (BACKGROUND, Some("background")),
        (RETRY, Some("retry")),
        (SHARE, Some("share")),
        (HOOKS, Some("hooks")),
        (SESSION, Some("session")),
        (UPGRADE, Some("upgrade")),
        (BINARY, Some("binary")),
        (PART, Some("part")),
        (UPLOAD, Some("upload")),
        (SIZE, Some("size")),
        (DIRECT, Some("direct")),
        (MULTIPART, Some("multipart")),
        (UNIQUE, Some("unique")),
        (DATE, Some("dates")),
        (CALL, None),
        (API, None),
    ];
    for (file, part) in files {
        if part.is_none_or(|part| used.contains(&part)) {
            text.push('\n');
            for line in select(file, &used).lines() {
                text.push_str(if line.is_empty() { "" } else { "  " });
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text.push_str("};\n");
    text
}

/// Leaves out the regions of parts that are not used, and all markers. Regions may lie in each other.
pub(super) fn select(file: &str, used: &[&str]) -> String {
    let mut text = String::with_capacity(file.len());
    // Whether what is inside is used, for each region that is open.
    let mut open: Vec<bool> = Vec::new();
    for line in file.lines() {
        match line.trim().strip_prefix("//#") {
            Some("end") => drop(open.pop()),
            Some(part) => open.push(used.contains(&part)),
            None if open.iter().all(|used| *used) => {
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
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
    }
}
