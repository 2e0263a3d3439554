//! Constraints that stand once: keyword and check.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Arbitrary;
use queqiao::model;

use crate::cases::cases;

#[model]
#[derive(Arbitrary)]
struct Lengths {
    #[check(length = 1..=5)]
    text: String,
    #[check(length = 2)]
    exactly: String,
    #[check(length = ..=3)]
    most: Option<String>,
    #[check(length = 1..)]
    least: Box<str>,
}

#[model]
#[derive(Arbitrary)]
struct Counts {
    #[check(length = 1..=3)]
    list: Vec<u8>,
    #[check(length = ..=2)]
    set: BTreeSet<u8>,
    #[check(length = 1..=2)]
    map: BTreeMap<String, u8>,
    #[check(length = 1..)]
    maybe: Option<Vec<String>>,
}

#[model]
#[derive(Arbitrary)]
struct Ranges {
    #[check(range = 1..=10)]
    a: u8,
    #[check(range = -5..5)]
    b: i32,
    #[check(range = 0.0..1.0)]
    c: f64,
    #[check(above = 0.5)]
    d: f64,
    #[check(range = 10..)]
    e: Option<u32>,
    #[check(range = -1.5..=1.5)]
    f: f32,
}

#[model]
#[derive(Arbitrary)]
struct Patterns {
    #[check(pattern = r"^1[3-9][0-9]{9}$")]
    mobile: String,
    #[check(pattern = r"^\d{2,4}$")]
    digits: Option<String>,
    #[check(pattern = "^.$")]
    one: String,
    #[check(pattern = "[汉字]")]
    chinese: String,
    #[check(pattern = "^a", pattern = "b$")]
    both: String,
}

#[model]
#[derive(Arbitrary)]
struct MailAndPage {
    #[check(email)]
    mail: Option<String>,
    #[check(url)]
    page: Option<String>,
}

#[model]
#[derive(Arbitrary)]
struct Uniques {
    #[check(unique)]
    numbers: Vec<u8>,
    #[check(unique, length = 1..)]
    texts: Option<Vec<String>>,
}

#[model]
#[derive(Arbitrary)]
struct Eachs {
    #[check(each(length = 1..=3), length = ..=4)]
    texts: Vec<String>,
    #[check(each(range = 0..=9))]
    map: BTreeMap<String, u8>,
    #[check(each(range = 1..))]
    keyed: BTreeMap<u8, u8>,
    #[check(each(each(range = ..=1)))]
    nested: Vec<Vec<u8>>,
    #[check(each(length = 1))]
    set: BTreeSet<String>,
}

#[model]
#[derive(Arbitrary)]
struct Title(#[check(length = 1..=10)] String);

#[model]
#[derive(Arbitrary)]
struct OfTitle {
    title: Title,
    other: Option<Title>,
    all: Vec<Title>,
}

#[model]
#[derive(Arbitrary)]
#[serde(tag = "kind")]
enum InVariants {
    Named {
        #[check(length = 1..=4)]
        name: String,
    },
    Counted {
        #[check(range = 1..=3)]
        count: u8,
        #[check(length = 1..)]
        #[serde(default = "ones")]
        list: Vec<u8>,
    },
}

fn ones() -> Vec<u8> {
    vec![1]
}

#[model]
#[derive(Arbitrary)]
enum InNewtypeVariants {
    Text(#[check(length = 2..=3)] String),
    Number(#[check(range = 5..=6)] u8),
}

#[model]
#[derive(Arbitrary)]
struct InFlattened {
    #[check(range = 1..)]
    own: u8,
    #[serde(flatten)]
    inner: Lengths2,
}

#[model]
#[derive(Arbitrary)]
struct Lengths2 {
    #[check(length = ..=2)]
    text: String,
}

const MOST: usize = 3;

#[model]
#[derive(Arbitrary)]
struct Constants {
    #[check(length = 1..=MOST)]
    text: String,
}

cases! {
    checked_lengths: Lengths,
    checked_counts: Counts,
    checked_ranges: Ranges,
    checked_patterns: Patterns,
    checked_addresses: MailAndPage,
    checked_uniques: Uniques,
    checked_eachs: Eachs,
    checked_title: Title,
    checked_of_title: OfTitle,
    checked_in_variants: InVariants,
    checked_in_newtype_variants: InNewtypeVariants,
    checked_in_flattened: InFlattened,
    checked_constants: Constants,
}
