//! The changes of operations, with their verdicts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::edit::{Edit, Truth};
use super::judge::{Judge, Pair, Segment};
use super::operation::{self, Body, Operation, Parameter, Read};
use super::shape::{Document, Kind, Mode, Shape};
use super::{Change, OperationName, Side, Verdict};

/// What helps against every change that breaks.
const BESIDE: &str = "leave the operation as it was, and add a new one beside it";
const FLOOR: &str = "once /clientz shows that the old versions are hardly used: raise `[clients] floor`, or retire them \
                     with `cargo queqiao release --retire <label>`";

pub(super) fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (mut old, mut new) = (Document::new(old), Document::new(new));
    let (before, after) = (operation::read(&mut old), operation::read(&mut new));
    let header = (renewal_header(&old.root), renewal_header(&new.root));
    let mut judge = Judge::new(&old, &new);
    let mut changes = Vec::new();
    for (key, one) in &before {
        let mut report = Report { name: name_of(one), judge: &mut judge, changes: &mut changes };
        match after.get(key) {
            Some(other) => report.operation(one, other),
            None => {
                let moved = after.iter().find(|(key, other)| {
                    other.id.is_some() && other.id == one.id && !before.contains_key(*key)
                });
                report.gone(moved.map(|(_, other)| other));
            }
        }
    }
    let moved = |other: &Operation| {
        other.id.is_some() && before.iter().any(|(key, one)| one.id == other.id && !after.contains_key(key))
    };
    for (_, other) in after.iter().filter(|(key, other)| !before.contains_key(*key) && !moved(other)) {
        let mut report = Report { name: name_of(other), judge: &mut judge, changes: &mut changes };
        report.push(Verdict::Compatible, Side::Operation, None, "is new", &[]);
    }
    if let ((Some(from), Some(to)), Some(login)) = (&header, login(&old.root, &before))
        && !from.eq_ignore_ascii_case(to)
    {
        let mut report = Report { name: name_of(login), judge: &mut judge, changes: &mut changes };
        let what =
            format!("renews tokens in the header {to} now (was {from}): old clients log in more often");
        report.push(Verdict::Warning, Side::Security, None, &what, &["keep the header's name"]);
    }
    changes.sort();
    changes.dedup();
    changes
}

fn name_of(operation: &Operation) -> OperationName {
    OperationName { id: operation.id.clone(), method: operation.method.clone(), path: operation.path.clone() }
}

fn login_scheme(root: &Value) -> Option<&Value> {
    let schemes = root.pointer("/components/securitySchemes")?.as_object()?;
    schemes.values().find_map(|scheme| scheme.get("x-queqiao-login"))
}

fn renewal_header(root: &Value) -> Option<String> {
    login_scheme(root)?.get("renewalHeader").and_then(Value::as_str).map(str::to_owned)
}

fn login<'o>(root: &Value, operations: &'o BTreeMap<(String, String), Operation>) -> Option<&'o Operation> {
    let id = login_scheme(root)?.get("login").and_then(Value::as_str);
    operations.values().find(|operation| id.is_some() && operation.id.as_deref() == id)
}

/// What is found about one operation.
struct Report<'r, 'd> {
    name: OperationName,
    judge: &'r mut Judge<'d>,
    changes: &'r mut Vec<Change>,
}

impl Report<'_, '_> {
    fn push(&mut self, verdict: Verdict, side: Side, field: Option<String>, what: &str, remedies: &[&str]) {
        let mut remedies: Vec<String> = match verdict {
            Verdict::Compatible => Vec::new(),
            _ => remedies.iter().map(|text| (*text).to_owned()).collect(),
        };
        if verdict == Verdict::Breaking {
            if !matches!(side, Side::Operation | Side::Security) {
                remedies.push(BESIDE.to_owned());
            }
            remedies.push(FLOOR.to_owned());
        }
        let operation = self.name.clone();
        self.changes.push(Change { verdict, side, operation, field, what: what.to_owned(), remedies });
    }

