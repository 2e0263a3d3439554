//! `index.js`: one line an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{key, one_line, quote};
use crate::BaseUrl;
use crate::contract::{Access, Answer, Contract, Form, Operation, Scheme, Style};

/// The words by which a generated file is known; what comes before them differs by file.
pub(crate) fn header(contract: &Contract) -> String {
    let name = one_line(&format!("{} {}", contract.name, contract.version));
    format!("{} from the contract of {name}; do not edit.", crate::HEADER)
}

pub(crate) fn emit(contract: &Contract, base_url: &BaseUrl) -> String {
    let mut text =
        format!("// queqiao contract: {}\n// {}\n'use strict';\n\n", contract.id, header(contract));
    let mut arguments = vec![quote(&contract.name), quote(&contract.id), base(base_url)];
    arguments.extend(contract.renewal_header.as_deref().map(quote));
    text.push_str("var runtime = require('./runtime');\n");
    text.push_str(&format!("var api = runtime.create({});\n", arguments.join(", ")));
    text.push_str("var op = api.operation;\n");

    let (groups, own) = group_codes(&contract.operations);
    if !groups.is_empty() {
        text.push_str("\n// Error codes that several operations share.\n");
        for (index, codes) in groups.iter().enumerate() {
            text.push_str(&format!("var {} = {};\n", group_name(index), quote(&words(codes))));
        }
    }
    let credentials = credentials(&contract.operations);
    if !credentials.is_empty() {
        text.push_str("\n// The credentials that operations take; configure({ auth }) gives them.\n");
        for (index, schemes) in credentials.iter().enumerate() {
            let members: Vec<_> = schemes
                .iter()
                .map(|(name, scheme)| format!("{}: {}", key(name), quote(&carrier(scheme))))
                .collect();
            text.push_str(&format!("var {} = {{ {} }};\n", credential_name(index), members.join(", ")));
        }
    }
    text.push('\n');
    for (operation, codes) in contract.operations.iter().zip(own) {
        let credential = credentials.iter().position(|schemes| **schemes == operation.schemes);
        text.push_str(&line(operation, &codes, credential));
    }
    text.push_str("\nexports.configure = api.configure;\nexports.ApiError = runtime.ApiError;\n");
    text
}

