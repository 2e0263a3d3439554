//! The walk over a value: where it is, and what it has found.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::problem::{FieldError, Text};

/// Errors reported for one value; the walk goes on silently after them, so that a hostile body cannot make a
/// response larger than itself.
pub(super) const MAX_ERRORS: usize = 100;

/// A place in a value, and the list of what is broken.
///
/// The place is a linked list on the stack: walking a value in which everything holds allocates nothing, and a
/// pointer is written only when a constraint is broken.
///
/// ```
/// use queqiao::Checker;
///
/// let mut errors = Vec::new();
/// let mut root = Checker::root(&mut errors);
/// root.field("items").index(2).key(&"a/b").fail("length", "must be 1 to 100 characters long");
/// assert_eq!(errors[0].pointer, "/items/2/a~1b");
/// ```
pub struct Checker<'a> {
    errors: &'a mut Vec<FieldError>,
    /// Where the texts for content security are put down, if somebody asks for them.
    texts: Option<&'a mut Vec<UserText>>,
    place: Place<'a>,
    /// What the developer wants said instead of the constraint's own words.
    message: Option<&'a Text>,
}

/// A text that a user wrote, and where it stands.
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "nobody has it judged"))]
pub(crate) struct UserText {
    pub(crate) pointer: String,
    pub(crate) text: String,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    /// Adds nothing: the root, `flatten`, untagged and internally tagged variants.
    None,
    Field(&'a str),
    Index(usize),
    Key(&'a dyn Key),
}

/// A map key, which becomes a string only when a pointer is written.
trait Key {
    fn name(&self) -> String;
}

impl<K: serde::Serialize> Key for K {
    fn name(&self) -> String {
        // The same way in which serde_json writes a key: strings as they are, numbers and booleans in quotes.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(value) => value.to_string(),
            Err(_) => String::from("?"),
        }
    }
}

impl<'a> Checker<'a> {
    /// Starts at the root of a value; broken constraints are added to `errors`.
    pub fn root(errors: &'a mut Vec<FieldError>) -> Self {
        let place = Place { parent: None, segment: Segment::None };
        Self { errors, texts: None, place, message: None }
    }

    /// As [`Checker::root`], and puts down every text that is for content security.
    #[cfg(feature = "server")]
    pub(crate) fn collecting(errors: &'a mut Vec<FieldError>, texts: &'a mut Vec<UserText>) -> Self {
        Self { texts: Some(texts), ..Self::root(errors) }
    }

    fn child<'b>(&'b mut self, segment: Segment<'b>) -> Checker<'b> {
        Checker {
            errors: self.errors,
            texts: self.texts.as_deref_mut(),
            place: Place { parent: Some(&self.place), segment },
            message: self.message,
        }
    }

    /// The place of a member, by its wire name.
    pub fn field<'b>(&'b mut self, name: &'b str) -> Checker<'b> {
        self.child(Segment::Field(name))
    }

    /// The place of an item of an array.
    pub fn index(&mut self, index: usize) -> Checker<'_> {
        self.child(Segment::Index(index))
    }

    /// The place of an entry of a map, by its key as serde writes it.
    pub fn key<'b, K: serde::Serialize>(&'b mut self, key: &'b K) -> Checker<'b> {
        self.child(Segment::Key(key))
    }

    /// The same place; constraints broken here are told in these words.
    #[doc(hidden)]
    pub fn saying<'b>(&'b mut self, message: &'b Text) -> Checker<'b> {
        Checker { message: Some(message), ..self.child(Segment::None) }
    }

    /// Whether further errors would be dropped, so that a loop may stop.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    /// Reports a broken constraint here: a stable code, and a sentence for people.
    pub fn fail(&mut self, code: impl Into<Cow<'static, str>>, message: impl Into<Text>) {
        self.fail_below("", code.into(), message.into());
    }

    /// A text for content security is here.
    pub(super) fn user_text(&mut self, text: &str) {
        if let Some(texts) = &mut self.texts {
            let mut pointer = String::new();
            self.place.write(&mut pointer);
            texts.push(UserText { pointer, text: text.to_owned() });
        }
    }

    /// Reports what a check of the developer's own found.
    pub fn violation(&mut self, violation: Violation) {
        self.fail_below(&violation.pointer, violation.code, violation.message);
    }

    fn fail_below(&mut self, below: &str, code: Cow<'static, str>, message: Text) {
        if self.is_full() {
            return;
        }
        let mut pointer = String::new();
        self.place.write(&mut pointer);
        pointer.push_str(below);
        self.errors.push(FieldError::new(pointer, code, self.message.cloned().unwrap_or(message)));
    }
}

impl fmt::Debug for Checker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pointer = String::new();
        self.place.write(&mut pointer);
        f.debug_struct("Checker").field("pointer", &pointer).field("errors", &self.errors).finish()
    }
}

impl Place<'_> {
    fn write(&self, pointer: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(pointer);
        }
        match self.segment {
            Segment::None => {}
            Segment::Field(name) => push_segment(pointer, name),
            Segment::Index(index) => {
                // Writing to a String does not fail.
                let _ = write!(pointer, "/{index}");
            }
            Segment::Key(key) => push_segment(pointer, &key.name()),
        }
    }
}

/// Adds `/name`, escaped as [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901#section-3) says.
fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// What a check of your own (`#[check(custom = …)]`) reports: a stable code, and a sentence for people.
///
/// A pair converts into it, so a check reads:
///
/// ```
/// fn even(number: &u32) -> Result<(), (&'static str, &'static str)> {
///     if number % 2 == 0 { Ok(()) } else { Err(("even", "must be even")) }
/// }
/// # assert!(even(&3).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    code: Cow<'static, str>,
    message: Text,
    pointer: String,
}

impl Violation {
    /// A broken constraint of the checked value.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Text>) -> Self {
        Self { code: code.into(), message: message.into(), pointer: String::new() }
    }

    /// Moves the report to a member of the checked value, by its wire name.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        push_segment(&mut self.pointer, field);
        self
    }
}

impl<C: Into<Cow<'static, str>>, M: Into<Text>> From<(C, M)> for Violation {
    fn from((code, message): (C, M)) -> Self {
        Self::new(code, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped_and_keys_written_as_serde_writes_them() {
        let mut errors = Vec::new();
        let mut root = Checker::root(&mut errors);
        root.fail("a", "root");
        root.field("a/b").key(&7).field("~").fail("b", "deep");
        root.field("x").key(&String::new()).fail("c", "empty key");
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["", "/a~1b/7/~0", "/x/"]);
    }

    #[test]
    fn stops_at_the_cap() {
        let mut errors = Vec::new();
        let mut root = Checker::root(&mut errors);
        for index in 0..MAX_ERRORS * 2 {
            root.index(index).fail("x", "y");
        }
        assert!(root.is_full());
        assert_eq!(errors.len(), MAX_ERRORS);
    }

    #[test]
    fn a_violation_can_name_a_member_and_a_message_can_be_replaced() {
        let mut errors = Vec::new();
        let mut root = Checker::root(&mut errors);
        root.field("span").violation(Violation::new("order", "must end after it starts").at("endsAt"));
        root.field("span").saying(&"other words".into()).fail("order", "own words");
        assert_eq!(errors[0].pointer, "/span/endsAt");
        assert_eq!(errors[1].pointer, "/span");
        assert_eq!(errors[1].message, "other words".into());
    }
}
