//! How the values of an old schema and a new one stand to each other, through references and circles.
//!
//! Each pair of an old and a new place is taken to mean the same until something shows that it does not (the greatest
//! fixed point): so two trees that differ in name only are equal, though each contains itself. What is found about a
//! pair is asked anew whenever something below it has been found.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Edit, Truth};
use super::object;
use super::shape::{Branch, Document, Kind, Mode, Shape};
use super::texts;

/// How many pairs of alternatives of one place are compared.
const COMPARISONS: usize = 4_096;

/// A place of both documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) old: Shape,
    pub(super) new: Shape,
    pub(super) mode: Mode,
}

/// The way from a value to one inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Member(String),
    Item,
    Place(usize),
    Others,
}

/// Something about a pair: here, or at a pair below.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Here(Edit, Truth),
    At(Segment, Edit, Truth),
    Below(Segment, Pair),
}

type Steps = Vec<(Step, Truth)>;

/// What is known of a pair.
#[derive(Debug, Default)]
struct Judgement {
    truth: Truth,
    steps: Steps,
}

/// Compares the schemas of two documents.
pub(super) struct Judge<'d> {
    pub(super) old: &'d Document,
    pub(super) new: &'d Document,
    known: BTreeMap<Pair, Truth>,
    /// The pairs whose truth hangs on one.
    users: BTreeMap<Pair, BTreeSet<Pair>>,
    open: BTreeSet<Pair>,
}

impl<'d> Judge<'d> {
    pub(super) fn new(old: &'d Document, new: &'d Document) -> Self {
        Self { old, new, known: BTreeMap::new(), users: BTreeMap::new(), open: BTreeSet::new() }
    }

    /// Tells every edit below a pair, each with the way there.
    pub(super) fn edits(&mut self, pair: &Pair) -> Vec<(Vec<Segment>, Edit, Truth)> {
        let pair = self.followed(pair);
        self.settle(&pair);
        let (mut told, mut seen) = (Vec::new(), BTreeSet::new());
        let all = Truth { narrows: true, widens: true, remark: true };
        self.tell(&pair, &mut Vec::new(), all, &mut seen, &mut told);
        told
    }

    fn tell(
        &mut self,
        pair: &Pair,
        way: &mut Vec<Segment>,
        wanted: Truth,
        seen: &mut BTreeSet<Pair>,
        told: &mut Vec<(Vec<Segment>, Edit, Truth)>,
    ) {
        if !seen.insert(pair.clone()) {
            return;
        }
        for (step, truth) in self.judge(pair).steps {
            if !(truth.narrows && wanted.narrows || truth.widens && wanted.widens || truth.remark) {
                continue;
            }
            match step {
                Step::Here(edit, truth) => told.push((way.clone(), edit, truth)),
                Step::At(segment, edit, truth) => {
                    told.push(([way.as_slice(), &[segment]].concat(), edit, truth));
                }
                Step::Below(segment, pair) => {
                    way.push(segment);
                    self.tell(&pair, way, truth, seen, told);
                    way.pop();
                }
            }
        }
    }

    /// One place has one pair, however many references lead to it.
    fn followed(&self, pair: &Pair) -> Pair {
        Pair { old: self.old.followed(&pair.old), new: self.new.followed(&pair.new), mode: pair.mode }
    }

    fn settle(&mut self, pair: &Pair) {
        self.truth(pair);
        while let Some(pair) = self.open.pop_first() {
            let found = self.judge(&pair).truth;
            let known = self.known.entry(pair.clone()).or_default();
            let grown = known.or(found);
            if grown != *known {
                *known = grown;
                self.open.extend(self.users.get(&pair).into_iter().flatten().cloned());
            }
        }
    }

    /// What is known of a pair so far; it is looked at later if nobody has asked before.
    fn truth(&mut self, pair: &Pair) -> Truth {
        match self.known.get(pair) {
            Some(truth) => *truth,
            None => {
                self.known.insert(pair.clone(), Truth::default());
                self.open.insert(pair.clone());
                Truth::default()
            }
        }
    }

