//! Objects and lists.

use serde_json::Value;

use super::edit::{Edit, Truth};
use super::judge::{Pair, Segment, Step};
use super::shape::{Branch, Document, Extras, Kind, Members, Mode, Shape, equal};
use super::texts::{least, most};

pub(super) fn compare(
    old: &Document,
    one: &Branch<'_>,
    new: &Document,
    other: &Branch<'_>,
    mode: Mode,
    steps: &mut Vec<Step>,
) {
    let (before, after) = (old.members(one, mode), new.members(other, mode));
    let names: std::collections::BTreeSet<&String> = before.named.keys().chain(after.named.keys()).collect();
    for name in names {
        let segment = || Segment::Member(name.clone());
        let below = |old: &Shape, new: &Shape| {
            Step::Below(segment(), Pair { old: old.clone(), new: new.clone(), mode })
        };
        let (was, is) = (before.required.contains(name), after.required.contains(name));
        match (before.named.get(name), after.named.get(name)) {
            (Some(old), Some(new)) => {
                steps.push(below(old, new));
                match (was, is) {
                    (true, false) => steps.push(Step::At(segment(), Edit::Optional, Truth::WIDENS)),
                    (false, true) => steps.push(Step::At(segment(), Edit::Required, Truth::NARROWS)),
                    _ => {}
                }
            }
            (Some(old), None) => gone(old, was, &after.extras, mode, segment(), steps),
            (None, Some(new)) => {
                let declared = match &before.extras {
                    Extras::Declared(others) => {
                        steps.push(below(others, new));
                        true
                    }
                    Extras::Silent | Extras::Closed => false,
                };
                let truth = match mode {
                    // A client does not read what it does not know.
                    Mode::Response => Truth { narrows: is, widens: false, remark: !declared },
                    _ => Truth { narrows: is, widens: before.extras == Extras::Closed, remark: true },
                };
                steps.push(Step::At(segment(), Edit::FieldNew { required: is }, truth));
            }
            (None, None) => {}
        }
    }
    others(&before, &after, mode, steps);
    least("minProperties", one, other, steps);
    most("maxProperties", one, other, steps);
}

/// A member that the new schema does not name.
fn gone(old: &Shape, was: bool, extras: &Extras, mode: Mode, segment: Segment, steps: &mut Vec<Step>) {
    let declared = match extras {
        Extras::Declared(others) => {
            let pair = Pair { old: old.clone(), new: others.clone(), mode };
            steps.push(Step::Below(segment.clone(), pair));
            true
        }
        Extras::Silent | Extras::Closed => false,
    };
    let (edit, truth) = match mode {
        Mode::Response if was => (Edit::FieldGone { refused: false }, Truth::new(!declared, true)),
        Mode::Response if declared => return,
        Mode::Response => (Edit::FieldSilent, Truth::NARROWS),
        _ if *extras == Extras::Closed => (Edit::FieldGone { refused: true }, Truth::new(true, was)),
        _ if declared => {
            if was {
                steps.push(Step::At(segment, Edit::Optional, Truth::WIDENS));
            }
            return;
        }
        _ => (Edit::FieldIgnored, Truth { narrows: false, widens: was, remark: true }),
    };
    steps.push(Step::At(segment, edit, truth));
}

/// Members that are not named.
fn others(before: &Members, after: &Members, mode: Mode, steps: &mut Vec<Step>) {
    let response = mode == Mode::Response;
    let below = |old: &Shape, new: &Shape| {
        Step::Below(Segment::Others, Pair { old: old.clone(), new: new.clone(), mode })
    };
    match (&before.extras, &after.extras) {
        (Extras::Declared(old), Extras::Declared(new)) => steps.push(below(old, new)),
        (Extras::Closed, Extras::Closed) | (Extras::Silent, Extras::Silent) => {}
        // The client does not read what it does not know, and so may not be disappointed by it.
        (Extras::Declared(_), _) if response => {
            steps.push(Step::Here(Edit::OthersGone, Truth::NARROWS));
        }
        (_, Extras::Declared(_)) if response => {
            steps.push(Step::Here(Edit::OthersTaken, Truth::REMARK));
        }
        (_, _) if response => {}
        (_, Extras::Closed) => steps.push(Step::Here(Edit::OthersRefused, Truth::NARROWS)),
        (Extras::Closed, _) => steps.push(Step::Here(Edit::OthersTaken, Truth::WIDENS)),
        (Extras::Declared(old), Extras::Silent) => steps.push(below(old, &Shape::any())),
        (Extras::Silent, Extras::Declared(new)) => steps.push(below(&Shape::any(), new)),
    }
    let patterns: std::collections::BTreeSet<&String> =
        before.patterns.keys().chain(after.patterns.keys()).collect();
    for pattern in patterns {
        match (before.patterns.get(pattern), after.patterns.get(pattern)) {
            (Some(old), Some(new)) => steps.push(below(old, new)),
            _ => steps.push(Step::Here(Edit::Undecided("patternProperties"), Truth::BOTH)),
        }
    }
}

