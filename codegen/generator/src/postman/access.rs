//! Who may call: OpenAPI's security requirements as Postman's authorization.

use serde_json::{Value, json};

use super::operation::Operation;
use crate::error::GenerateError;
use crate::read::node::Node;

/// How an operation is authorized.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Access {
    Nobody,
    /// Postman's `auth`, and the variables in it.
    By(Value, Vec<&'static str>),
}

/// The schemes of the document by name.
pub(super) fn schemes<'a>(root: &Node<'a>) -> Result<Vec<(&'a str, Node<'a>)>, GenerateError> {
    let Some(components) = root.object("components")? else { return Ok(Vec::new()) };
    let Some(schemes) = components.object("securitySchemes")? else { return Ok(Vec::new()) };
    schemes.children()?.into_iter().map(|(name, scheme)| Ok((name, scheme.resolve(root.value)?))).collect()
}

/// The first way in that Postman knows.
pub(super) fn access(
    root: &Node<'_>,
    operation: &Operation<'_>,
    schemes: &[(&str, Node<'_>)],
) -> Result<Access, GenerateError> {
    let own = operation.node.get("security").is_some();
    let requirements = if own { operation.node.list("security")? } else { root.list("security")? };
    for requirement in &requirements {
        for (name, _) in requirement.children()? {
            let scheme = schemes.iter().find(|(known, _)| *known == name).map(|(_, scheme)| scheme);
            if let Some(found) = scheme.and_then(authorization) {
                return Ok(found);
            }
        }
    }
    Ok(Access::Nobody)
}

fn authorization(scheme: &Node<'_>) -> Option<Access> {
    let entry = |key: &str, value: &str| json!({ "key": key, "value": value, "type": "string" });
    let bearer = || {
        Some(Access::By(json!({ "type": "bearer", "bearer": [entry("token", "{{token}}")] }), vec!["token"]))
    };
    match scheme.text("type")? {
        "oauth2" | "openIdConnect" => bearer(),
        "http" => match scheme.text("scheme")?.to_lowercase().as_str() {
            "basic" => {
                let pair = json!([entry("username", "{{username}}"), entry("password", "{{password}}")]);
                Some(Access::By(json!({ "type": "basic", "basic": pair }), vec!["username", "password"]))
            }
            "bearer" => bearer(),
            _ => None,
        },
        "apiKey" => {
            let (name, place) = (scheme.text("name")?, scheme.text("in")?);
            let facts = match place {
                "header" | "query" => [entry("key", name), entry("value", "{{apiKey}}"), entry("in", place)],
                // Postman has no word for it; a cookie is a header.
                "cookie" => {
                    let cookie = format!("{name}={{{{apiKey}}}}");
                    [entry("key", "Cookie"), entry("value", &cookie), entry("in", "header")]
                }
                _ => return None,
            };
            Some(Access::By(json!({ "type": "apikey", "apikey": facts }), vec!["apiKey"]))
        }
        _ => None,
    }
}
