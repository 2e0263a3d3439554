//! Differences of the ways to fail, told by code: a status that has one more code, or a code that carries something,
//! has a schema of another form, and the form is nobody's business.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ChangeKind, Report, brief, schema};

/// Tells what has happened to the codes of two error responses; `false` if that is not where they differ.
pub(super) fn compare(old: &Value, new: &Value, place: &str, report: &mut Report) -> bool {
    let (Some(olds), Some(news)) = (codes(old), codes(new)) else { return false };
    let found = report.changes.len();
    let all: BTreeSet<_> = olds.keys().chain(news.keys()).copied().collect();
    for code in all {
        let value = format!("{place}.code: value {}", brief(&code.into()));
        let carried = format!("{place}.details of {code}");
        match (olds.get(code), news.get(code)) {
            (Some(_), None) => report.push(ChangeKind::Removed, value, None, None),
            (None, Some(_)) => report.push(ChangeKind::Added, value, None, None),
            (Some(Some(old)), Some(Some(new))) if old != new => schema::compare(old, new, &carried, report),
            (Some(Some(old)), Some(None)) => {
                report.push(ChangeKind::Removed, carried, Some(schema::tell(old, None)), None)
            }
            (Some(None), Some(Some(new))) => {
                report.push(ChangeKind::Added, carried, None, Some(schema::tell(new, None)))
            }
            _ => {}
        }
    }
    report.changes.len() > found
}

/// The codes that a schema lists, each with what it carries: a base, and one branch or one of several.
fn codes(schema: &Value) -> Option<BTreeMap<&str, Option<&Value>>> {
    let [_, branches] = schema.get("allOf")?.as_array()?.as_slice() else { return None };
    let branches = match branches.get("oneOf") {
        Some(several) => several.as_array()?.iter().collect(),
        None => vec![branches],
    };
    let mut codes = BTreeMap::new();
    for branch in branches {
        let properties = branch.get("properties")?;
        for code in properties.get("code")?.get("enum")?.as_array()? {
            codes.insert(code.as_str()?, properties.get("details"));
        }
    }
    Some(codes)
}