    fn gone(&mut self, moved: Option<&Operation>) {
        match moved {
            Some(other) => {
                let what = format!("is {} {} now", other.method, other.path);
                let remedy = "keep the old method and path too: a second handler that calls the first";
                self.push(Verdict::Breaking, Side::Operation, None, &what, &[remedy]);
            }
            None => {
                let remedy = "keep it until no old client is left";
                self.push(Verdict::Breaking, Side::Operation, None, "is gone", &[remedy]);
            }
        }
    }

    fn operation(&mut self, one: &Operation, other: &Operation) {
        if one.id != other.id {
            let id = other.id.as_deref().unwrap_or("without an id");
            let what = format!("is called {id} now: the next client has another name for it");
            self.push(Verdict::Compatible, Side::Operation, None, &what, &[]);
        }
        self.security(one, other);
        self.parameters(one, other);
        self.body(one.body.as_ref(), other.body.as_ref());
        self.answers(one, other);
        self.failures(one, other);
    }

    fn security(&mut self, one: &Operation, other: &Operation) {
        type Way = BTreeMap<String, std::collections::BTreeSet<String>>;
        let fits = |brought: &Way, wanted: &Way| {
            wanted.iter().all(|(what, scopes)| brought.get(what).is_some_and(|own| scopes.is_subset(own)))
        };
        let words = |way: &Way| {
            let each: Vec<String> = way
                .iter()
                .map(|(what, scopes)| match scopes.is_empty() {
                    true => what.clone(),
                    false => {
                        format!("{what} with {}", scopes.iter().cloned().collect::<Vec<_>>().join(", "))
                    }
                })
                .collect();
            if each.is_empty() { "nothing".to_owned() } else { each.join(" and ") }
        };
        let all = |ways: &[Way]| ways.iter().map(words).collect::<Vec<_>>().join(" or ");
        for way in &one.security {
            if other.security.iter().any(|wanted| fits(way, wanted)) {
                continue;
            }
            let (what, remedy) = match way.is_empty() {
                true => (
                    format!("was open to everybody and needs {} now", all(&other.security)),
                    "let everybody call it as before: `Option<User>` where the handler takes `User`",
                ),
                false => (
                    format!("needs {} now; {} is not enough any more", all(&other.security), words(way)),
                    "let in what was let in before, beside the new way",
                ),
            };
            self.push(Verdict::Breaking, Side::Security, None, &what, &[remedy]);
        }
        for way in &other.security {
            if !one.security.iter().any(|known| fits(way, known)) {
                let what = match way.is_empty() {
                    true => "is open to everybody now".to_owned(),
                    false => format!("may be called with {} too", words(way)),
                };
                self.push(Verdict::Compatible, Side::Security, None, &what, &[]);
            }
        }
    }

    fn parameters(&mut self, one: &Operation, other: &Operation) {
        for (key, parameter) in &one.parameters {
            match other.parameters.get(key) {
                Some(now) => self.parameter(&key.0, parameter, now),
                None if key.0 == "cookie" => {}
                None => {
                    let field = format!("{}.{}", key.0, parameter.name);
                    let what = "is gone: what the old client sends there has no effect";
                    let remedy = "if it was renamed, keep reading the old name: `#[serde(alias = \"…\")]`";
                    self.push(Verdict::Warning, Side::Parameter, Some(field), what, &[remedy]);
                }
            }
        }
        for (key, parameter) in &other.parameters {
            if one.parameters.contains_key(key) || key.0 == "path" {
                continue;
            }
            let field = Some(format!("{}.{}", key.0, parameter.name));
            match parameter.required {
                true => {
                    let remedy =
                        "make it optional: `Option<_>`, or a value of its own with `#[serde(default)]`";
                    let what = "is new and required, and the old client does not send it";
                    self.push(Verdict::Breaking, Side::Parameter, field, what, &[remedy]);
                }
                false => self.push(Verdict::Compatible, Side::Parameter, field, "is new and optional", &[]),
            }
        }
    }

