//! A value in the document, together with its place.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::error::{GenerateError, describe};

/// How many references in a row are followed.
const REFERENCE_LIMIT: usize = 32;

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    place: Rc<Place<'a>>,
}

/// A place as steps, for few of the places that are read are ever named.
enum Place<'a> {
    Pointer(String),
    /// Where a reference leads.
    Reference(&'a str),
    Member(Rc<Place<'a>>, &'a str),
    Item(Rc<Place<'a>>, usize),
}

impl Place<'_> {
    fn write(&self, pointer: &mut String) {
        match self {
            Self::Pointer(start) => pointer.push_str(start),
            Self::Reference(reference) => {
                pointer.push_str(&canonical(percent_decode(reference.strip_prefix('#').unwrap_or_default())));
            }
            Self::Member(above, key) => {
                above.write(pointer);
                push(pointer, key);
            }
            Self::Item(above, index) => {
                above.write(pointer);
                push(pointer, &index.to_string());
            }
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self::at(String::new(), value)
    }

    pub(crate) fn at(pointer: String, value: &'a Value) -> Self {
        Self { value, place: Rc::new(Place::Pointer(pointer)) }
    }

    /// One place in the document is one value: what tells it from others without writing its pointer.
    pub(crate) fn identity(&self) -> *const Value {
        self.value
    }

    /// The JSON pointer of the place.
    pub(crate) fn pointer(&self) -> Cow<'_, str> {
        if let Place::Pointer(pointer) = &*self.place {
            return Cow::Borrowed(pointer);
        }
        let mut pointer = String::new();
        self.place.write(&mut pointer);
        Cow::Owned(pointer)
    }

    fn member(&self, key: &'a str, value: &'a Value) -> Self {
        Self { value, place: Rc::new(Place::Member(Rc::clone(&self.place), key)) }
    }

    /// The member; many programs write null where they have nothing to say.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let (key, value) = self.value.as_object()?.get_key_value(key)?;
        (!value.is_null()).then(|| self.member(key, value))
    }

    /// The member as an object; an absent one is none, another type an error.
    pub(crate) fn object(&self, key: &str) -> Result<Option<Node<'a>>, GenerateError> {
        match self.get(key) {
            None => Ok(None),
            Some(node) => {
                node.members()?;
                Ok(Some(node))
            }
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn required_text(&self, key: &str) -> Result<&'a str, GenerateError> {
        self.text(key).ok_or_else(|| GenerateError::Malformed {
            pointer: child(&self.pointer(), key),
            expected: "a string".into(),
            found: describe(self.value.get(key)),
        })
    }

    pub(crate) fn members(&self) -> Result<&'a Map<String, Value>, GenerateError> {
        self.value.as_object().ok_or_else(|| self.malformed("an object"))
    }

    /// The members sorted by name, whatever order the map has.
    pub(crate) fn children(&self) -> Result<Vec<(&'a str, Node<'a>)>, GenerateError> {
        let members = self.members()?.iter();
        let mut children: Vec<_> =
            members.map(|(key, value)| (key.as_str(), self.member(key, value))).collect();
        children.sort_by_key(|(key, _)| *key);
        Ok(children)
    }

    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, GenerateError> {
        let items = self.value.as_array().ok_or_else(|| self.malformed("an array"))?;
        let place = |index| Rc::new(Place::Item(Rc::clone(&self.place), index));
        Ok(items.iter().enumerate().map(|(index, value)| Node { value, place: place(index) }).collect())
    }

    /// The items of an array member; none if it is absent.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Node<'a>>, GenerateError> {
        self.get(key).map_or(Ok(Vec::new()), |node| node.items())
    }

    /// The items of an array member without their places; none if it is absent.
    pub(crate) fn values(&self, key: &str) -> Result<&'a [Value], GenerateError> {
        match self.value.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(value) => Err(Node::at(child(&self.pointer(), key), value).malformed("an array")),
        }
    }

    pub(crate) fn malformed(&self, expected: &str) -> GenerateError {
        GenerateError::Malformed {
            pointer: self.pointer().into_owned(),
            expected: expected.into(),
            found: describe(Some(self.value)),
        }
    }

    /// What the node's `$ref`, if it has one, leads to.
    pub(crate) fn resolve(&self, root: &'a Value) -> Result<Node<'a>, GenerateError> {
        let mut node = self.clone();
        for _ in 0..REFERENCE_LIMIT {
            match node.text("$ref") {
                None => return Ok(node),
                Some(reference) => node = node.follow(reference, root)?,
            }
        }
        Err(self.bad_reference("leads in a circle"))
    }

    /// The place in the document that `reference` names.
    pub(crate) fn follow(&self, reference: &'a str, root: &'a Value) -> Result<Node<'a>, GenerateError> {
        let value = target(reference, root).map_err(|problem| self.bad_reference(problem))?;
        Ok(Node { value, place: Rc::new(Place::Reference(reference)) })
    }

    pub(crate) fn bad_reference(&self, problem: &'static str) -> GenerateError {
        GenerateError::Reference {
            pointer: self.pointer().into_owned(),
            reference: self.text("$ref").unwrap_or_default().into(),
            problem,
        }
    }
}

/// What a reference leads to, or what is wrong with it.
pub(crate) fn target<'a>(reference: &str, root: &'a Value) -> Result<&'a Value, &'static str> {
    let pointer = reference.strip_prefix('#').ok_or("leads out of the document")?;
    // Most names are written as they are.
    let names = pointer.strip_prefix('/').filter(|names| !names.contains(['~', '%']));
    let found = names.and_then(|names| names.split('/').try_fold(root, |value, name| value.get(name)));
    found.or_else(|| root.pointer(&percent_decode(pointer))).ok_or("names no place in the document")
}

pub(crate) fn child(pointer: &str, key: &str) -> String {
    let mut place = String::with_capacity(pointer.len() + 1 + key.len());
    place.push_str(pointer);
    push(&mut place, key);
    place
}

fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    match key.contains(['~', '/']) {
        true => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
        false => pointer.push_str(key),
    }
}

// One place has one pointer, however a reference escapes it.
fn canonical(pointer: String) -> String {
    if !pointer.contains('~') {
        return pointer;
    }
    let words = pointer.split('/').skip(1);
    words.fold(String::new(), |place, word| child(&place, &word.replace("~1", "/").replace("~0", "~")))
}

// References are URI fragments: some writers encode `{`, `}` and spaces in them.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let byte = tail
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                decoded.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
