//! `discriminator`: which of several schemas a value has, by one of its properties.

use std::collections::BTreeSet;

use serde_json::Value;

use super::node::Node;
use crate::contract::{Documentation, Member, Type};
use crate::error::GenerateError;

pub(super) struct Discriminator<'a> {
    property: &'a str,
    /// Values of the property, each with the reference or the name that it stands for.
    mapping: Vec<(&'a str, &'a str)>,
}

impl<'a> Discriminator<'a> {
    pub(super) fn of(node: &Node<'a>) -> Result<Option<Self>, GenerateError> {
        let Some(discriminator) = node.object("discriminator")? else { return Ok(None) };
        let Some(property) = discriminator.text("propertyName") else { return Ok(None) };
        let mapping = match discriminator.object("mapping")? {
            Some(mapping) => mapping.children()?,
            None => Vec::new(),
        };
        let mapping =
            mapping.into_iter().filter_map(|(value, node)| Some((value, node.value.as_str()?))).collect();
        Ok(Some(Self { property, mapping }))
    }

    /// The shape of a branch, together with the values that tell it from the others, so that TypeScript can tell too.
    pub(super) fn narrow(
        &self,
        shape: Type,
        branch: &Node<'a>,
        root: &'a Value,
    ) -> Result<Type, GenerateError> {
        let Some(reference) = branch.text("$ref").filter(|_| matches!(shape, Type::Named(_))) else {
            return Ok(shape);
        };
        // A property that is enumerated already tells by itself, and perhaps other values than the mapping.
        if self.is_enumerated(branch, root, &mut BTreeSet::new())? {
            return Ok(shape);
        }
        let name = reference.rsplit('/').next().unwrap_or_default();
        let mut values: BTreeSet<&str> = self
            .mapping
            .iter()
            .filter(|(_, target)| *target == reference || *target == name)
            .map(|(value, _)| *value)
            .collect();
        if values.is_empty() {
            values.insert(name);
        }
        let literal = |value: &str| Type::Literal(Value::from(value));
        let member = Member {
            name: self.property.to_owned(),
            required: true,
            documentation: Documentation::default(),
            shape: Type::union(values.into_iter().map(literal).collect()),
        };
        Ok(Type::Intersection(vec![shape, Type::Object { members: vec![member], open: false }]))
    }

    /// Whether a schema says something else of the property than that it is a string.
    fn is_enumerated(
        &self,
        schema: &Node<'a>,
        root: &'a Value,
        seen: &mut BTreeSet<*const Value>,
    ) -> Result<bool, GenerateError> {
        let schema = schema.resolve(root)?;
        if !seen.insert(schema.identity()) {
            return Ok(false);
        }
        if let Some(property) = schema.get("properties").and_then(|properties| properties.get(self.property))
        {
            let property = property.resolve(root)?;
            return Ok(property.text("type") != Some("string")
                || property.get("enum").is_some()
                || property.get("const").is_some());
        }
        for part in schema.list("allOf")? {
            if self.is_enumerated(&part, root, seen)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
