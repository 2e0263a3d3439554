//! Schemas that are not the same in both directions: `readOnly` members are never sent, `writeOnly` ones never answered.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::node::Node;

pub(super) struct Sides<'a> {
    root: &'a Value,
    /// What is known of the schemas.
    known: RefCell<BTreeMap<*const Value, bool>>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, known: RefCell::default() }
    }

    /// Whether a property belongs to the other direction.
    pub(super) fn is_other(&self, property: &Node<'a>, sending: bool) -> bool {
        property.flag(if sending { "readOnly" } else { "writeOnly" })
    }

    /// Whether a schema, or one inside, has members of one direction only.
    pub(super) fn differ(&self, schema: &Node<'a>) -> bool {
        if let Some(known) = self.known.borrow().get(&schema.identity()) {
            return *known;
        }
        let mut seen = BTreeSet::new();
        let mut open = vec![schema.clone()];
        let mut differ = false;
        while let Some(node) = open.pop() {
            if !seen.insert(node.identity()) {
                continue;
            }
            if node.flag("readOnly")
                || node.flag("writeOnly")
                || self.known.borrow().get(&node.identity()) == Some(&true)
            {
                differ = true;
                break;
            }
            // A reference that leads nowhere is told where it is read.
            open.extend(node.text("$ref").and_then(|reference| node.follow(reference, self.root).ok()));
            for keyword in ["items", "additionalProperties"] {
                open.extend(node.get(keyword));
            }
            for keyword in ["allOf", "oneOf", "anyOf", "prefixItems"] {
                open.extend(node.list(keyword).unwrap_or_default());
            }
            if let Some(Ok(properties)) = node.get("properties").map(|properties| properties.children()) {
                open.extend(properties.into_iter().map(|(_, property)| property));
            }
        }
        self.known.borrow_mut().insert(schema.identity(), differ);
        differ
    }
}
