//! `index.d.ts`: the types, strict and without `any`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::runtime::{parts, select};
use super::text::{comment, key, quote, write_quoted};
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
        comment(&mut text, &model.documentation, "");
        let (before, after) = match &model.shape {
            Type::Object { .. } => (["export interface ", &model.name, " "], "\n"),
            _ => (["export type ", &model.name, " = "], ";\n"),
        };
        text.extend(before);
        write_type(&mut text, &model.shape, "");
        text.push_str(after);
    }
    declare_all(&mut text, contract, options, operations);
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
    let mut declared = String::new();
    declare_all(&mut declared, contract, options, operations);
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

fn declare_all(text: &mut String, contract: &Contract, options: &Options, operations: &[Operation]) {
    // How many operations share a code: what is an operation's own stands first, before the framework's.
    let mut users = HashMap::new();
    for code in contract.operations.iter().flat_map(|operation| &operation.codes) {
        *users.entry(code.as_str()).or_insert(0_usize) += 1;
    }
    for operation in operations {
        text.push('\n');
        let downloads = options.container.is_none() && operation.downloads();
        declare(text, operation, &users, downloads);
    }
}

/// The names of the subscribe messages.
fn templates(contract: &Contract) -> String {
    let all = contract.subscribe.iter().flat_map(|subscribe| &subscribe.templates);
    let one = |(name, summary): (&String, &String)| {
        let text = vec![summary.clone()].into_iter().filter(|summary| !summary.is_empty()).collect();
        let mut line = "\n".to_owned();
        comment(&mut line, &Documentation { text, tags: Vec::new() }, "  ");
        line.extend(["  | ", &quote(name)]);
        line
    };
    all.map(one).collect()
}

/// What `configure({ auth })` takes.
fn schemes(contract: &Contract) -> String {
    let all: BTreeMap<_, _> = contract.operations.iter().flat_map(|operation| &operation.schemes).collect();
    let members = all.into_iter().map(|(name, scheme)| {
        let documentation = Documentation {
            text: vec![match scheme {
                Scheme::Bearer => "The token.".to_owned(),
                Scheme::Basic => "`name:password`, sent as `Authorization: Basic …`.".to_owned(),
                Scheme::Header(name) => format!("Sent as the header `{name}`."),
                Scheme::Query(name) => format!("Sent as the query parameter `{name}`."),
            }],
            tags: Vec::new(),
        };
        let mut text = String::new();
        comment(&mut text, &documentation, "    ");
        text.extend(["    ", &key(name), "?: string | (() => string);\n"]);
        text
    });
    format!("{{\n{}  }}", members.collect::<String>())
}

fn declare(text: &mut String, operation: &Operation, users: &HashMap<&str, usize>, downloads: bool) {
    let Operation { name, method, path, .. } = operation;
    let mut documentation = operation.documentation.clone();
    documentation.text.push(format!("`{} {path}`", method.as_str()));
    comment(text, &documentation, "");
    // A reserved word can be an exported name, but not a declared one.
    let (declared, word) = match is_reserved(name) {
        true => (format!("{name}_"), "declare"),
        false => (name.clone(), "export"),
    };
    signatures(text, operation, &format!("{word} function {declared}"));
    text.extend([word, " namespace ", &declared, " {\n"]);
    text.extend(["  /** The codes that ", name, " fails with. */\n  type Code ="]);
    let mut codes: Vec<_> =
        operation.codes.iter().map(|code| (users.get(code.as_str()), code.as_str())).collect();
    codes.sort_unstable();
    match codes.is_empty() {
        true => text.push_str(" ClientCode;\n"),
        false => {
            for (_, code) in codes {
                text.push_str("\n    | ");
                write_quoted(text, code);
            }
            text.push_str("\n    | ClientCode;\n");
        }
    }
    let failure = match operation.details.is_empty() {
        true => "ApiError<Code>",
        false => "Failure<Code, Details>",
    };
    details(text, operation);
    text.extend(["  /** Whether ", name, " has failed with one of its codes. */\n"]);
    text.extend(["  function failed(error: unknown): error is ", failure, ";\n"]);
    if downloads {
        text.push_str("  /** The same into a file; gives its path. */\n  function download(");
        arguments(text, operation, "DownloadOptions");
        text.push_str("): Call<FilePath>;\n");
    }
    text.push_str("}\n");
    if declared != *name {
        text.extend(["export { ", &declared, " as ", name, " };\n"]);
    }
}

