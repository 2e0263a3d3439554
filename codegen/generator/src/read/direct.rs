//! `x-queqiao-direct`: bodies whose file can go to a bucket past the server.

use serde_json::Value;

use super::node::Node;
use crate::contract::Direct;
use crate::error::GenerateError;

/// How the file of a body goes past the server, if it can.
pub(super) fn of<'a>(
    operation: &Node<'a>,
    body: &Node<'a>,
    root: &'a Value,
) -> Result<Option<Direct>, GenerateError> {
    let Some(direct) = body.object("x-queqiao-direct")? else { return Ok(None) };
    let name = direct.required_text("begin")?;
    let Some(begin) = begin(name, root)? else {
        return Err(GenerateError::Malformed {
            pointer: format!("{}/begin", direct.pointer()),
            expected: "the operationId of a POST operation without path parameters".into(),
            found: format!("\"{name}\""),
        });
    };
    Ok(Some(Direct {
        begin,
        operation: operation.required_text("operationId")?.to_owned(),
        member: direct.required_text("upload")?.to_owned(),
    }))
}

/// The path of a POST operation by its id.
fn begin(id: &str, root: &Value) -> Result<Option<String>, GenerateError> {
    let Some(paths) = Node::root(root).object("paths")? else { return Ok(None) };
    let found = paths.children()?.into_iter().find(|(path, item)| {
        !path.contains('{') && item.get("post").is_some_and(|post| post.text("operationId") == Some(id))
    });
    Ok(found.map(|(path, _)| path.to_owned()))
}
