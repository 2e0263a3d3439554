//! Whether a client that is on users' phones still works with a contract that has changed since.
//!
//! What the client may send must be taken (a request that narrows breaks it), and what it gets must be what its types
//! promise (a response that widens breaks it). Schemas are judged by the values that they take, through references and
//! circles: names of components, inlining and order say nothing. [`crate::difference`] tells instead how two documents
//! differ as texts.
//!
//! The client is the generated one. It sends the members that it knows, and may send others where the old contract did
//! not refuse them. It reads any 2xx answer alike, never looks at members that it does not know, and knows bounds,
//! patterns and formats of answers as documentation only: where those alone are looser, it is a warning.

mod edit;
mod judge;
mod number;
mod object;
mod operation;
mod report;
mod shape;
mod texts;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What a change means for a client that was generated before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Some of its calls are refused, or an answer is not what its types promise.
    Breaking,
    /// Its calls and types hold; a person should look at it.
    Warning,
    /// It notices nothing.
    Compatible,
}

/// Where the change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The operation as a whole: its path, its method.
    Operation,
    /// Who may call.
    Security,
    /// What stands in the path, the query or a header.
    Parameter,
    /// The body that the client sends.
    Request,
    /// What a successful call gives.
    Response,
    /// How it fails.
    Error,
}

/// The operation of a change, as the old contract has it; a new one as the new contract has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OperationName {
    /// `operationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// In upper case.
    pub method: String,
    /// With the names of its parameters.
    pub path: String,
}

/// One change, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What it means.
    pub verdict: Verdict,
    /// Where it is.
    pub side: Side,
    /// Its operation.
    pub operation: OperationName,
    /// Its place with names as on the wire: a [JSONPath](https://www.rfc-editor.org/rfc/rfc9535) in a body
    /// (`$.items[*].title`), `query.limit`, `path.id`, `header.x-tenant`, or `code` of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What has happened; a sentence whose subject is the field, or else the operation.
    pub what: String,
    /// Ways to keep old clients working, the best first; none where nothing is wrong.
    pub remedies: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaking => "breaking",
            Self::Warning => "warning",
            Self::Compatible => "compatible",
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operation => "operation",
            Self::Security => "security",
            Self::Parameter => "parameter",
            Self::Request => "request",
            Self::Response => "response",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, self.operation)?;
        if self.side != Side::Operation {
            write!(f, ", {}", self.side)?;
        }
        match &self.field {
            Some(field) => write!(f, ": {field} {}", self.what),
            None => write!(f, ": {}", self.what),
        }
    }
}

/// What a client that was generated from `old` notices of `new`: the worst first, in a fixed order. Empty if they mean
/// the same to it.
///
/// ```
/// use queqiao_codegen::compatibility::{Verdict, between};
/// use serde_json::json;
///
/// let contract = |title: serde_json::Value| {
///     let body = json!({"application/json": {"schema": {"type": "object", "required": ["title"], "properties": {"title": title}}}});
///     json!({"openapi": "3.1.0", "paths": {"/todos": {"post": {
///         "operationId": "addTodo",
///         "requestBody": {"required": true, "content": body},
///         "responses": {"200": {"description": "", "content": body}}
///     }}}})
/// };
/// let changes = between(&contract(json!({"type": "string"})), &contract(json!({"type": "string", "maxLength": 100})));
/// let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
/// assert_eq!(told, [
///     "breaking: POST /todos, request: $.title has maxLength 100 now",
///     "compatible: POST /todos, response: $.title has maxLength 100 now",
/// ]);
/// assert!(changes[0].remedies[0].starts_with("keep taking what was taken"));
/// ```
pub fn between(old: &Value, new: &Value) -> Vec<Change> {
    report::changes(old, new)
}
