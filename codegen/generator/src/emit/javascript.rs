//! `index.js`: one line an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::more::More;
use super::runtime::parts;
use super::text::{key, one_line, percent_encode, quote};
use crate::contract::{Access, Contract, Method, Operation, Scheme};
use crate::{BaseUrl, Container, Options};

/// The words by which a generated file is known; what comes before them differs by file.
pub(crate) fn header(contract: &Contract) -> String {
    let name = one_line(&format!("{} {}", contract.name, contract.version));
    format!("{} from the contract of {name}; do not edit.", crate::HEADER)
}

fn opening(contract: &Contract) -> String {
    format!("// queqiao contract: {}\n// {}\n'use strict';\n\n", contract.id, header(contract))
}

/// A client of one file beside the runtime.
pub(crate) fn emit(contract: &Contract, base_url: &BaseUrl, options: &Options) -> String {
    let mut text = opening(contract);
    text.push_str(&format!("var api = {};\n", create(contract, base_url, options)));
    text.push_str(&operations(&contract.operations));
    text.push_str(&rest(contract, options));
    text
}

/// `client.js` of a split client: what its other files have in common.
pub(crate) fn emit_client(
    contract: &Contract,
    base_url: &BaseUrl,
    options: &Options,
    login: Option<&Operation>,
) -> String {
    let mut text = opening(contract);
    text.push_str(&format!("var api = {};\n", create(contract, base_url, options)));
    if let Some(login) = login {
        // Every file of the client may have to log in.
        let made = operations(std::slice::from_ref(login));
        text.push_str(&made.replace(&format!("\n{} = ", place(login)), "\napi.login = "));
    }
    text.push_str("\nmodule.exports = api;\n");
    text
}

/// `index.js` of a split client, or the file of a tag.
pub(crate) fn emit_part(
    contract: &Contract,
    options: &Options,
    client: &str,
    part: &[Operation],
    index: bool,
    login: Option<&Operation>,
) -> String {
    let mut text = opening(contract);
    text.push_str(&format!("var api = require({});\n", quote(client)));
    text.push_str(&operations(part));
    if index {
        if let Some(login) = login {
            text.push_str(&format!("\n{} = api.login;\n", place(login)));
        }
        text.push_str(&rest(contract, options));
    }
    text
}

fn create(contract: &Contract, base_url: &BaseUrl, options: &Options) -> String {
    let mut arguments = vec![quote(&contract.name), quote(&contract.id), base(base_url)];
    arguments.push(quote(&contract.renewal_header.as_deref().unwrap_or_default().to_lowercase()));
    if let Some(Container { env, service }) = &options.container {
        arguments.push(format!("{{ env: {}, service: {} }}", quote(env), quote(service)));
    } else if contract.renewal_header.is_none() {
        arguments.pop();
    }
    format!("require('./runtime')({})", arguments.join(", "))
}

fn operations(operations: &[Operation]) -> String {
    let mut text = String::new();
    let codes = Codes::of(operations);
    if !codes.shared.is_empty() {
        text.push_str("\n// Error codes that several operations share.\n");
        for (index, shared) in codes.shared.iter().enumerate() {
            text.push_str(&format!("var {} = {shared};\n", group_name(index)));
        }
    }
    let credentials = credentials(operations);
    if !credentials.is_empty() {
        text.push_str("\n// The credentials that operations take; configure({ auth }) gives them.\n");
        for (index, schemes) in credentials.iter().enumerate() {
            let members: Vec<_> =
                schemes.iter().map(|(name, scheme)| format!("{}: {}", key(name), carrier(scheme))).collect();
            text.push_str(&format!("var {} = {{ {} }};\n", credential_name(index), members.join(", ")));
        }
    }
    if !operations.is_empty() {
        text.push_str("\n// Method, who may call, and the error codes that all such operations have.\n");
    }
    for ((access, method), common) in &codes.common {
        let common = if common.is_empty() { "''" } else { common };
        let (maker, access) = (maker(*access, *method), number(*access));
        text.push_str(&format!(
            "var {maker} = api.op.bind(0, {}, {access}, {common});\n",
            quote(method.as_str())
        ));
    }
    let more = More::of(operations, &credentials);
    text.push_str(&more.declared);
    text.push('\n');
    for ((operation, codes), more) in operations.iter().zip(&codes.own).zip(&more.own) {
        text.push_str(&line(operation, codes, more));
    }
    text
}