pub(super) fn lists(one: &Branch<'_>, other: &Branch<'_>, mode: Mode, steps: &mut Vec<Step>) {
    let (own, new_own) = (one.own_places(), other.own_places());
    let own = own.max(new_own);
    let (longest, new_longest) = (one.most("maxItems"), other.most("maxItems"));
    let reaches = |most: Option<u64>, index: usize| most.is_none_or(|most| (index as u64) < most);
    for index in 0..own {
        if reaches(longest, index) && reaches(new_longest, index) {
            let pair = Pair { old: one.item(index), new: other.item(index), mode };
            steps.push(Step::Below(Segment::Place(index), pair));
        }
    }
    if reaches(longest, own) && reaches(new_longest, own) {
        let pair = Pair { old: one.item(usize::MAX), new: other.item(usize::MAX), mode };
        steps.push(Step::Below(Segment::Item, pair));
    }
    if one.own_places() > 0 {
        // A type of so many places promises all of them.
        let (low, new_low) = (one.least("minItems"), other.least("minItems"));
        let longer = longest.is_some_and(|most| new_longest.is_none_or(|new| new > most));
        let shorter = new_longest.is_some_and(|new| longest.is_none_or(|most| new < most));
        let truth = Truth::new(new_low > low || shorter, new_low < low || longer);
        if truth != Truth::default() {
            let text = |low: u64, most: Option<u64>| match most {
                Some(most) if most == low => low.to_string(),
                Some(most) => format!("{low} to {most}"),
                None => format!("{low} or more"),
            };
            let edit = Edit::Places { from: text(low, longest), to: text(new_low, new_longest) };
            steps.push(Step::Here(edit, truth));
        }
    } else {
        least("minItems", one, other, steps);
        most("maxItems", one, other, steps);
    }
    let (was, is) = (one.flag("uniqueItems"), other.flag("uniqueItems"));
    if was != is {
        steps.push(Step::Here(Edit::Unique(is), Truth::new(is, was)));
    }
}

/// The member that tells an object from other alternatives, with its values.
fn tags(document: &Document, branch: &Branch<'_>, mode: Mode) -> Vec<(String, Vec<Value>)> {
    let members = document.members(branch, mode);
    let values = |shape: &Shape| -> Option<Vec<Value>> {
        let branches = document.branches(shape, mode)?;
        let texts = branches.into_iter().map(|branch| branch.values.filter(|_| branch.kind != Kind::Boolean));
        Some(texts.collect::<Option<Vec<_>>>()?.concat())
    };
    let required = members.named.iter().filter(|(name, _)| members.required.contains(*name));
    required.filter_map(|(name, shape)| Some((name.clone(), values(shape)?))).collect()
}

/// Whether two objects have no value in common, because a member that both have tells them apart, or because neither
/// has what the other needs.
pub(super) fn are_apart(
    old: &Document,
    one: &Branch<'_>,
    new: &Document,
    other: &Branch<'_>,
    mode: Mode,
) -> bool {
    let (before, after) = (tags(old, one, mode), tags(new, other, mode));
    for (name, values) in &before {
        if let Some((_, others)) = after.iter().find(|(other, _)| other == name)
            && !values.iter().any(|value| others.iter().any(|other| equal(value, other)))
        {
            return true;
        }
    }
    let (before, after) = (old.members(one, mode), new.members(other, mode));
    !before.required.is_empty() && !after.required.is_empty() && before.required.is_disjoint(&after.required)
}

/// An alternative in few words.
pub(super) fn describe(document: &Document, branch: &Branch<'_>, mode: Mode) -> String {
    if let Some(values) = &branch.values
        && branch.kind != Kind::Boolean
    {
        let texts: Vec<String> = values.iter().take(6).map(Value::to_string).collect();
        return texts.join(" or ");
    }
    if branch.kind != Kind::Object {
        return branch.kind.to_string();
    }
    if let Some((name, values)) = tags(document, branch, mode).into_iter().next()
        && let [value] = values.as_slice()
    {
        return format!("the object with `{name}` {value}");
    }
    let required = document.members(branch, mode).required;
    match required.is_empty() {
        true => "an object".to_owned(),
        false => {
            let names: Vec<String> = required.iter().take(4).map(|name| format!("`{name}`")).collect();
            format!("the object with {}", names.join(", "))
        }
    }
}