    fn parameter(&mut self, place: &str, one: &Parameter, other: &Parameter) {
        if place == "cookie" {
            return;
        }
        let field = format!("{place}.{}", one.name);
        let mode = Mode::Text { repeated: place == "query" && one.style == "form" && other.style == "form" };
        match (one.required, other.required) {
            (false, true) => self.edit(Side::Parameter, &field, "", &Edit::Required, Truth::NARROWS, mode),
            (true, false) => self.edit(Side::Parameter, &field, "", &Edit::Optional, Truth::WIDENS, mode),
            _ => {}
        }
        let branches = self.judge.old.branches(&one.shape, mode).unwrap_or_default();
        let composed = branches.iter().any(|branch| matches!(branch.kind, Kind::Array | Kind::Object))
            && !one.shape_is_any();
        let json = one.style != other.style && (one.style.contains('/') || other.style.contains('/'));
        if one.style != other.style && (composed || json) {
            let what = format!("is written as {} now (was {})", other.style, one.style);
            let remedy = "keep the way in which it is written";
            self.push(Verdict::Breaking, Side::Parameter, Some(field.clone()), &what, &[remedy]);
        }
        let mode = if one.style.contains("json") { Mode::Request } else { mode };
        self.schemas(Side::Parameter, &field, "", &one.shape, &other.shape, mode);
    }

    fn body(&mut self, one: Option<&Body>, other: Option<&Body>) {
        let side = Side::Request;
        let (one, other) = match (one, other) {
            (None, None) => return,
            (None, Some(now)) if now.required => {
                let remedy = "make it optional: `Option<Json<_>>`";
                let what = "needs a body now, and the old client sends none";
                return self.push(Verdict::Breaking, side, None, what, &[remedy]);
            }
            (None, Some(_)) => return self.push(Verdict::Compatible, side, None, "takes a body now", &[]),
            (Some(_), None) => {
                let what = "takes no body any more: what the old client sends has no effect";
                let remedy = "keep reading it while old clients send it";
                return self.push(Verdict::Warning, side, None, what, &[remedy]);
            }
            (Some(one), Some(other)) => (one, other),
        };
        match (one.required, other.required) {
            (false, true) => {
                let remedy = "make it optional: `Option<Json<_>>`";
                self.push(Verdict::Breaking, side, None, "may no longer come without a body", &[remedy]);
            }
            (true, false) => self.push(Verdict::Compatible, side, None, "may come without a body now", &[]),
            _ => {}
        }
        // The client writes the first of those that it can.
        let Some((media, shape)) = one.media.first() else { return };
        let written = if media.contains('*') { "application/json" } else { media.as_str() };
        let kind = written.split('/').next().unwrap_or_default();
        let takes = |name: &str| name == written || name == "*/*" || name == format!("{kind}/*");
        match other.media.iter().find(|(name, _)| takes(name)) {
            Some((_, now)) => self.schemas(side, "$", "", shape, now, Mode::Request),
            None => {
                let names: Vec<&str> = other.media.iter().map(|(name, _)| name.as_str()).collect();
                let what = format!("takes {} now, and the old client sends {written}", names.join(" or "));
                self.push(
                    Verdict::Breaking,
                    side,
                    None,
                    &what,
                    &["take the old media type beside the new one"],
                );
            }
        }
    }

    fn answers(&mut self, one: &Operation, other: &Operation) {
        let side = Side::Response;
        let word = |read: &Read| match read {
            Read::Json => "JSON",
            Read::Text => "text",
            Read::Binary => "bytes",
            Read::Nothing => "nothing",
        };
        // A client that reads nothing is content with everything; what the document does not tell, it cannot have
        // told the client.
        let nothing = one.answers.iter().all(|read| *read == Read::Nothing);
        for read in other.answers.difference(&one.answers) {
            let what = format!("may answer {} now", word(read));
            match nothing {
                true => self.push(Verdict::Compatible, side, None, &what, &[]),
                false => self.push(Verdict::Breaking, side, None, &what, &["answer as before"]),
            }
        }
        if !nothing {
            for read in one.answers.difference(&other.answers) {
                let what = format!("no longer answers {}", word(read));
                self.push(Verdict::Compatible, side, None, &what, &[]);
            }
        }
        if one.answers.contains(&Read::Json) && other.answers.contains(&Read::Json) {
            self.schemas(side, "$", "", &one.answer, &other.answer, Mode::Response);
        }
    }