fn rest(contract: &Contract, options: &Options) -> String {
    let lines = exports(contract, options).into_iter().map(|name| format!("exports.{name} = api.{name};\n"));
    let subscribe = contract.subscribe.as_ref().filter(|_| parts(contract, options).contains(&"subscribe"));
    let subscribe = subscribe
        .map(|subscribe| format!("exports.requestSubscribe = api.subscribe({});\n", quote(&subscribe.path)));
    format!("\n{}{}", lines.collect::<String>(), subscribe.unwrap_or_default())
}

/// What an operation is assigned to.
fn place(operation: &Operation) -> String {
    match key(&operation.name) {
        quoted if quoted.starts_with('\'') => format!("exports[{quoted}]"),
        name => format!("exports.{name}"),
    }
}

/// What a client exports beside its operations.
fn exports(contract: &Contract, options: &Options) -> Vec<&'static str> {
    let mut names = vec!["ApiError", "configure"];
    names.extend(contract.dates.then_some("parseDate"));
    names.extend(parts(contract, options).contains(&"users").then_some("switchUser"));
    names
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

/// What the runtime calls it, see `call.js`.
fn number(access: Access) -> u8 {
    match access {
        Access::Everybody => 0,
        Access::Optional => 1,
        Access::User => 2,
        Access::Login => 3,
        Access::Logout => 4,
    }
}

/// Who may call, as the first part of a variable's name.
fn word(access: Access) -> &'static str {
    match access {
        Access::Everybody => "",
        Access::User => "user",
        Access::Optional => "optional",
        Access::Login => "login",
        Access::Logout => "logout",
    }
}

/// The variable that makes operations of an access and a method, such as `userGet`.
fn maker(access: Access, method: Method) -> String {
    let method = method.as_str().to_lowercase();
    match (access, method.as_str()) {
        // A reserved word.
        (Access::Everybody, "delete") => "remove".to_owned(),
        (Access::Everybody, _) => method,
        (access, _) => {
            let (first, rest) = method.split_at(1);
            format!("{}{}{rest}", word(access), first.to_uppercase())
        }
    }
}

fn line(operation: &Operation, codes: &str, more: &str) -> String {
    let server = operation.server.as_deref().unwrap_or_default();
    let mut arguments = vec![quote(&format!("{server}{}", operation.path))];
    if !codes.is_empty() || !more.is_empty() {
        arguments.push(if codes.is_empty() { "''".to_owned() } else { codes.to_owned() });
    }
    if !more.is_empty() {
        arguments.push(more.to_owned());
    }
    [&place(operation), " = ", &maker(operation.access, operation.method), "(", &arguments.join(", "), ");\n"]
        .concat()
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

/// Where a credential travels, in the words of the runtime's `authorize.js`.
fn carrier(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Bearer => "['Authorization', 'Bearer ']".to_owned(),
        Scheme::Basic => "['Authorization', 'Basic ', 1]".to_owned(),
        Scheme::Header(name) => format!("[{}, '']", quote(name)),
        Scheme::Query(name) => format!("['', {}]", quote(&format!("{}=", percent_encode(name)))),
    }
}

pub(super) fn credential_name(index: usize) -> String {
    format!("a{}", index + 1)
}

/// Codes as words, each after a space, so that strings of them can be added.
fn words(codes: &BTreeSet<&str>) -> String {
    codes.iter().flat_map(|code| [" ", code]).collect()
}