/// How it is called. Where 304 is among the answers, a call that names no version gives the thing, and one that does may
/// give nothing.
fn signatures(text: &mut String, operation: &Operation, declared: &str) {
    let upload = matches!(&operation.body, Some(Body { form: Form::Multipart { file: Some(_), .. }, .. }));
    let options = if upload { "TransferOptions" } else { "Options" };
    let mut signature = |operation: &Operation, result: &Type| {
        text.extend([declared, "("]);
        arguments(text, operation, options);
        text.push_str("): Call<");
        write_type(text, result, "");
        text.push_str(">;\n");
    };
    if !operation.not_modified {
        return signature(operation, &operation.result);
    }
    let mut plain = operation.clone();
    let mut named = false;
    for parameter in &mut plain.parameters {
        if parameter.place == Place::Header && !parameter.required && is_condition(&parameter.name) {
            named = true;
            parameter.shape = Type::Named("undefined".into());
            parameter.documentation = Documentation::default();
        }
    }
    if named {
        signature(&plain, &plain.result);
    }
    signature(operation, &Type::union(vec![operation.result.clone(), Type::Nothing]));
}

/// The headers that a 304 answers.
fn is_condition(header: &str) -> bool {
    ["If-None-Match", "If-Modified-Since"].iter().any(|name| name.eq_ignore_ascii_case(header))
}

/// What the codes of an operation carry.
fn details(text: &mut String, operation: &Operation) {
    if operation.details.is_empty() {
        return;
    }
    text.extend(["  /** What ", &operation.name, " failures carry in `details`, by their codes. */\n"]);
    text.push_str("  interface Details {\n");
    for (code, Details { required, shape }) in &operation.details {
        text.extend(["    ", &key(code), ": "]);
        match required {
            true => write_type(text, shape, "    "),
            false => {
                let undefined = Type::Named("undefined".into());
                write_type(text, &Type::union(vec![shape.clone(), undefined]), "    ");
            }
        }
        text.push_str(";\n");
    }
    text.push_str("  }\n");
}

/// What a call is given, one argument after the other.
fn arguments(text: &mut String, operation: &Operation, options: &str) {
    let at = |place: Place| operation.parameters.iter().filter(|p| p.place == place).collect::<Vec<_>>();
    let (path, query, header) = (at(Place::Path), at(Place::Query), at(Place::Header));
    let required = |parameters: &[&Parameter]| parameters.iter().any(|parameter| parameter.required);
    let query_option = operation.method.sends_body() && !query.is_empty();
    let options_required = required(&header) || (query_option && required(&query));

    // What stands before a required argument cannot be optional.
    let open = |text: &mut String, name: &str, required: bool| {
        text.extend([name, if required || options_required { ": " } else { "?: " }]);
    };
    let close = |text: &mut String, required: bool| {
        text.push_str(if required || !options_required { ", " } else { " | undefined, " });
    };
    if operation.method.sends_body() {
        if !path.is_empty() {
            open(text, "path", true);
            write_parameters(text, &path);
            close(text, true);
        }
        let required = operation.body.as_ref().is_some_and(|body| body.required);
        open(text, "body", required);
        match &operation.body {
            Some(body) => write_type(text, &body.shape, ""),
            None => text.push_str("undefined"),
        }
        close(text, required);
    } else {
        let all: Vec<&Parameter> = path.into_iter().chain(query.iter().copied()).collect();
        open(text, "params", required(&all));
        match all.is_empty() {
            true => text.push_str("NoParameters"),
            false => write_parameters(text, &all),
        }
        close(text, required(&all));
    }
    open(text, "options", options_required);
    text.push_str(options);
    for (name, parameters, used) in [("query", &query, query_option), ("header", &header, !header.is_empty())]
    {
        if used {
            text.extend([" & { ", name, if required(parameters) { ": " } else { "?: " }]);
            write_parameters(text, parameters);
            text.push_str(" }");
        }
    }
}

