//! A value in the document, together with its place.

use serde_json::{Map, Value};

use crate::error::{GenerateError, describe};

/// How many references in a row are followed.
const REFERENCE_LIMIT: usize = 32;

/// A value and its JSON pointer.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    pub(crate) pointer: String,
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// The member; many programs write null where they have nothing to say.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Node { value, pointer: child(&self.pointer, key) })
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
            pointer: child(&self.pointer, key),
            expected: "a string".into(),
            found: describe(self.value.get(key)),
        })
    }

    pub(crate) fn members(&self) -> Result<&'a Map<String, Value>, GenerateError> {
        self.value.as_object().ok_or_else(|| self.malformed("an object"))
    }

    /// The members sorted by name, whatever order the map has.
    pub(crate) fn children(&self) -> Result<Vec<(&'a str, Node<'a>)>, GenerateError> {
        let mut children: Vec<_> = self
            .members()?
            .iter()
            .map(|(key, value)| (key.as_str(), Node { value, pointer: child(&self.pointer, key) }))
            .collect();
        children.sort_by_key(|(key, _)| *key);
        Ok(children)
    }

    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, GenerateError> {
        let items = self.value.as_array().ok_or_else(|| self.malformed("an array"))?;
        let at = |(index, value)| Node { value, pointer: format!("{}/{index}", self.pointer) };
        Ok(items.iter().enumerate().map(at).collect())
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
            Some(value) => Err(Node { value, pointer: child(&self.pointer, key) }.malformed("an array")),
        }
    }

    pub(crate) fn malformed(&self, expected: &str) -> GenerateError {
        GenerateError::Malformed {
            pointer: self.pointer.clone(),
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
    pub(crate) fn follow(&self, reference: &str, root: &'a Value) -> Result<Node<'a>, GenerateError> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(self.bad_reference("leads out of the document"));
        };
        let pointer = percent_decode(pointer);
        match root.pointer(&pointer) {
            Some(value) => Ok(Node { value, pointer: canonical(pointer) }),
            None => Err(self.bad_reference("names no place in the document")),
        }
    }

    pub(crate) fn bad_reference(&self, problem: &'static str) -> GenerateError {
        GenerateError::Reference {
            pointer: self.pointer.clone(),
            reference: self.text("$ref").unwrap_or_default().into(),
            problem,
        }
    }
}

pub(crate) fn child(pointer: &str, key: &str) -> String {
    let mut place = String::with_capacity(pointer.len() + 1 + key.len());
    place.push_str(pointer);
    place.push('/');
    match key.contains(['~', '/']) {
        true => place.push_str(&key.replace('~', "~0").replace('/', "~1")),
        false => place.push_str(key),
    }
    place
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
