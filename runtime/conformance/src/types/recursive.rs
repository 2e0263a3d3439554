//! Types that contain themselves.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use queqiao::model;

use crate::cases::cases;

/// `arbitrary` derives recursion without an end; depth is bounded here.
fn nested<'a, T: Arbitrary<'a>>(u: &mut Unstructured<'a>) -> Result<Option<T>> {
    if u.len() > 16 && u.ratio(1, 3)? { T::arbitrary(u).map(Some) } else { Ok(None) }
}

#[model]
struct Chain {
    name: String,
    next: Option<Box<Chain>>,
}

impl<'a> Arbitrary<'a> for Chain {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { name: u.arbitrary()?, next: nested::<Chain>(u)?.map(Box::new) })
    }
}

#[model]
struct Tree {
    value: u8,
    children: Vec<Tree>,
}

impl<'a> Arbitrary<'a> for Tree {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let children = [nested::<Tree>(u)?, nested::<Tree>(u)?];
        Ok(Self { value: u.arbitrary()?, children: children.into_iter().flatten().collect() })
    }
}

#[model]
struct Folder {
    entries: BTreeMap<String, Folder>,
}

impl<'a> Arbitrary<'a> for Folder {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let entries = [nested::<Folder>(u)?, nested::<Folder>(u)?];
        let entries = entries.into_iter().flatten().map(|folder| Ok((u.arbitrary()?, folder)));
        Ok(Self { entries: entries.collect::<Result<_>>()? })
    }
}

#[model]
enum Expression {
    Number(i32),
    Negative(Box<Expression>),
    Sum(Vec<Expression>),
    Pair(Box<Expression>, Box<Expression>),
}

impl<'a> Arbitrary<'a> for Expression {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let one = nested::<Expression>(u)?;
        let two = nested::<Expression>(u)?;
        Ok(match (one, two) {
            (Some(one), Some(two)) if u.arbitrary()? => Self::Pair(Box::new(one), Box::new(two)),
            (Some(one), Some(two)) => Self::Sum(vec![one, two]),
            (Some(one), None) => Self::Negative(Box::new(one)),
            _ => Self::Number(u.arbitrary()?),
        })
    }
}

#[model]
#[serde(tag = "kind")]
enum TaggedTree {
    Node { left: Box<TaggedTree>, right: Option<Box<TaggedTree>> },
    Leaf { value: u8 },
}

impl<'a> Arbitrary<'a> for TaggedTree {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match nested::<TaggedTree>(u)? {
            Some(left) => Self::Node { left: Box::new(left), right: nested::<TaggedTree>(u)?.map(Box::new) },
            None => Self::Leaf { value: u.arbitrary()? },
        })
    }
}

#[model]
#[serde(untagged)]
enum Json {
    Flag(bool),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

impl<'a> Arbitrary<'a> for Json {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match (nested::<Json>(u)?, u.arbitrary()?) {
            (Some(one), true) => Self::List(vec![one]),
            (Some(one), false) => Self::Map([(u.arbitrary()?, one)].into()),
            (None, true) => Self::Text(u.arbitrary()?),
            (None, false) => Self::Flag(u.arbitrary()?),
        })
    }
}

#[model]
struct Person {
    name: String,
    owns: Vec<House>,
}

#[model]
struct House {
    street: String,
    inhabitants: Option<Vec<Person>>,
}

impl<'a> Arbitrary<'a> for Person {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { name: u.arbitrary()?, owns: nested::<House>(u)?.into_iter().collect() })
    }
}

impl<'a> Arbitrary<'a> for House {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let inhabitants = nested::<Person>(u)?.map(|person| vec![person]);
        Ok(Self { street: u.arbitrary()?, inhabitants })
    }
}

/// Differs between the sides, and refers to itself.
#[model]
struct Draft {
    #[serde(default)]
    title: String,
    replies: Vec<Draft>,
}

impl<'a> Arbitrary<'a> for Draft {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { title: u.arbitrary()?, replies: nested::<Draft>(u)?.into_iter().collect() })
    }
}

cases! {
    recursive_chain: Chain,
    recursive_tree: Tree,
    recursive_folder: Folder,
    recursive_expression: Expression,
    recursive_tagged: TaggedTree,
    recursive_json: Json,
    recursive_person: Person,
    recursive_house: House,
    recursive_draft: Draft,
    recursive_optional: Option<Chain>,
}
