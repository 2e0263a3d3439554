//! Texts, numbers and enumerations.

use std::collections::BTreeSet;

use serde_json::Value;

use super::edit::{Edit, Truth};
use super::judge::Step;
use super::number::{End, Range, is_multiple};
use super::shape::{Branch, equal};

/// Formats that say nothing of a value's form, and those of numbers, which are bounds.
const SILENT: [&str; 4] = ["password", "float", "double", "textarea"];
/// Formats whose texts all have another one as well.
const WITHIN: [(&str, &str); 8] = [
    ("ipv4", "ip"),
    ("ipv6", "ip"),
    ("email", "idn-email"),
    ("hostname", "idn-hostname"),
    ("uri", "iri"),
    ("uri", "uri-reference"),
    ("uri", "iri-reference"),
    ("iri", "iri-reference"),
];

pub(super) fn values(before: &[Value], after: &[Value], steps: &mut Vec<Step>) {
    let without = |all: &[Value], others: &[Value]| -> Vec<Value> {
        all.iter().filter(|value| !others.iter().any(|other| equal(value, other))).cloned().collect()
    };
    let (gone, new) = (without(before, after), without(after, before));
    if !gone.is_empty() {
        steps.push(Step::Here(Edit::ValuesGone(gone), Truth::NARROWS));
    }
    if !new.is_empty() {
        steps.push(Step::Here(Edit::ValuesNew(new), Truth::WIDENS));
    }
}

/// Whether a branch takes every text that a client puts into a URL for a number or a boolean.
pub(super) fn is_free(branch: &Branch<'_>) -> bool {
    branch.texts("pattern").is_empty()
        && formats(branch).is_empty()
        && branch.least("minLength") <= 1
        && branch.most("maxLength").is_none()
}

fn formats<'b>(branch: &'b Branch<'_>) -> BTreeSet<&'b str> {
    branch.texts("format").into_iter().filter(|format| !SILENT.contains(format)).collect()
}

fn owned(set: BTreeSet<&str>) -> BTreeSet<String> {
    set.into_iter().map(str::to_owned).collect()
}

pub(super) fn compare(one: &Branch<'_>, other: &Branch<'_>, steps: &mut Vec<Step>) {
    least("minLength", one, other, steps);
    most("maxLength", one, other, steps);
    let (before, after) = (one.texts("pattern"), other.texts("pattern"));
    let truth = Truth::new(!after.is_subset(&before), !before.is_subset(&after));
    if truth != Truth::default() {
        steps.push(Step::Here(Edit::Pattern { from: owned(before), to: owned(after) }, truth));
    }
    let (before, after) = (formats(one), formats(other));
    let implied = |wanted: &str, given: &BTreeSet<&str>| {
        given.contains(wanted)
            || WITHIN.iter().any(|(inner, outer)| *outer == wanted && given.contains(inner))
    };
    let truth = Truth::new(
        after.iter().any(|format| !implied(format, &before)),
        before.iter().any(|format| !implied(format, &after)),
    );
    if truth != Truth::default() {
        steps.push(Step::Here(Edit::Format { from: owned(before), to: owned(after) }, truth));
    }
}

pub(super) fn least(keyword: &'static str, one: &Branch<'_>, other: &Branch<'_>, steps: &mut Vec<Step>) {
    let (from, to) = (one.least(keyword), other.least(keyword));
    if from != to {
        let text = |bound: u64| (bound > 0).then(|| bound.to_string());
        let edit = Edit::Bound { keyword, from: text(from), to: text(to) };
        steps.push(Step::Here(edit, Truth::new(to > from, to < from)));
    }
}

pub(super) fn most(keyword: &'static str, one: &Branch<'_>, other: &Branch<'_>, steps: &mut Vec<Step>) {
    let (from, to) = (one.most(keyword), other.most(keyword));
    if from != to {
        let text = |bound: Option<u64>| bound.map(|bound| bound.to_string());
        let smaller = from.is_none_or(|from| to.is_some_and(|to| to < from));
        let edit = Edit::Bound { keyword, from: text(from), to: text(to) };
        steps.push(Step::Here(edit, Truth::new(smaller, !smaller)));
    }
}

pub(super) fn numbers(one: &Branch<'_>, other: &Branch<'_>, steps: &mut Vec<Step>) {
    let (old, new) = (Range::of(one), Range::of(other));
    let text = |end: &Option<End>| {
        end.as_ref().map(|end| format!("{}{}", if end.open { "beyond " } else { "" }, end.value))
    };
    let (low, high) = (old.compare_low(&new), old.compare_high(&new));
    if low.is_ne() {
        let edit = Edit::Bound { keyword: "minimum", from: text(&old.low), to: text(&new.low) };
        steps.push(Step::Here(edit, Truth::new(low.is_gt(), low.is_lt())));
    }
    if high.is_ne() {
        let edit = Edit::Bound { keyword: "maximum", from: text(&old.high), to: text(&new.high) };
        steps.push(Step::Here(edit, Truth::new(high.is_lt(), high.is_gt())));
    }
    if old.integral != new.integral {
        let truth = Truth::new(new.integral, old.integral);
        steps.push(Step::Here(Edit::Integral(new.integral), truth));
    }
    // A multiple of 10 is one of 5.
    let within = |wanted: &Range, given: &Range| {
        let implied = |step: &_| given.steps.iter().any(|known| is_multiple(known, step));
        wanted.steps.iter().all(implied)
    };
    let truth = Truth::new(!within(&new, &old), !within(&old, &new));
    if truth != Truth::default() {
        let text = |range: &Range| {
            let steps: Vec<String> = range.steps.iter().map(ToString::to_string).collect();
            (!steps.is_empty()).then(|| steps.join(" and "))
        };
        let edit = Edit::Bound { keyword: "multipleOf", from: text(&old), to: text(&new) };
        steps.push(Step::Here(edit, truth));
    }
}