/// The error codes of operations, each text written once.
#[derive(Default)]
struct Codes {
    /// Expressions that have a name of their own.
    shared: Vec<String>,
    /// What all operations of one access and method have.
    common: BTreeMap<(Access, Method), String>,
    /// What each operation has beside that.
    own: Vec<String>,
}

impl Codes {
    fn of(operations: &[Operation]) -> Self {
        let mut codes = Self::default();
        let mut of_maker: BTreeMap<(Access, Method), BTreeSet<&str>> = BTreeMap::new();
        for operation in operations {
            let own = || operation.codes.iter().map(String::as_str);
            match of_maker.get_mut(&(operation.access, operation.method)) {
                Some(common) => common.retain(|code| operation.codes.contains(*code)),
                None => drop(of_maker.insert((operation.access, operation.method), own().collect())),
            }
        }
        let mut everywhere = of_maker.values().next().cloned().unwrap_or_default();
        everywhere.retain(|code| of_maker.values().all(|common| common.contains(code)));
        // A name pays from the second use on.
        let everywhere = if of_maker.len() > 1 { everywhere } else { BTreeSet::new() };
        let name = codes.share_words(&everywhere);
        for (maker, common) in &of_maker {
            let rest: BTreeSet<&str> = common.difference(&everywhere).copied().collect();
            codes.common.insert(*maker, sum(name.iter().cloned(), &rest));
        }
        let rest = operations.iter().map(|operation| {
            let common = &of_maker[&(operation.access, operation.method)];
            operation.codes.iter().map(String::as_str).filter(|code| !common.contains(code)).collect()
        });
        let rest: Vec<BTreeSet<&str>> = rest.collect();
        codes.write_own(&rest);
        codes
    }

    /// Operations with the same codes share one text, and so do texts that have codes in common.
    fn write_own(&mut self, rest: &[BTreeSet<&str>]) {
        let mut uses: BTreeMap<&BTreeSet<&str>, usize> = BTreeMap::new();
        for set in rest {
            *uses.entry(set).or_default() += 1;
        }
        let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, set) in uses.keys().enumerate() {
            for code in *set {
                users.entry(code).or_default().push(index);
            }
        }
        let mut groups: BTreeMap<Vec<usize>, BTreeSet<&str>> = BTreeMap::new();
        for (code, users) in users {
            groups.entry(users).or_default().insert(code);
        }
        let mut parts: Vec<(Vec<String>, BTreeSet<&str>)> = vec![Default::default(); uses.len()];
        for (users, codes) in groups {
            // Nor does it pay for one short word.
            let pays = (users.len() - 1) * words(&codes).len() > 12;
            let name = if pays { self.share_words(&codes) } else { None };
            for user in users {
                if let Some((names, single)) = parts.get_mut(user) {
                    match &name {
                        Some(name) => names.push(name.clone()),
                        None => single.extend(codes.iter().copied()),
                    }
                }
            }
        }
        let mut written = BTreeMap::new();
        for ((set, uses), (names, single)) in uses.into_iter().zip(parts) {
            let mut text = sum(names.into_iter(), &single);
            if uses > 1 && text.len() > 8 {
                self.shared.push(text);
                text = group_name(self.shared.len() - 1);
            }
            written.insert(set, text);
        }
        self.own = rest.iter().map(|set| written[set].clone()).collect();
    }

    fn share_words(&mut self, codes: &BTreeSet<&str>) -> Option<String> {
        if codes.is_empty() {
            return None;
        }
        self.shared.push(quote(&words(codes)));
        Some(group_name(self.shared.len() - 1))
    }
}

fn sum(names: impl Iterator<Item = String>, codes: &BTreeSet<&str>) -> String {
    let single = (!codes.is_empty()).then(|| quote(&words(codes)));
    names.chain(single).collect::<Vec<_>>().join(" + ")
}

fn group_name(index: usize) -> String {
    format!("e{}", index + 1)
}
