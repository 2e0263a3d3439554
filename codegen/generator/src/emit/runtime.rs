//! `runtime.js`: the parts of `codegen/client` that a contract uses, joined.

use crate::contract::{Access, Answer, Contract, Form, Method, Operation, Scheme, Style};

const ERROR: &str = include_str!("../../../client/error.js");
const ENCODE: &str = include_str!("../../../client/encode.js");
const STYLE: &str = include_str!("../../../client/style.js");
const FORM: &str = include_str!("../../../client/form.js");
const AUTH: &str = include_str!("../../../client/auth.js");
const QUEUE: &str = include_str!("../../../client/queue.js");
const SESSION: &str = include_str!("../../../client/session.js");
const UPGRADE: &str = include_str!("../../../client/upgrade.js");
const BINARY: &str = include_str!("../../../client/binary.js");
const CALL: &str = include_str!("../../../client/call.js");

/// The parts that this contract uses of those that not every contract does. In files that all have, lines of such a
/// part stand between `//#session` and `//#end`.
pub(super) fn parts(contract: &Contract) -> Vec<&'static str> {
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
    ];
    parts.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect()
}

pub(crate) fn emit(contract: &Contract) -> String {
    let used = parts(contract);
    let mut text = format!("// {}\n'use strict';\n", super::javascript::header(contract));
    let files = [
        (ERROR, None),
        (ENCODE, None),
        (STYLE, Some("styles")),
        (FORM, Some("form")),
        (AUTH, Some("auth")),
        (QUEUE, None),
        (SESSION, Some("session")),
        (UPGRADE, Some("upgrade")),
        (BINARY, Some("binary")),
        (CALL, None),
    ];
    for (file, part) in files {
        if part.is_none_or(|part| used.contains(&part)) {
            text.push('\n');
            text.push_str(&select(file, &used));
        }
    }
    text
}

/// Leaves out the regions of parts that are not used, and all markers.
pub(super) fn select(file: &str, used: &[&str]) -> String {
    let mut text = String::with_capacity(file.len());
    let mut inside = None;
    for line in file.lines() {
        match line.trim().strip_prefix("//#") {
            Some("end") => inside = None,
            Some(part) => inside = Some(part),
            None if inside.is_none_or(|part| used.contains(&part)) => {
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
