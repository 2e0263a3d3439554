//! `runtime.js`: the parts of `codegen/client` that a contract uses, joined.

use crate::contract::{Access, Answer, Contract};

const ERROR: &str = include_str!("../../../client/error.js");
const ENCODE: &str = include_str!("../../../client/encode.js");
const QUEUE: &str = include_str!("../../../client/queue.js");
const SESSION: &str = include_str!("../../../client/session.js");
const BINARY: &str = include_str!("../../../client/binary.js");
const CALL: &str = include_str!("../../../client/call.js");

pub(crate) fn emit(contract: &Contract) -> String {
    let session = contract.operations.iter().any(|operation| operation.access != Access::Everybody);
    let binary = contract.operations.iter().any(|operation| operation.answer == Answer::Binary);
    let mut text = format!("// {}\n'use strict';\n", super::javascript::header(contract));
    let parts =
        [(ERROR, true), (ENCODE, true), (QUEUE, true), (SESSION, session), (BINARY, binary), (CALL, true)];
    for (part, used) in parts {
        if used {
            text.push('\n');
            text.push_str(&select(part, session, binary));
        }
    }
    text
}

/// Leaves out the regions `//#session … //#end` and `//#binary … //#end` that are not used, and all markers.
fn select(part: &str, session: bool, binary: bool) -> String {
    let mut text = String::with_capacity(part.len());
    let mut used = true;
    for line in part.lines() {
        match line.trim() {
            "//#session" => used = session,
            "//#binary" => used = binary,
            "//#end" => used = true,
            _ if used => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
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
        assert_eq!(select(part, false, true), "a\nc\nd\n");
        assert_eq!(select(part, true, false), "a\n  b\nc\n");
    }
}
