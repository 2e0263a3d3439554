//! The document and the server of one `Api`, asked about values.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use jsonschema::{Draft, Validator};
use queqiao::serde_json::{self, Map, Value, json};
use queqiao::{Api, Context, Routes, Services};
use tower::ServiceExt;

use crate::cases::{Case, SEED};

/// An `Api` of the given types.
#[derive(Debug)]
pub struct Judge {
    document: Value,
    router: Router,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status; 0 for a panic.
    pub status: u16,
    /// The body as JSON; `null` where it is none.
    pub body: Value,
}

/// A schema of the document with all that it refers to.
#[derive(Debug)]
pub struct Schema {
    /// Complete: `components` stands in it.
    pub root: Value,
    exact: Validator,
    without_formats: Validator,
}

impl Judge {
    /// Builds the `Api`.
    ///
    /// # Panics
    /// If it cannot be built: a type here is one that the document refuses.
    pub fn new(cases: &[Case]) -> Self {
        let routes = cases.iter().fold(Routes::new(), |routes, case| (case.route)(routes));
        let built = Api::new("conformance", "1.0.0").routes(routes).without_login().build();
        let built = built.unwrap_or_else(|error| panic!("{error}"));
        let document = built.document().value().clone();
        let router = built.router(Context::new((), Services::new()));
        Self { document, router }
    }

    /// What the document says of the request.
    pub fn request(&self, case: &Case) -> Schema {
        self.schema(&format!("/paths/~1{}/post/requestBody/content/application~1json/schema", case.name))
    }

    /// What the document says of the answer.
    pub fn response(&self, case: &Case) -> Schema {
        self.schema(&format!("/paths/~1{}/post/responses/200/content/application~1json/schema", case.name))
    }

    fn schema(&self, pointer: &str) -> Schema {
        let schema =
            self.document.pointer(pointer).unwrap_or_else(|| panic!("the document has no {pointer}"));
        Schema::new(schema, &self.document)
    }

    /// Sends a value to the type's operation.
    pub async fn post(&self, case: &Case, value: &Value) -> Answer {
        let body = serde_json::to_vec(value).expect("a JSON value can be written");
        self.text(case, body).await
    }

    /// Sends a body, whatever it is, to the type's operation.
    pub async fn text(&self, case: &Case, body: Vec<u8>) -> Answer {
        let request = Request::post(format!("/{}", case.name))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .expect("a request");
        self.ask(request).await
    }

    /// Asks for an arbitrary value of the type; 422 if chance finds none that keeps its constraints.
    pub async fn arbitrary(&self, case: &Case, seed: u64) -> Answer {
        let request = Request::post(format!("/{}", case.name))
            .header(SEED, seed)
            .body(Body::empty())
            .expect("a request");
        self.ask(request).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let answering = async {
            let response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
        };
        let caught = std::panic::AssertUnwindSafe(answering).catch_unwind().await;
        caught.unwrap_or(Answer { status: 0, body: Value::Null })
    }
}

impl Answer {
    /// Whether the server took what it was sent.
    pub fn is_good(&self) -> bool {
        self.status == 200
    }
}

impl Schema {
    fn new(schema: &Value, document: &Value) -> Self {
        let mut open = references(schema);
        let mut reached = Map::new();
        while let Some(name) = open.pop() {
            if reached.contains_key(&name) {
                continue;
            }
            let target = document["components"]["schemas"][&name].clone();
            open.extend(references(&target));
            reached.insert(name, target);
        }
        let mut root = schema.clone();
        root["components"] = json!({ "schemas": reached });
        let validator = |root: &Value, formats: bool| {
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(formats)
                .build(root)
                .unwrap_or_else(|error| panic!("no schema of draft 2020-12: {error}: {root}"))
        };
        let mut loose = root.clone();
        without_formats(&mut loose);
        Self { exact: validator(&root, true), without_formats: validator(&loose, false), root }
    }

    /// Whether the schema takes the value, formats included.
    pub fn takes(&self, value: &Value) -> bool {
        self.exact.is_valid(value)
    }

    /// Whether the schema takes the value, formats aside.
    pub fn takes_without_formats(&self, value: &Value) -> bool {
        self.without_formats.is_valid(value)
    }

    /// Why it does not.
    pub fn refusal(&self, value: &Value) -> String {
        self.exact
            .iter_errors(value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// A pattern beside a format says the format once more, for validators that do not know it.
fn without_formats(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.remove("format").is_some() {
                map.remove("pattern");
            }
            map.values_mut().for_each(without_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(without_formats),
        _ => {}
    }
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    reference.strip_prefix("#/components/schemas/").map(str::to_owned).into_iter().collect()
                }
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