    fn judge(&mut self, pair: &Pair) -> Judgement {
        let (old, new) = (self.old, self.new);
        let (olds, news) = (old.branches(&pair.old, pair.mode), new.branches(&pair.new, pair.mode));
        let (Some(olds), Some(news)) = (olds, news) else { return self.too_many(pair) };
        if olds.len().saturating_mul(news.len()) > COMPARISONS {
            return self.too_many(pair);
        }
        let mut table: Vec<Vec<Option<Steps>>> = Vec::new();
        for one in &olds {
            let mut row = Vec::new();
            for other in &news {
                row.push(self.compare(one, other, &olds, &news, pair));
            }
            table.push(row);
        }
        let total =
            |steps: &[(Step, Truth)]| steps.iter().fold(Truth::default(), |truth, (_, step)| truth.or(*step));
        let mut found = Judgement::default();
        let mut push = |step: Step, truth: Truth| {
            found.truth = found.truth.or(truth);
            if !found.steps.iter().any(|(known, _)| *known == step) {
                found.steps.push((step, truth));
            }
        };
        let (mut gone, mut fresh) = (Vec::new(), Vec::new());
        for (row, one) in table.iter().zip(&olds) {
            let fits = row.iter().flatten().any(|steps| !total(steps).narrows);
            let covered = fits || self.covered_otherwise(one, &news, pair);
            let best = row.iter().flatten().min_by_key(|steps| {
                let (all, narrow) = (total(steps), steps.iter().filter(|(_, truth)| truth.narrows));
                (all.narrows, narrow.count(), all.widens, all.remark, steps.len())
            });
            match best {
                Some(steps) => {
                    for (step, truth) in steps.iter().filter(|(_, t)| t.remark || t.narrows && !covered) {
                        push(step.clone(), *truth);
                    }
                }
                None if !covered => gone.push(one),
                None => {}
            }
        }
        for (column, other) in news.iter().enumerate() {
            let rows = table.iter().filter_map(|row| row.get(column)?.as_ref());
            let fits = rows.clone().any(|steps| !total(steps).widens);
            let held = |value| olds.iter().any(|old| old.kind == other.kind && old.holds(value));
            let held = other.values.as_ref().is_some_and(|values| values.iter().all(held));
            let best = rows.min_by_key(|steps| {
                let (all, wide) = (total(steps), steps.iter().filter(|(_, truth)| truth.widens));
                (all.widens, wide.count(), all.narrows, all.remark, steps.len())
            });
            match best {
                Some(steps) if !(fits || held) => {
                    for (step, truth) in steps.iter().filter(|(_, truth)| truth.widens) {
                        push(step.clone(), *truth);
                    }
                }
                None if !held => fresh.push(other),
                _ => {}
            }
        }
        // Types that only one of the two has: together they are one change.
        let alone = |one: &Branch<'_>, others: &[Branch<'_>]| {
            one.kind != Kind::Null && !others.iter().any(|other| other.kind == one.kind)
        };
        let (lost, won): (Vec<_>, Vec<_>) = (
            gone.iter().filter(|one| alone(one, &news)).collect(),
            fresh.iter().filter(|other| alone(other, &olds)).collect(),
        );
        if !lost.is_empty() && !won.is_empty() {
            let words = |branches: &[&&Branch<'_>]| {
                branches.iter().map(|branch| word(branch)).collect::<Vec<_>>().join(" or ")
            };
            push(Step::Here(Edit::Retyped { from: words(&lost), to: words(&won) }, Truth::BOTH), Truth::BOTH);
            gone.retain(|one| !alone(one, &news));
            fresh.retain(|other| !alone(other, &olds));
        }
        for one in gone {
            let edit = Edit::AlternativeGone(object::describe(old, one, pair.mode));
            push(Step::Here(edit, Truth::NARROWS), Truth::NARROWS);
        }
        for other in fresh {
            let edit = Edit::AlternativeNew(object::describe(new, other, pair.mode));
            push(Step::Here(edit, Truth::WIDENS), Truth::WIDENS);
        }
        found
    }

    fn too_many(&self, pair: &Pair) -> Judgement {
        let text = |document: &Document, shape: &Shape| {
            let mut texts: Vec<_> = shape
                .places()
                .filter_map(|place| document.root.pointer(place))
                .map(|schema| document.written_out(schema, DEPTH).to_string())
                .collect();
            texts.sort();
            texts
        };
        match text(self.old, &pair.old) == text(self.new, &pair.new) {
            true => Judgement::default(),
            false => Judgement {
                truth: Truth::BOTH,
                steps: vec![(Step::Here(Edit::TooMany, Truth::BOTH), Truth::BOTH)],
            },
        }
    }

    /// Whether something else than one alternative of the same type takes all of an old one.
    fn covered_otherwise(&mut self, one: &Branch<'_>, news: &[Branch<'_>], pair: &Pair) -> bool {
        let each = |value| news.iter().any(|new| new.kind == one.kind && new.holds(value));
        if one.values.as_ref().is_some_and(|values| values.iter().all(each)) {
            return true;
        }
        let Mode::Text { repeated } = pair.mode else { return false };
        // A number in a URL is a text, and one text is a list of one.
        let plain =
            |new: &Branch<'_>| new.kind == Kind::String && new.values.is_none() && texts::is_free(new);
        if matches!(one.kind, Kind::Number | Kind::Boolean) && news.iter().any(plain) {
            return true;
        }
        let list = news.iter().find(|new| new.kind == Kind::Array && new.least("minItems") <= 1);
        let Some(list) = list.filter(|_| repeated && !matches!(one.kind, Kind::Array | Kind::Object)) else {
            return false;
        };
        let inside = self.followed(&Pair { old: pair.old.clone(), new: list.item(0), mode: pair.mode });
        !self.child(pair, &inside).narrows
    }

    /// The truth of a pair on which another's hangs.
    fn child(&mut self, of: &Pair, pair: &Pair) -> Truth {
        self.users.entry(pair.clone()).or_default().insert(of.clone());
        self.truth(pair)
    }

    /// What an old and a new alternative differ in; nothing if they are not meant to be the same.
    fn compare(
        &mut self,
        one: &Branch<'_>,
        other: &Branch<'_>,
        olds: &[Branch<'_>],
        news: &[Branch<'_>],
        pair: &Pair,
    ) -> Option<Steps> {
        if one.kind != other.kind {
            return None;
        }
        let only = |branches: &[Branch<'_>]| branches.iter().filter(|b| b.kind == one.kind).count() == 1;
        if one.kind == Kind::Object
            && !(only(olds) && only(news))
            && object::are_apart(self.old, one, self.new, other, pair.mode)
        {
            return None;
        }
        let mut steps = Vec::new();
        match (&one.values, &other.values) {
            (Some(before), Some(after)) => texts::values(before, after, &mut steps),
            (Some(before), None) => {
                let refused: Vec<_> = before.iter().filter(|value| !other.holds(value)).cloned().collect();
                if !refused.is_empty() {
                    steps.push(Step::Here(Edit::ValuesOutside(refused), Truth::NARROWS));
                }
                steps.push(Step::Here(Edit::Unlisted, Truth::WIDENS));
            }
            (None, Some(after)) => {
                let widens = after.iter().any(|value| !one.holds(value));
                steps.push(Step::Here(Edit::Listed(after.clone()), Truth::new(true, widens)));
            }
            (None, None) => {
                match one.kind {
                    Kind::String => texts::compare(one, other, &mut steps),
                    Kind::Number => texts::numbers(one, other, &mut steps),
                    Kind::Array => object::lists(one, other, pair.mode, &mut steps),
                    Kind::Object => object::compare(self.old, one, self.new, other, pair.mode, &mut steps),
                    Kind::Null | Kind::Boolean => {}
                }
                self.opaque(one, other, &mut steps);
            }
        }
        let mut told = Vec::new();
        for mut step in steps {
            let truth = match &mut step {
                Step::Here(_, truth) | Step::At(_, _, truth) => *truth,
                Step::Below(_, inside) => {
                    *inside = self.followed(inside);
                    self.child(pair, inside)
                }
            };
            if truth != Truth::default() {
                told.push((step, truth));
            }
        }
        Some(told)
    }

    /// Keywords that are compared as they stand.
    fn opaque(&self, one: &Branch<'_>, other: &Branch<'_>, steps: &mut Vec<Step>) {
        const EACH: [&str; 4] = ["not", "if", "then", "else"];
        const LISTS: [&str; 4] = ["contains", "minContains", "maxContains", "unevaluatedItems"];
        const OBJECTS: [&str; 4] = ["propertyNames", "dependentRequired", "dependentSchemas", "dependencies"];
        let own: &[&'static str] = match one.kind {
            Kind::Array => &LISTS,
            Kind::Object => &OBJECTS,
            _ => &[],
        };
        for keyword in EACH.iter().chain(own) {
            let written = |document: &Document, branch: &Branch<'_>| -> BTreeSet<String> {
                let values = branch.nodes.iter().filter_map(|node| node.map.get(*keyword));
                values.map(|value| document.written_out(value, DEPTH).to_string()).collect()
            };
            let (before, after) = (written(self.old, one), written(self.new, other));
            let truth = Truth::new(!after.is_subset(&before), !before.is_subset(&after));
            if truth != Truth::default() {
                steps.push(Step::Here(Edit::Undecided(keyword), truth));
            }
        }
    }
}

/// How deep references are written out for keywords that are compared as they stand.
const DEPTH: usize = 12;

/// A type in words.
fn word(branch: &Branch<'_>) -> String {
    match branch.kind {
        Kind::Number if branch.integral => "an integer".to_owned(),
        kind => kind.to_string(),
    }
}
