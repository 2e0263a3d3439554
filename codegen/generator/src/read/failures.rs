//! The codes that an operation fails with, and what they carry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::node::Node;
use super::schema::Schemas;
use crate::contract::{Details, Type};
use crate::error::GenerateError;

/// What the error responses of one operation list.
#[derive(Default)]
pub(super) struct Failures<'a> {
    pub(super) codes: BTreeSet<&'a str>,
    pub(super) details: BTreeMap<String, Details>,
}

/// The last response of each status whose codes carry nothing, with these: most operations of a document fail alike.
pub(super) type Known<'a> = BTreeMap<&'a str, (&'a Value, Vec<&'a str>)>;

impl<'a> Failures<'a> {
    /// Adds what one error response lists.
    pub(super) fn read(
        &mut self,
        status: &'a str,
        response: &Node<'a>,
        root: &'a Value,
        schemas: &mut Schemas<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), GenerateError> {
        if let Some((value, codes)) = known.get(status)
            && *value == response.value
        {
            self.codes.extend(codes);
            return Ok(());
        }
        let mut search = Search::default();
        if let Some(content) = response.object("content")? {
            for (_, media) in content.children()? {
                if let Some(schema) = media.get("schema") {
                    search.schema(&schema, root, schemas)?;
                }
            }
        }
        let Search { codes, details, .. } = search;
        self.codes.extend(&codes);
        if details.is_empty() {
            known.insert(status, (response.value, codes));
        }
        for (code, details) in details {
            self.carries(code, details);
        }
        Ok(())
    }

    /// A code of two schemas may carry either.
    fn carries(&mut self, code: &str, details: Details) {
        let both = match self.details.remove(code) {
            Some(known) => Details {
                required: known.required && details.required,
                shape: Type::union(vec![known.shape, details.shape]),
            },
            None => details,
        };
        self.details.insert(code.to_owned(), both);
    }
}

/// What one response lists, in the order in which it is found.
#[derive(Default)]
struct Search<'a> {
    /// The schemas, and the references to some, that have been searched.
    seen: Vec<*const Value>,
    followed: Vec<&'a str>,
    codes: Vec<&'a str>,
    details: Vec<(&'a str, Details)>,
}

impl<'a> Search<'a> {
    fn schema(
        &mut self,
        schema: &Node<'a>,
        root: &'a Value,
        schemas: &mut Schemas<'a>,
    ) -> Result<(), GenerateError> {
        if let Some(reference) = schema.text("$ref") {
            if self.followed.contains(&reference) {
                return Ok(());
            }
            self.followed.push(reference);
            return self.schema(&schema.resolve(root)?, root, schemas);
        }
        if self.seen.contains(&schema.identity()) {
            return Ok(());
        }
        self.seen.push(schema.identity());
        let mut words = schema.value.as_object().into_iter().flat_map(serde_json::Map::keys);
        if words.any(|word| matches!(word.as_str(), "allOf" | "oneOf" | "anyOf")) {
            for keyword in ["allOf", "oneOf", "anyOf"] {
                for inner in schema.list(keyword)? {
                    self.schema(&inner, root, schemas)?;
                }
            }
        }
        // Every error of every operation has these schemas: what lists no codes is left before it costs anything.
        let raw = schema.value.get("properties").and_then(|properties| properties.get("code"));
        let lists = |code: &serde_json::Map<_, _>| {
            code.keys().any(|word| matches!(word.as_str(), "$ref" | "enum" | "const"))
        };
        if !raw.and_then(Value::as_object).is_some_and(lists) {
            return Ok(());
        }
        let Some(properties) = schema.get("properties") else { return Ok(()) };
        let Some(code) = properties.get("code") else { return Ok(()) };
        let code = code.resolve(root)?;
        let listed = code.values("enum")?;
        let values = listed.iter().chain(code.value.get("const"));
        // The client keeps codes as words of a string.
        let word =
            |text: &&str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let codes: Vec<&'a str> = values.filter_map(Value::as_str).filter(word).collect();
        self.codes.extend(&codes);
        if let Some(details) = properties.get("details").filter(|_| !codes.is_empty()) {
            let required = schema.list("required")?.iter().any(|name| name.value == "details");
            let shape = schemas.read(&details)?;
            for code in codes {
                self.details.push((code, Details { required, shape: shape.clone() }));
            }
        }
        Ok(())
    }
}
