//! The contract whose client is put under stress: each kind of operation once.

use queqiao_codegen::{BaseUrl, Container, Options, generate};
use serde_json::{Value, json};

use crate::run::{Clients, Files};

/// Nothing listens there: the network is simulated.
pub(crate) const SERVER: &str = "https://soak.invalid";
/// The environment of the container.
pub(crate) const CONTAINER: &str = "soak-env";
pub(crate) const RENEWAL: &str = "X-Queqiao-Token";

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Everybody,
    Optional,
    User,
    Logout,
}

/// How an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `op({ id }, options)`
    Path,
    /// `op(body, options)`
    Body,
    /// `op({ id }, body, options)`
    PathAndBody,
    /// `op({ file, of }, options)`: multipart with a file.
    Upload,
    /// `op.download({ id }, options)`
    Download,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) shape: Shape,
    /// May be carried out more than once for one call.
    pub(crate) repeatable: bool,
    pub(crate) binary: bool,
    /// Declared idempotent: it may be repeated, with its key.
    pub(crate) keyed: bool,
}

impl Operation {
    /// Whether it sends or writes a file, for which there is no container.
    pub(crate) fn transfers(&self) -> bool {
        matches!(self.shape, Shape::Upload | Shape::Download)
    }
}

const fn operation(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    access: Access,
    shape: Shape,
) -> Operation {
    // Not POST: GET, PUT and DELETE may be repeated.
    let repeatable = method.as_bytes()[0] != b'P' || method.as_bytes()[1] != b'O';
    Operation { name, method, path, access, shape, repeatable, binary: false, keyed: false }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("readPublic", "GET", "/public/{id}", Access::Everybody, Shape::Path),
    operation("sendPublic", "POST", "/public", Access::Everybody, Shape::Body),
    operation("readMaybe", "GET", "/maybe/{id}", Access::Optional, Shape::Path),
    operation("sendMaybe", "POST", "/maybe", Access::Optional, Shape::Body),
    operation("readMine", "GET", "/mine/{id}", Access::User, Shape::Path),
    operation("addMine", "POST", "/mine", Access::User, Shape::Body),
    operation("putMine", "PUT", "/mine/{id}", Access::User, Shape::PathAndBody),
    operation("removeMine", "DELETE", "/mine/{id}", Access::User, Shape::Path),
    Operation { binary: true, ..operation("bytesOfMine", "GET", "/bytes/{id}", Access::User, Shape::Path) },
    Operation {
        binary: true,
        ..operation("bytesOfMine", "GET", "/bytes/{id}", Access::User, Shape::Download)
    },
    Operation { keyed: true, ..operation("payMine", "POST", "/pay", Access::User, Shape::Body) },
    operation("uploadMine", "POST", "/upload", Access::User, Shape::Upload),
    LOGOUT,
];

pub(crate) const LOGOUT: Operation = operation("logout", "POST", "/auth/logout", Access::Logout, Shape::Body);

/// The operation that a request belongs to; none for the login.
pub(crate) fn of_request(method: &str, path: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| {
        let prefix = operation.path.split('{').next().unwrap_or_default();
        let fits = if operation.path.contains('{') { path.starts_with(prefix) } else { path == prefix };
        operation.method == method && fits
    })
}

/// The OpenAPI document.
pub(crate) fn document() -> Value {
    let anything = json!({ "schema": { "type": "object", "additionalProperties": true } });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": "soak", "version": "1.0.0" },
        "components": { "securitySchemes": { "login": {
            "type": "http", "scheme": "bearer",
            "x-queqiao-login": { "login": "login", "logout": "logout", "renewalHeader": RENEWAL },
        } } },
        "paths": { "/auth/login": { "post": {
            "operationId": "login",
            "requestBody": { "required": true, "content": { "application/json": { "schema": {
                "type": "object", "properties": { "code": { "type": "string" } }, "required": ["code"],
            } } } },
            "responses": {
                "200": { "description": "", "content": { "application/json": { "schema": {
                    "type": "object", "properties": { "token": { "type": "string" } }, "required": ["token"],
                } } } },
                "401": problem(&["auth.code_invalid"]),
            },
        } } },
    });
    for operation in OPERATIONS {
        let media = if operation.binary { "application/octet-stream" } else { "application/json" };
        let content = if operation.binary {
            json!({ media: { "schema": { "type": "string", "format": "binary" } } })
        } else {
            json!({ media: anything })
        };
        let mut described = json!({
            "operationId": operation.name,
            "responses": {
                "200": { "description": "", "content": content },
                "401": problem(&["auth.required", "auth.expired", "auth.revoked"]),
                "410": problem(&["client.too_old"]),
                "429": problem(&["limit.exceeded"]),
            },
        });
        described["security"] = match operation.access {
            Access::Everybody => json!([]),
            Access::Optional => json!([{}, { "login": [] }]),
            Access::User | Access::Logout => json!([{ "login": [] }]),
        };
        if operation.path.contains('{') {
            described["parameters"] =
                json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
        }
        if operation.shape == Shape::Upload {
            let file = json!({ "type": "string", "format": "binary" });
            described["requestBody"] = json!({ "required": true, "content": { "multipart/form-data": { "schema": {
                "type": "object",
                "properties": { "file": file, "of": { "type": "integer", "maximum": 1_000_000 } },
                "required": ["file", "of"],
            } } } });
        } else if !matches!(operation.shape, Shape::Path | Shape::Download) {
            described["requestBody"] =
                json!({ "required": true, "content": { "application/json": anything } });
        }
        if operation.keyed {
            described["x-queqiao-idempotent"] = json!(true);
        }
        document["paths"][operation.path][operation.method.to_ascii_lowercase()] = described;
    }
    document
}

fn problem(codes: &[&str]) -> Value {
    json!({ "description": "", "content": { "application/problem+json": { "schema": {
        "type": "object", "properties": { "code": { "type": "string", "enum": codes } }, "required": ["code"],
    } } } })
}

/// The emitted JavaScript.
pub(crate) fn clients() -> Result<Clients, String> {
    let container = Container { env: CONTAINER.into(), service: "soak".into() };
    let emitted = |container| {
        let options = Options { base_url: BaseUrl::One(SERVER.into()), container, ..Options::default() };
        let client = generate(&document(), &options).map_err(|error| error.to_string())?;
        Ok::<Files, String>(client.files.into_iter().filter(|(name, _)| name.ends_with(".js")).collect())
    };
    Ok(Clients { direct: emitted(None)?, container: Some(emitted(Some(container))?) })
}
