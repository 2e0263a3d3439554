//! `index.d.ts`: the types, strict and without `any`.

use std::collections::{BTreeMap, BTreeSet};

use super::runtime::{parts, select};
use super::text::{comment, key, quote};
use crate::Options;
use crate::contract::{
    Body, Contract, Details, Documentation, Form, Member, Operation, Parameter, Place, Scheme, Type,
};
use crate::names::is_reserved;

const PRELUDE: &str = include_str!("declarations.d.ts");

/// `index.d.ts`, with all types and these operations.
pub(crate) fn emit(contract: &Contract, options: &Options, operations: &[Operation]) -> String {
    let mut text =
        format!("// queqiao contract: {}\n// {}\n\n", contract.id, super::javascript::header(contract));
    let prelude = select(PRELUDE, &parts(contract, options));
    let prelude = prelude.replace("{/*schemes*/}", &schemes(contract));
    text.push_str(&prelude.replace("{/*templates*/}", &templates(contract)));
    for model in &contract.models {
        text.push('\n');
        text.push_str(&comment(&model.documentation, ""));
        match &model.shape {
            shape @ Type::Object { .. } => {
                text.push_str(&format!("export interface {} {}\n", model.name, type_text(shape, "")));
            }
            shape => text.push_str(&format!("export type {} = {};\n", model.name, type_text(shape, ""))),
        }
    }
    text.push_str(&declare_all(contract, options, operations));
    text
}

/// The declarations of a tag's file; the types are in the file `types`.
pub(crate) fn emit_part(
    contract: &Contract,
    options: &Options,
    operations: &[Operation],
    types: &str,
) -> String {
    let mut text =
        format!("// queqiao contract: {}\n// {}\n\n", contract.id, super::javascript::header(contract));
    let declared = declare_all(contract, options, operations);
    let prelude = select(PRELUDE, &parts(contract, options));
    let own = prelude.lines().filter_map(|line| {
        let rest = line.strip_prefix("export ").unwrap_or(line);
        let rest = ["type ", "interface ", "class "].iter().find_map(|word| rest.strip_prefix(word))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric()).next()
    });
    let words: BTreeSet<&str> =
        declared.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).collect();
    let models = contract.models.iter().map(|model| model.name.as_str());
    let names: BTreeSet<&str> = own.chain(models).filter(|name| words.contains(name)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    text.push_str(&format!("import {{ {} }} from {};\n", names.join(", "), quote(types)));
    text.push_str(&declared);
    text
}

fn declare_all(contract: &Contract, options: &Options, operations: &[Operation]) -> String {
    let mut text = String::new();
    // How many operations share a code: what is an operation's own stands first, before the framework's.
    let mut users = BTreeMap::new();
    for code in contract.operations.iter().flat_map(|operation| &operation.codes) {
        *users.entry(code.as_str()).or_insert(0_usize) += 1;
    }
    for operation in operations {
        text.push('\n');
        let downloads = options.container.is_none() && operation.downloads();
        text.push_str(&declare(operation, &users, downloads));
    }
    text
}

/// The names of the subscribe messages.
fn templates(contract: &Contract) -> String {
    let all = contract.subscribe.iter().flat_map(|subscribe| &subscribe.templates);
    let one = |(name, summary): (&String, &String)| {
        let text = vec![summary.clone()].into_iter().filter(|summary| !summary.is_empty()).collect();
        let documentation = Documentation { text, tags: Vec::new() };
        format!("\n{}  | {}", comment(&documentation, "  "), quote(name))
    };
    all.map(one).collect()
}

/// What `configure({ auth })` takes.
fn schemes(contract: &Contract) -> String {
    let all: BTreeMap<_, _> = contract.operations.iter().flat_map(|operation| &operation.schemes).collect();
    let members = all.into_iter().map(|(name, scheme)| {
        let shape = match scheme {
            Scheme::Basic => "{ username: string; password: string }",
            Scheme::Bearer | Scheme::Header(_) | Scheme::Query(_) => "string",
        };
        let documentation = Documentation {
            text: vec![match scheme {
                Scheme::Bearer => "The token.".to_owned(),
                Scheme::Basic => "Sent as `Authorization: Basic …`.".to_owned(),
                Scheme::Header(name) => format!("Sent as the header `{name}`."),
                Scheme::Query(name) => format!("Sent as the query parameter `{name}`."),
            }],
            tags: Vec::new(),
        };
        format!("{}    {}?: {shape} | (() => {shape});\n", comment(&documentation, "    "), key(name))
    });
    format!("{{\n{}  }}", members.collect::<String>())
}

