//! What may happen to a schema, and what each means for a client that does not know of it.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::Verdict;
use super::shape::{Kind, Mode};

/// How the values of an old and a new schema stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Truth {
    /// There are old values that are none of the new.
    pub(super) narrows: bool,
    /// There are new values that are none of the old.
    pub(super) widens: bool,
    /// There is something to tell all the same.
    pub(super) remark: bool,
}

impl Truth {
    pub(super) const NARROWS: Self = Self { narrows: true, widens: false, remark: false };
    pub(super) const WIDENS: Self = Self { narrows: false, widens: true, remark: false };
    pub(super) const BOTH: Self = Self { narrows: true, widens: true, remark: false };
    pub(super) const REMARK: Self = Self { narrows: false, widens: false, remark: true };

    pub(super) fn new(narrows: bool, widens: bool) -> Self {
        Self { narrows, widens, remark: false }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            narrows: self.narrows || other.narrows,
            widens: self.widens || other.widens,
            remark: self.remark || other.remark,
        }
    }
}

/// One change of one place of a schema.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Edit {
    /// Another type altogether.
    Retyped {
        from: String,
        to: String,
    },
    /// One of several alternatives.
    AlternativeGone(String),
    AlternativeNew(String),
    /// Of an enumeration.
    ValuesGone(Vec<Value>),
    ValuesNew(Vec<Value>),
    /// It was free and is enumerated, or the other way round.
    Listed(Vec<Value>),
    Unlisted,
    /// Values that were enumerated and lie outside of what is taken now.
    ValuesOutside(Vec<Value>),
    /// Whether numbers are integers only.
    Integral(bool),
    /// `minimum`, `maxLength`, …
    Bound {
        keyword: &'static str,
        from: Option<String>,
        to: Option<String>,
    },
    Pattern {
        from: BTreeSet<String>,
        to: BTreeSet<String>,
    },
    Format {
        from: BTreeSet<String>,
        to: BTreeSet<String>,
    },
    Unique(bool),
    /// The length of a list whose places have types of their own.
    Places {
        from: String,
        to: String,
    },
    FieldNew {
        required: bool,
    },
    FieldGone {
        refused: bool,
    },
    /// It may be sent as before, and nobody reads it.
    FieldIgnored,
    /// It was optional and is never there.
    FieldSilent,
    Required,
    Optional,
    OthersRefused,
    OthersTaken,
    OthersGone,
    /// A keyword whose meaning is not compared.
    Undecided(&'static str),
    /// More alternatives than are compared.
    TooMany,
}

impl Edit {
    /// Whether the old client's types say nothing of it.
    fn is_constraint(&self) -> bool {
        matches!(
            self,
            Self::Bound { .. }
                | Self::Pattern { .. }
                | Self::Format { .. }
                | Self::Unique(_)
                | Self::Undecided(_)
        )
    }

    pub(super) fn verdict(&self, truth: Truth, mode: Mode) -> Verdict {
        match mode {
            _ if matches!(self, Self::FieldIgnored | Self::FieldSilent) => Verdict::Warning,
            Mode::Request | Mode::Text { .. } if truth.narrows => Verdict::Breaking,
            Mode::Response if truth.widens && self.is_constraint() => Verdict::Warning,
            Mode::Response if truth.widens => Verdict::Breaking,
            _ => Verdict::Compatible,
        }
    }