fn base(base_url: &BaseUrl) -> String {
    match base_url {
        BaseUrl::Unset => "''".into(),
        BaseUrl::One(url) => quote(url),
        BaseUrl::ByVersion { develop, trial, release } => {
            let versions = [("develop", develop), ("trial", trial), ("release", release)];
            let members: Vec<_> = versions
                .into_iter()
                .filter_map(|(version, url)| url.as_ref().map(|url| format!("{version}: {}", quote(url))))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn line(operation: &Operation, codes: &str, credential: Option<usize>) -> String {
    let access = match operation.access {
        Access::Everybody => "",
        Access::User => "user",
        Access::Optional => "optional",
        Access::Login => "login",
        Access::Logout => "logout",
    };
    let answer = match operation.answer {
        Answer::Json => "",
        Answer::Text => "text",
        Answer::Binary => "binary",
        // 204 is read as nothing anyway.
        Answer::Empty => "empty",
    };
    let path = match &operation.server {
        Some(server) => quote(&format!("{server}{}", operation.path)),
        None => quote(&operation.path),
    };
    let more = more(operation, credential);
    let mut arguments = vec![quote(operation.method.as_str()), path, codes.to_owned()];
    if !access.is_empty() || !answer.is_empty() || !more.is_empty() {
        arguments.push(quote(access));
    }
    if !answer.is_empty() || !more.is_empty() {
        arguments.push(quote(answer));
    }
    if !more.is_empty() {
        arguments.push(format!("{{ {} }}", more.join(", ")));
    }
    let name = match key(&operation.name) {
        quoted if quoted.starts_with('\'') => format!("exports[{quoted}]"),
        name => format!("exports.{name}"),
    };
    format!("{name} = op({});\n", arguments.join(", "))
}

/// What few operations have, as members of an object.
fn more(operation: &Operation, credential: Option<usize>) -> Vec<String> {
    let mut members = Vec::new();
    let styles = operation.parameters.iter().map(|parameter| (&parameter.name, parameter.style));
    members.extend(object(styles).map(|styles| format!("styles: {styles}")));
    if let Some(body) = &operation.body {
        if body.media != "application/json" {
            members.push(format!("media: {}", quote(&body.media)));
        }
        match &body.form {
            Form::Json => {}
            Form::Pairs(styles) => {
                let styles = object(styles.iter().map(|(name, style)| (name, *style)));
                members.push(format!("form: {}", styles.unwrap_or_else(|| "{}".to_owned())));
            }
            Form::Raw => members.push("raw: true".to_owned()),
        }
    }
    members.extend(credential.map(|index| format!("auth: {}", credential_name(index))));
    members
}

/// The styles that are not plain, as an object.
fn object<'o>(styles: impl Iterator<Item = (&'o String, Style)>) -> Option<String> {
    let word = |style| match style {
        Style::Plain => None,
        Style::Comma => Some(","),
        Style::Space => Some(" "),
        Style::Pipe => Some("|"),
        Style::Members => Some("members"),
        Style::Deep => Some("deep"),
        Style::Json => Some("json"),
    };
    let styles: BTreeMap<_, _> = styles.filter_map(|(name, style)| Some((name, word(style)?))).collect();
    let members: Vec<_> =
        styles.into_iter().map(|(name, word)| format!("{}: {}", key(name), quote(word))).collect();
    (!members.is_empty()).then(|| format!("{{ {} }}", members.join(", ")))
}

/// The different sets of schemes, in the order in which operations need them.
fn credentials(operations: &[Operation]) -> Vec<&BTreeMap<String, Scheme>> {
    let mut sets: Vec<&BTreeMap<String, Scheme>> = Vec::new();
    for operation in operations {
        if !operation.schemes.is_empty() && !sets.contains(&&operation.schemes) {
            sets.push(&operation.schemes);
        }
    }
    sets
}

/// Where a credential travels, in the words of the runtime's `auth.js`.
fn carrier(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Bearer => "bearer".to_owned(),
        Scheme::Basic => "basic".to_owned(),
        Scheme::Header(name) => format!("header {name}"),
        Scheme::Query(name) => format!("query {name}"),
    }
}

fn credential_name(index: usize) -> String {
    format!("a{}", index + 1)
}

/// Codes as words, each after a space, so that strings of them can be added.
fn words(codes: &BTreeSet<&str>) -> String {
    codes.iter().map(|code| format!(" {code}")).collect()
}

/// Finds the codes that occur together in several operations, and writes each operation's codes with their help.
fn group_codes(operations: &[Operation]) -> (Vec<BTreeSet<&str>>, Vec<String>) {
    let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        for code in &operation.codes {
            users.entry(code).or_default().push(index);
        }
    }
    let mut groups: BTreeMap<Vec<usize>, BTreeSet<&str>> = BTreeMap::new();
    for (code, users) in users {
        groups.entry(users).or_default().insert(code);
    }
    let mut own: Vec<(Vec<String>, BTreeSet<&str>)> = vec![Default::default(); operations.len()];
    let mut shared = Vec::new();
    for (users, codes) in groups {
        // A name pays from the second use on, and not for one short word.
        let pays = users.len() > 1 && (users.len() - 1) * words(&codes).len() > 24;
        if pays {
            shared.push(codes.clone());
        }
        for user in users {
            if let Some((names, single)) = own.get_mut(user) {
                if pays {
                    names.push(group_name(shared.len() - 1));
                } else {
                    single.extend(codes.iter().copied());
                }
            }
        }
    }
    let written = own.into_iter().map(|(mut names, single)| {
        if !single.is_empty() || names.is_empty() {
            names.push(quote(&words(&single)));
        }
        names.join(" + ")
    });
    (shared, written.collect())
}

fn group_name(index: usize) -> String {
    format!("e{}", index + 1)
}
