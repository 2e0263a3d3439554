//! What WeChat answers: JSON, as its servers label it, or bytes.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use crate::errcode::Refusal;

const JSON: &str = "application/json; encoding=utf-8";
/// Some calls answer JSON as text; clients that go by the header fail here as they would there.
const TEXT: &str = "text/plain";

/// An answer with HTTP status 200.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) media_type: &'static str,
    pub(crate) content: Content,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// A JSON object.
    Json(Value),
    /// An image or another file.
    Bytes(Bytes),
}

impl Answer {
    /// `{"errcode":0,"errmsg":"ok"}` and these fields.
    pub(crate) fn ok(fields: Value) -> Self {
        let mut object = Map::from_iter([("errcode".into(), 0.into()), ("errmsg".into(), "ok".into())]);
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        Self::bare(object.into())
    }

    /// Only these fields, without errcode.
    pub(crate) fn bare(object: Value) -> Self {
        Self { media_type: JSON, content: Content::Json(object), headers: Vec::new() }
    }

    /// An image or another file.
    pub(crate) fn file(media_type: &'static str, bytes: Bytes) -> Self {
        Self { media_type, content: Content::Bytes(bytes), headers: Vec::new() }
    }

    /// JSON that is labelled as text.
    pub(crate) fn labelled_text(self) -> Self {
        Self { media_type: TEXT, ..self }
    }

    /// A failure, with the id of the request at the end of its errmsg.
    pub(crate) fn refusal(refusal: &Refusal, rid: &str) -> Self {
        let errmsg = format!("{}, rid: {rid}", refusal.errmsg);
        Self::bare(json!({ "errcode": refusal.errcode, "errmsg": errmsg }))
    }

    /// The answer for the list of exchanges.
    pub(crate) fn shown(&self) -> Value {
        match &self.content {
            Content::Json(object) => object.clone(),
            Content::Bytes(bytes) => json!({ "content_type": self.media_type, "bytes": bytes.len() }),
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        match self.content {
            Content::Json(object) => object.to_string().into(),
            Content::Bytes(bytes) => bytes,
        }
    }
}