fn declare(operation: &Operation, users: &BTreeMap<&str, usize>, downloads: bool) -> String {
    let Operation { name, method, path, .. } = operation;
    let mut documentation = operation.documentation.clone();
    documentation.text.push(format!("`{} {path}`", method.as_str()));
    let mut text = comment(&documentation, "");
    let mut codes: Vec<&String> = operation.codes.iter().collect();
    codes.sort_by_cached_key(|code| (users.get(code.as_str()), *code));
    let codes: Vec<String> = codes.into_iter().map(|code| quote(code)).collect();
    let codes = match codes.is_empty() {
        true => " ClientCode".to_owned(),
        false => format!("\n    | {}\n    | ClientCode", codes.join("\n    | ")),
    };
    // A reserved word can be an exported name, but not a declared one.
    let (declared, word) = match is_reserved(name) {
        true => (format!("{name}_"), "declare"),
        false => (name.clone(), "export"),
    };
    for signature in signatures(operation) {
        text.push_str(&format!("{word} function {declared}{signature};\n"));
    }
    text.push_str(&format!("{word} namespace {declared} {{\n"));
    text.push_str(&format!("  /** The codes that {name} fails with. */\n  type Code ={codes};\n"));
    let failure = match operation.details.is_empty() {
        true => "ApiError<Code>",
        false => "Failure<Code, Details>",
    };
    text.push_str(&details(operation));
    text.push_str(&format!("  /** Whether {name} has failed with one of its codes. */\n"));
    text.push_str(&format!("  function failed(error: unknown): error is {failure};\n"));
    if downloads {
        text.push_str("  /** The same into a file; gives its path. */\n");
        let arguments = arguments(operation, "DownloadOptions");
        text.push_str(&format!("  function download({arguments}): Call<FilePath>;\n"));
    }
    text.push_str("}\n");
    if declared != *name {
        text.push_str(&format!("export {{ {declared} as {name} }};\n"));
    }
    text
}

/// How it is called. Where 304 is among the answers, a call that names no version gives the thing, and one that does may
/// give nothing.
fn signatures(operation: &Operation) -> Vec<String> {
    let upload = matches!(&operation.body, Some(Body { form: Form::Multipart { file: Some(_), .. }, .. }));
    let options = if upload { "TransferOptions" } else { "Options" };
    let signature = |operation: &Operation, result: &Type| {
        format!("({}): Call<{}>", arguments(operation, options), type_text(result, ""))
    };
    if !operation.not_modified {
        return vec![signature(operation, &operation.result)];
    }
    let or_nothing = Type::union(vec![operation.result.clone(), Type::Nothing]);
    let conditional = signature(operation, &or_nothing);
    let mut plain = operation.clone();
    let mut named = false;
    for parameter in &mut plain.parameters {
        if parameter.place == Place::Header && !parameter.required && is_condition(&parameter.name) {
            named = true;
            parameter.shape = Type::Named("undefined".into());
            parameter.documentation = Documentation::default();
        }
    }
    match named {
        true => vec![signature(&plain, &plain.result), conditional],
        false => vec![conditional],
    }
}

/// The headers that a 304 answers.
fn is_condition(header: &str) -> bool {
    ["If-None-Match", "If-Modified-Since"].iter().any(|name| name.eq_ignore_ascii_case(header))
}

/// What the codes of an operation carry.
fn details(operation: &Operation) -> String {
    if operation.details.is_empty() {
        return String::new();
    }
    let mut text = format!("  /** What {} failures carry in `details`, by their codes. */\n", operation.name);
    text.push_str("  interface Details {\n");
    for (code, Details { required, shape }) in &operation.details {
        let shape = match required {
            true => shape.clone(),
            false => Type::union(vec![shape.clone(), Type::Named("undefined".into())]),
        };
        text.push_str(&format!("    {}: {};\n", key(code), type_text(&shape, "    ")));
    }
    text.push_str("  }\n");
    text
}

