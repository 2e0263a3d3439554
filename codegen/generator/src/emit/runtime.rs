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
const LOADING: &str = include_str!("../../../client/loading.js");
const SESSION: &str = include_str!("../../../client/session.js");
const UPGRADE: &str = include_str!("../../../client/upgrade.js");
const BINARY: &str = include_str!("../../../client/binary.js");
const UNIQUE: &str = include_str!("../../../client/unique.js");
const DATE: &str = include_str!("../../../client/date.js");
const CALL: &str = include_str!("../../../client/call.js");
const API: &str = include_str!("../../../client/api.js");

/// The parts that this contract uses of those that not every contract does. In files that all have, lines of such a
/// part stand between `//#session` and `//#end`.
pub(super) fn parts(contract: &Contract, options: &Options) -> Vec<&'static str> {
    let any = |has: fn(&Operation) -> bool| contract.operations.iter().any(has);
    let form = |operation: &Operation| {
        operation.body.as_ref().is_some_and(|body| matches!(body.form, Form::Pairs(_)))
    };
    let styled =
        |operation: &Operation| operation.parameters.iter().any(|parameter| parameter.style != Style::Plain);
    let parts = [
        ("session", any(|operation| operation.access != Access::Everybody)),
        ("upgrade", any(|operation| operation.codes.contains("client.too_old"))),
        ("details", any(|operation| !operation.details.is_empty())),
        ("binary", any(|operation| operation.answer == Answer::Binary)),
        ("styles", any(styled) || any(form)),
        ("form", any(form)),
        ("raw", any(|operation| operation.body.as_ref().is_some_and(|body| body.form == Form::Raw))),
        ("auth", any(|operation| !operation.schemes.is_empty())),
        ("basic", any(|operation| operation.schemes.values().any(|scheme| *scheme == Scheme::Basic))),
        ("override", any(|operation| operation.method == Method::Patch)),
        ("server", any(|operation| operation.server.is_some())),
        ("idempotent", any(|operation| operation.idempotent)),
        ("dates", contract.dates),
    ];
    let chosen = Part::ALL.iter().filter(|part| !options.without.contains(part)).map(|part| part.name());
    chosen.chain(parts.into_iter().filter(|(_, used)| *used).map(|(name, _)| name)).collect()
}

pub(crate) fn emit(contract: &Contract, options: &Options) -> String {
    let used = parts(contract, options);
    let mut text = format!(
        "// {}\n'use strict';\nmodule.exports = function (name, contract, bases, renewal) {{\n",
        super::javascript::header(contract)
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
        (LOADING, Some("hooks")),
        (SESSION, Some("session")),
        (UPGRADE, Some("upgrade")),
        (BINARY, Some("binary")),
        (UNIQUE, Some("idempotent")),
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
