//! What few operations have beside method, path and error codes, in members of one letter: see `call.js`.

use std::collections::{BTreeMap, BTreeSet};

use super::javascript::credential_name;
use super::text::{key, quote};
use crate::contract::{Answer, Direct, Form, Operation, Scheme, Style};

/// The members in words, for who reads a client.
const LETTERS: &[(char, &str)] = &[
    ('a', "credentials"),
    ('d', "goes past the server"),
    ('f', "file"),
    ('i', "idempotent"),
    ('l', "bytes at most"),
    ('m', "media type"),
    ('n', "answers nothing"),
    ('p', "form"),
    ('r', "body as it is"),
    ('s', "styles"),
    ('t', "answer that is not JSON"),
    ('u', "may be unchanged"),
];

/// The objects of operations; equal ones are written once.
pub(super) struct More {
    /// Statements that give names to those of several operations, after a comment.
    pub(super) declared: String,
    /// The expression of each operation; empty if it has none.
    pub(super) own: Vec<String>,
}

impl More {
    pub(super) fn of(operations: &[Operation], credentials: &[&BTreeMap<String, Scheme>]) -> Self {
        let mut letters = BTreeSet::new();
        let mut own: Vec<String> = operations
            .iter()
            .map(|operation| {
                let credential = credentials.iter().position(|schemes| **schemes == operation.schemes);
                let members = members(operation, credential);
                letters.extend(members.iter().map(|(letter, _)| *letter));
                let members: Vec<_> =
                    members.into_iter().map(|(letter, value)| format!("{letter}: {value}")).collect();
                if members.is_empty() { String::new() } else { format!("{{ {} }}", members.join(", ")) }
            })
            .collect();
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for object in own.iter().filter(|object| !object.is_empty()) {
            *uses.entry(object).or_default() += 1;
        }
        uses.retain(|_, uses| *uses > 1);
        let words: Vec<_> = LETTERS.iter().filter(|(letter, _)| letters.contains(letter)).collect();
        let words: Vec<_> = words.into_iter().map(|(letter, word)| format!("{letter}: {word}")).collect();
        let mut declared = String::new();
        if !words.is_empty() {
            declared = format!("\n// What few operations have. {}.\n", words.join(", "));
        }
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (index, object) in uses.into_keys().enumerate() {
            let name = format!("m{}", index + 1);
            declared.push_str(&format!("var {name} = {object};\n"));
            names.insert(object.to_owned(), name);
        }
        for object in &mut own {
            if let Some(name) = names.get(object) {
                object.clone_from(name);
            }
        }
        Self { declared, own }
    }
}

fn members(operation: &Operation, credential: Option<usize>) -> Vec<(char, String)> {
    let mut members = Vec::new();
    let answer = match operation.answer {
        Answer::Json => None,
        Answer::Text => Some(('t', "'text'")),
        Answer::Binary => Some(('t', "'arraybuffer'")),
        Answer::Empty => Some(('n', "1")),
    };
    members.extend(answer.map(|(letter, value)| (letter, value.to_owned())));
    let flags = [operation.not_modified.then_some('u'), operation.idempotent.then_some('i')];
    members.extend(flags.into_iter().flatten().map(|flag| (flag, "1".to_owned())));
    let styles = operation.parameters.iter().map(|parameter| (&parameter.name, parameter.style));
    members.extend(object(styles).map(|styles| ('s', styles)));
    if let Some(body) = &operation.body {
        members.extend(body.media_sent().map(|media| ('m', quote(media))));
        match &body.form {
            Form::Json => {}
            Form::Pairs(styles) => {
                let styles = object(styles.iter().map(|(name, style)| (name, *style)));
                members.push(('p', styles.unwrap_or_else(|| "{}".to_owned())));
            }
            Form::Raw => members.push(('r', "1".to_owned())),
            Form::Multipart { file, limit, direct, .. } => {
                let file = quote(file.as_deref().unwrap_or_default());
                members.push(match direct {
                    Some(Direct { begin, operation, member }) => {
                        let [begin, operation, member] = [begin, operation, member].map(|text| quote(text));
                        ('d', format!("[{begin}, {operation}, {member}, {file}]"))
                    }
                    None => ('f', file),
                });
                members.extend(limit.map(|bytes| ('l', bytes.to_string())));
            }
        }
    }
    members.extend(credential.map(|index| ('a', credential_name(index))));
    members
}

/// The styles that are not plain, as an object; see `pairs.js`.
fn object<'o>(styles: impl Iterator<Item = (&'o String, Style)>) -> Option<String> {
    let literal = |style| match style {
        Style::Plain => None,
        Style::Comma => Some("','"),
        Style::Space => Some("'%20'"),
        Style::Pipe => Some("'%7C'"),
        Style::Members => Some("-1"),
        Style::Deep => Some("-2"),
        Style::Json => Some("1"),
    };
    let styles: BTreeMap<_, _> = styles.filter_map(|(name, style)| Some((name, literal(style)?))).collect();
    let members: Vec<_> =
        styles.into_iter().map(|(name, literal)| format!("{}: {literal}", key(name))).collect();
    (!members.is_empty()).then(|| format!("{{ {} }}", members.join(", ")))
}
