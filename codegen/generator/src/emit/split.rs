//! One file for each tag, so that a sub-package (分包) carries its own operations only.

use std::collections::BTreeMap;

use super::{declarations, javascript, runtime};
use crate::contract::{Access, Contract, Operation};
use crate::{BaseUrl, Options, Split};

/// Names that the files of every client have.
const TAKEN: &[&str] = &["client", "index", "runtime"];

pub(crate) fn emit(
    contract: &Contract,
    base_url: &BaseUrl,
    options: &Options,
    split: &Split,
) -> BTreeMap<String, String> {
    let login = contract.operations.iter().find(|operation| operation.access == Access::Login);
    // What has no tag, and the log-in.
    let mut index = Vec::new();
    let mut parts: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in &contract.operations {
        match operation.tag.as_deref().and_then(file_name).filter(|_| operation.access != Access::Login) {
            Some(name) => parts.entry(name).or_default().push(operation.clone()),
            None => index.push(operation.clone()),
        }
    }
    let mut files = BTreeMap::from([
        ("runtime.js".to_owned(), runtime::emit(contract, options)),
        ("client.js".to_owned(), javascript::emit_client(contract, base_url, options, login)),
        ("index.d.ts".to_owned(), declarations::emit(contract, options, &index)),
    ]);
    index.retain(|operation| operation.access != Access::Login);
    files.insert(
        "index.js".to_owned(),
        javascript::emit_part(contract, options, &split.client, &index, true, login),
    );
    for (name, operations) in parts {
        files.insert(
            format!("{name}.js"),
            javascript::emit_part(contract, options, &split.client, &operations, false, login),
        );
        files.insert(
            format!("{name}.d.ts"),
            declarations::emit_part(contract, options, &operations, &split.types),
        );
    }
    files
}

/// The file of a tag: its words in lower case with dashes between, the same for tags that differ in nothing else.
fn file_name(tag: &str) -> Option<String> {
    let words: Vec<String> = tag
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut name = words.join("-");
    if TAKEN.contains(&name.as_str()) {
        name.push('-');
    }
    (!name.is_empty()).then_some(name)
}