fn write_parameters(text: &mut String, parameters: &[&Parameter]) {
    let undefined = Type::Named("undefined".into());
    let members: Vec<_> = parameters
        .iter()
        .map(|parameter| Entry {
            name: &parameter.name,
            required: parameter.required,
            documentation: &parameter.documentation,
            shape: &parameter.shape,
            // What is undefined is left out of the URL.
            or_undefined: !parameter.required && parameter.shape != undefined,
        })
        .collect();
    write_object(text, &members, false, "");
}

/// Writes a type in TypeScript; lines after the first begin with `indent`.
fn write_type(text: &mut String, shape: &Type, indent: &str) {
    match shape {
        Type::Unknown => text.push_str("unknown"),
        Type::Never => text.push_str("never"),
        Type::Nothing => text.push_str("void"),
        Type::Null => text.push_str("null"),
        Type::Boolean => text.push_str("boolean"),
        Type::Number => text.push_str("number"),
        Type::String => text.push_str("string"),
        Type::Binary => text.push_str("ArrayBuffer"),
        Type::File => text.push_str("FilePath"),
        Type::Literal(serde_json::Value::String(value)) => write_quoted(text, value),
        Type::Literal(value) => text.push_str(&value.to_string()),
        Type::Named(name) => text.push_str(name),
        Type::Array(items) => {
            write_grouped(text, items, indent);
            text.push_str("[]");
        }
        Type::Tuple(places, rest) => {
            text.push('[');
            for (index, place) in places.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_type(text, place, indent);
            }
            if let Some(rest) = rest {
                text.push_str(if places.is_empty() { "..." } else { ", ..." });
                write_grouped(text, rest, indent);
                text.push_str("[]");
            }
            text.push(']');
        }
        Type::Map(values) => {
            text.push_str("{ [key: string]: ");
            write_type(text, values, indent);
            text.push_str(" }");
        }
        Type::Union(parts) => write_all(text, parts, " | ", indent),
        Type::Intersection(parts) => write_all(text, parts, " & ", indent),
        Type::Object { members, open } => {
            write_object(text, &members.iter().map(Entry::of).collect::<Vec<_>>(), *open, indent);
        }
    }
}

fn write_all(text: &mut String, parts: &[Type], separator: &str, indent: &str) {
    for (index, part) in parts.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { separator });
        write_grouped(text, part, indent);
    }
}

fn write_grouped(text: &mut String, shape: &Type, indent: &str) {
    match shape {
        // `void` beside other types cannot be told apart from them.
        Type::Nothing => text.push_str("undefined"),
        Type::Union(_) | Type::Intersection(_) => {
            text.push('(');
            write_type(text, shape, indent);
            text.push(')');
        }
        _ => write_type(text, shape, indent),
    }
}

/// A member of an object, or a parameter among others.
struct Entry<'a> {
    name: &'a str,
    required: bool,
    documentation: &'a Documentation,
    shape: &'a Type,
    or_undefined: bool,
}

impl<'a> Entry<'a> {
    fn of(Member { name, required, documentation, shape }: &'a Member) -> Self {
        Self { name, required: *required, documentation, shape, or_undefined: false }
    }

    fn write(&self, text: &mut String, indent: &str) {
        text.extend([key(self.name).as_str(), if self.required { ": " } else { "?: " }]);
        match self.or_undefined {
            true => {
                write_grouped(text, self.shape, indent);
                text.push_str(" | undefined");
            }
            false => write_type(text, self.shape, indent),
        }
    }
}

fn write_object(text: &mut String, members: &[Entry<'_>], open: bool, indent: &str) {
    let others = "[key: string]: unknown";
    let silent = members.iter().all(|member| *member.documentation == Documentation::default());
    match members {
        [] if open => text.extend(["{ ", others, " }"]),
        [member] if silent && !open => {
            text.push_str("{ ");
            member.write(text, indent);
            text.push_str(" }");
        }
        members => {
            text.push_str("{\n");
            let inner = format!("{indent}  ");
            for member in members {
                comment(text, member.documentation, &inner);
                text.push_str(&inner);
                // The members of the one member stand as far in as it does.
                let within = if silent && members.len() == 1 { indent } else { &inner };
                member.write(text, within);
                text.push_str(";\n");
            }
            if open {
                text.extend([&inner, others, ";\n"]);
            }
            text.extend([indent, "}"]);
        }
    }
}