    fn failures(&mut self, one: &Operation, other: &Operation) {
        let field = || Some("code".to_owned());
        let statuses =
            |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" and ");
        let names =
            |codes: Vec<&String>| codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
        let new: Vec<&String> = other.codes.keys().filter(|code| !one.codes.contains_key(*code)).collect();
        if !new.is_empty() {
            let what = format!("may be {} now, which the old client does not know", names(new));
            let remedy = "see to it that pages have an answer to codes that they do not know";
            self.push(Verdict::Warning, Side::Error, field(), &what, &[remedy]);
        }
        for (code, now) in &other.codes {
            let Some(was) = one.codes.get(code) else { continue };
            if was.statuses != now.statuses {
                let what = format!(
                    "`{code}` comes with the status {} now (was {})",
                    statuses(&now.statuses),
                    statuses(&was.statuses)
                );
                let remedy = "keep the status, if pages look at it";
                self.push(Verdict::Warning, Side::Error, field(), &what, &[remedy]);
            }
            let note = format!("(of `{code}`) ");
            match (&was.details, &now.details) {
                (Some((old, was)), Some((new, is))) => {
                    if *was && !*is {
                        let (edit, truth) = (Edit::Optional, Truth::WIDENS);
                        self.edit(Side::Error, "$.details", &note, &edit, truth, Mode::Response);
                    } else if !*was && *is {
                        let (edit, truth) = (Edit::Required, Truth::NARROWS);
                        self.edit(Side::Error, "$.details", &note, &edit, truth, Mode::Response);
                    }
                    self.schemas(Side::Error, "$.details", &note, old, new, Mode::Response);
                }
                (Some((_, true)), None) => {
                    let (edit, truth) = (Edit::FieldGone { refused: false }, Truth::BOTH);
                    self.edit(Side::Error, "$.details", &note, &edit, truth, Mode::Response);
                }
                (Some((_, false)), None) => {
                    let (edit, truth) = (Edit::FieldSilent, Truth::NARROWS);
                    self.edit(Side::Error, "$.details", &note, &edit, truth, Mode::Response);
                }
                (None, Some((_, required))) => {
                    let edit = Edit::FieldNew { required: *required };
                    self.edit(Side::Error, "$.details", &note, &edit, Truth::REMARK, Mode::Response);
                }
                (None, None) => {}
            }
        }
        let gone: Vec<&String> = one.codes.keys().filter(|code| !other.codes.contains_key(*code)).collect();
        if !gone.is_empty() {
            let what = format!("is no longer {}", names(gone));
            self.push(Verdict::Compatible, Side::Error, field(), &what, &[]);
        }
        for status in other.statuses.difference(&one.statuses) {
            let what = format!("may fail with the status {status} now");
            let remedy = "see to it that pages have an answer to failures that they do not know";
            self.push(Verdict::Warning, Side::Error, None, &what, &[remedy]);
        }
        for status in one.statuses.difference(&other.statuses) {
            let what = format!("no longer fails with the status {status}");
            self.push(Verdict::Compatible, Side::Error, None, &what, &[]);
        }
    }

    fn schemas(&mut self, side: Side, start: &str, note: &str, old: &Shape, new: &Shape, mode: Mode) {
        let pair = Pair { old: old.clone(), new: new.clone(), mode };
        for (way, edit, truth) in self.judge.edits(&pair) {
            self.edit(side, &path(start, &way), note, &edit, truth, mode);
        }
    }

    fn edit(&mut self, side: Side, field: &str, note: &str, edit: &Edit, truth: Truth, mode: Mode) {
        let verdict = edit.verdict(truth, mode);
        let what = format!("{note}{}", edit.sentence(truth, mode));
        self.push(verdict, side, Some(field.to_owned()), &what, &edit.remedies(mode));
    }
}

impl Parameter {
    fn shape_is_any(&self) -> bool {
        self.shape.places().next().is_none()
    }
}

/// A JSONPath.
fn path(start: &str, way: &[Segment]) -> String {
    way.iter().fold(start.to_owned(), |text, segment| match segment {
        Segment::Member(name) => {
            let plain = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
                && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            match plain {
                true => format!("{text}.{name}"),
                false => format!("{text}['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
            }
        }
        Segment::Item => format!("{text}[*]"),
        Segment::Place(index) => format!("{text}[{index}]"),
        Segment::Others => format!("{text}.*"),
    })
}
