//! Where the servers of a document are.

use super::node::Node;
use crate::error::GenerateError;

/// The first absolute entry of `servers`, with the defaults of its variables, without a slash at its end.
pub(crate) fn of(node: &Node<'_>) -> Result<Option<String>, GenerateError> {
    for server in node.list("servers")? {
        server.members()?;
        let Some(url) = server.text("url") else { continue };
        let mut url = url.to_owned();
        if let Some(variables) = server.object("variables")? {
            for (name, variable) in variables.children()? {
                if let Some(default) = variable.text("default") {
                    url = url.replace(&format!("{{{name}}}"), default);
                }
            }
        }
        let url = url.trim_end_matches('/');
        // What is left is to be filled in by whoever runs the server.
        let absolute = url.starts_with("http://") || url.starts_with("https://");
        let complete = absolute && !url.contains(['{', '}', '?', '#']) && !url.contains(char::is_whitespace);
        if complete && url.split("://").nth(1).is_some_and(|rest| !rest.is_empty()) {
            return Ok(Some(url.to_owned()));
        }
    }
    Ok(None)
}