fn arguments(operation: &Operation, options: &str) -> String {
    let at = |place: Place| operation.parameters.iter().filter(|p| p.place == place).collect::<Vec<_>>();
    let (path, query, header) = (at(Place::Path), at(Place::Query), at(Place::Header));
    let required = |parameters: &[&Parameter]| parameters.iter().any(|parameter| parameter.required);

    let mut options = options.to_owned();
    let mut options_required = required(&header);
    if operation.method.sends_body() && !query.is_empty() {
        let mark = if required(&query) { "" } else { "?" };
        options_required |= required(&query);
        options.push_str(&format!(" & {{ query{mark}: {} }}", parameters(&query)));
    }
    if !header.is_empty() {
        let mark = if required(&header) { "" } else { "?" };
        options.push_str(&format!(" & {{ header{mark}: {} }}", parameters(&header)));
    }

    // What stands before a required argument cannot be optional.
    let mut arguments = Vec::new();
    let mut optional = |name: &str, shape: &str, required: bool, last: bool| {
        arguments.push(match (required, options_required && !last) {
            (true, _) => format!("{name}: {shape}"),
            (false, true) => format!("{name}: {shape} | undefined"),
            (false, false) => format!("{name}?: {shape}"),
        });
    };
    if operation.method.sends_body() {
        if !path.is_empty() {
            optional("path", &parameters(&path), true, false);
        }
        match &operation.body {
            Some(body) => optional("body", &type_text(&body.shape, ""), body.required, false),
            None => optional("body", "undefined", false, false),
        }
    } else {
        let all: Vec<&Parameter> = path.into_iter().chain(query).collect();
        let shape = if all.is_empty() { "NoParameters".to_owned() } else { parameters(&all) };
        optional("params", &shape, required(&all), false);
    }
    optional("options", &options, options_required, true);
    arguments.join(", ")
}

fn parameters(parameters: &[&Parameter]) -> String {
    let members: Vec<Member> = parameters
        .iter()
        .map(|parameter| Member {
            name: parameter.name.clone(),
            required: parameter.required,
            documentation: parameter.documentation.clone(),
            // What is undefined is left out of the URL.
            shape: match parameter.required || parameter.shape == Type::Named("undefined".into()) {
                true => parameter.shape.clone(),
                false => Type::Union(vec![parameter.shape.clone(), Type::Named("undefined".into())]),
            },
        })
        .collect();
    type_text(&Type::Object { members, open: false }, "")
}

/// A type as TypeScript text; lines after the first begin with `indent`.
fn type_text(shape: &Type, indent: &str) -> String {
    match shape {
        Type::Unknown => "unknown".into(),
        Type::Never => "never".into(),
        Type::Nothing => "void".into(),
        Type::Null => "null".into(),
        Type::Boolean => "boolean".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::Binary => "ArrayBuffer".into(),
        Type::File => "FilePath".into(),
        Type::Literal(serde_json::Value::String(text)) => quote(text),
        Type::Literal(value) => value.to_string(),
        Type::Named(name) => name.clone(),
        Type::Array(items) => format!("{}[]", grouped(items, indent)),
        Type::Tuple(places, rest) => {
            let mut places: Vec<String> = places.iter().map(|place| type_text(place, indent)).collect();
            places.extend(rest.as_ref().map(|rest| format!("...{}[]", grouped(rest, indent))));
            format!("[{}]", places.join(", "))
        }
        Type::Map(values) => format!("{{ [key: string]: {} }}", type_text(values, indent)),
        Type::Union(parts) => join(parts, " | ", indent),
        Type::Intersection(parts) => join(parts, " & ", indent),
        Type::Object { members, open } => object(members, *open, indent),
    }
}

fn join(parts: &[Type], separator: &str, indent: &str) -> String {
    parts.iter().map(|part| grouped(part, indent)).collect::<Vec<_>>().join(separator)
}

fn grouped(shape: &Type, indent: &str) -> String {
    match shape {
        // `void` beside other types cannot be told apart from them.
        Type::Nothing => "undefined".into(),
        Type::Union(_) | Type::Intersection(_) => format!("({})", type_text(shape, indent)),
        _ => type_text(shape, indent),
    }
}

fn object(members: &[Member], open: bool, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let silent = members.iter().all(|m| m.documentation == Documentation::default());
    let mut lines: Vec<String> = members
        .iter()
        .map(|member| {
            let mark = if member.required { "" } else { "?" };
            let inner = if silent && members.len() == 1 { indent } else { &inner };
            format!("{}{mark}: {}", key(&member.name), type_text(&member.shape, inner))
        })
        .collect();
    if open {
        lines.push("[key: string]: unknown".into());
    }
    if silent && lines.len() == 1 {
        return format!("{{ {} }}", lines.join(""));
    }
    let mut text = "{\n".to_owned();
    for (index, line) in lines.iter().enumerate() {
        if let Some(member) = members.get(index) {
            text.push_str(&comment(&member.documentation, &inner));
        }
        text.push_str(&format!("{inner}{line};\n"));
    }
    text.push_str(&format!("{indent}}}"));
    text
}