    /// The ways out of a change that breaks or is doubtful, the best first.
    pub(super) fn remedies(&self, mode: Mode) -> Vec<&'static str> {
        if mode == Mode::Response {
            return vec![match self {
                Self::ValuesNew(_) | Self::Unlisted | Self::AlternativeNew(_) => {
                    "give old clients a value that they know, and the new one in a field of its own"
                }
                Self::FieldGone { .. } | Self::FieldSilent => {
                    "keep the field, filled as before, until no old client is left"
                }
                Self::Optional => {
                    "keep it required: answer a value that stands for nothing, such as an empty text"
                }
                Self::Retyped { .. } => "keep the field as it was, and add the new form under another name",
                _ if self.is_constraint() => "keep within the old bounds, if pages rely on them",
                _ => "keep the old form, and add the new one under another name",
            }];
        }
        match self {
            Self::FieldNew { .. } | Self::Required => {
                vec!["make it optional: `Option<_>`, or a value of its own with `#[serde(default)]`"]
            }
            Self::FieldGone { .. } | Self::OthersRefused => {
                vec!["leave out `#[serde(deny_unknown_fields)]`: what is not known is ignored then"]
            }
            Self::FieldIgnored => vec![
                "if it was renamed, keep reading the old name: `#[serde(alias = \"…\")]`",
                "keep the field while old clients send it",
            ],
            Self::ValuesGone(_) | Self::Listed(_) | Self::ValuesOutside(_) => vec![
                "keep taking the old values: `#[serde(alias = \"…\")]` on the variant that stands for them",
                "keep the variant, and let the handler deal with it",
            ],
            Self::AlternativeGone(_) => {
                vec!["keep taking the old alternative, and translate it in the handler"]
            }
            Self::Retyped { .. } => vec![
                "take both forms: an `#[serde(untagged)]` enum of the old and the new type",
                "leave the field as it was, and add an optional one of the new type",
            ],
            _ if self.is_constraint() => {
                vec!["keep taking what was taken; refuse it for new fields or operations only"]
            }
            _ => vec!["keep taking the old form beside the new one"],
        }
    }

    /// The sentence, whose subject is the field.
    pub(super) fn sentence(&self, truth: Truth, mode: Mode) -> String {
        let response = mode == Mode::Response;
        let known = |truth: Truth| match (truth.narrows, truth.widens) {
            (true, true) => "; whether one contains the other cannot be decided, and so it counts as another",
            _ => "",
        };
        match self {
            Self::Retyped { from, to } => format!("was {from} and is {to}"),
            Self::AlternativeGone(which) if response => format!("is no longer {which}"),
            Self::AlternativeGone(which) => format!("no longer takes {which}"),
            Self::AlternativeNew(which) if response => format!("may be {which} now"),
            Self::AlternativeNew(which) => format!("takes {which} too"),
            Self::ValuesGone(values) if response => format!("is no longer {}", list(values)),
            Self::ValuesGone(values) => format!("no longer takes {}", list(values)),
            Self::ValuesNew(values) if response => format!("may be {} now", list(values)),
            Self::ValuesNew(values) => format!("takes {} too", list(values)),
            Self::Listed(values) => format!("was free and is only {} now", list(values)),
            Self::Unlisted => "was one of a list and may be anything of its type now".to_owned(),
            Self::ValuesOutside(values) => format!("may no longer take {}", list(values)),
            Self::Integral(true) => "may no longer have a fraction".to_owned(),
            Self::Integral(false) => "may have a fraction now".to_owned(),
            Self::Bound { keyword, from, to } => match (from, to) {
                (None, Some(to)) => format!("has {keyword} {to} now"),
                (Some(from), None) => format!("has no {keyword} any more (was {from})"),
                (from, to) => {
                    let text = |bound: &Option<String>| bound.clone().unwrap_or_else(|| "none".to_owned());
                    format!("has {keyword} {} now (was {})", text(to), text(from))
                }
            },
            Self::Pattern { from, to } => {
                format!("has the pattern {} now (was {}){}", names(to), names(from), known(truth))
            }
            Self::Format { from, to } => {
                format!("has the format {} now (was {}){}", names(to), names(from), known(truth))
            }
            Self::Unique(true) => "may have no item twice now".to_owned(),
            Self::Unique(false) => "may have an item twice now".to_owned(),
            Self::Places { from, to } => format!("has {to} items now (was {from})"),
            Self::FieldNew { required: true } if !response => {
                "is new and required, and the old client does not send it".to_owned()
            }
            Self::FieldNew { required: true } => "is new".to_owned(),
            Self::FieldNew { required: false } => "is new and optional".to_owned(),
            Self::FieldGone { refused: true } => "is gone, and refused where it is sent".to_owned(),
            Self::FieldGone { refused: false } => "is gone, and the old client counts on it".to_owned(),
            Self::FieldIgnored => "is gone: what the old client sends there has no effect".to_owned(),
            Self::FieldSilent => "is gone: it was optional, and is never there now".to_owned(),
            Self::Required if response => "is always there now".to_owned(),
            Self::Required => "was optional and is required now".to_owned(),
            Self::Optional if response => "was always there and may be absent now".to_owned(),
            Self::Optional => "was required and is optional now".to_owned(),
            Self::OthersRefused => "refuses members that it does not know now".to_owned(),
            Self::OthersTaken if response => "may have members of other names now".to_owned(),
            Self::OthersTaken => "takes members that it does not know now".to_owned(),
            Self::OthersGone => "has no members of other names any more".to_owned(),
            Self::Undecided(keyword) => {
                format!(
                    "has another `{keyword}` now; what that means cannot be decided, and the worse is taken"
                )
            }
            Self::TooMany => {
                "has changed, and has too many alternatives to be compared; the worse is taken".to_owned()
            }
        }
    }
}

fn names(set: &BTreeSet<String>) -> String {
    match set.is_empty() {
        true => "none".to_owned(),
        false => set.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and "),
    }
}

/// How many values are named.
const NAMED: usize = 6;

fn list(values: &[Value]) -> String {
    let mut texts: Vec<String> = values.iter().take(NAMED).map(Value::to_string).collect();
    if values.len() > NAMED {
        texts.push(format!("{} more", values.len() - NAMED));
    }
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "an object",
        })
    }
}
