//! The document against the types, and against the OpenAPI 3.1 it claims to be.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeMap;

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

#[model]
struct Plain {
    id: Uuid,
    note: Option<String>,
    parent: Option<Box<Plain>>,
    children: Vec<Plain>,
    more: BTreeMap<String, Option<Leaf>>,
}

#[model]
struct Leaf {
    text: Option<String>,
}

#[model]
struct Preset {
    #[serde(default)]
    on: bool,
    #[serde(skip_deserializing)]
    made: u32,
}

#[model]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[model]
#[serde(tag = "kind")]
enum Tree {
    Node { left: Box<Tree>, right: Box<Tree> },
    Leaf(Leaf),
}

/// Both ways.
#[post("/plain")]
async fn plain(Json(plain): Json<Plain>) -> Plain {
    plain
}

/// Differs.
#[put("/preset")]
async fn preset(Json(preset): Json<Preset>) -> Preset {
    preset
}

/// Pages of one.
#[get("/leaves")]
async fn leaves() -> Page<Leaf> {
    Page { items: Vec::new(), next: None }
}

/// Pages of another.
#[get("/plains")]
async fn plains() -> Page<Plain> {
    Page { items: Vec::new(), next: None }
}

/// A tree.
#[post("/tree")]
async fn tree(Json(tree): Json<Tree>) -> Option<Tree> {
    Some(tree)
}

fn document() -> Value {
    let api: Api =
        Api::new("document", "1.0.0").routes(routes![plain, preset, leaves, plains, tree]).without_login();
    api.build().unwrap().document().value().clone()
}

#[test]
fn one_component_serves_both_sides_where_nothing_differs() {
    let document = document();
    let components = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<_> = components.keys().map(String::as_str).collect();
    let expected =
        ["Leaf", "Page_Leaf", "Page_Plain", "Plain", "Preset", "Preset_Request", "Problem", "Tree"];
    assert_eq!(names, expected);
    assert_eq!(components["Plain"]["required"], json!(["id", "children", "more"]));
    assert_eq!(components["Preset"]["required"], json!(["on", "made"]));
    assert!(components["Preset_Request"].get("required").is_none());
    assert_eq!(
        components["Plain"]["properties"]["children"]["items"],
        json!({ "$ref": "#/components/schemas/Plain" })
    );
}

/// Every value that the server writes keeps the schema that the document gives for it, and every value that the
/// schema of the request takes, the server takes.
#[tokio::test]
async fn values_keep_their_schemas() {
    let app = queqiao::TestApp::new(
        Api::<()>::new("document", "1.0.0").routes(routes![plain, preset, leaves, plains, tree]),
    );
    let document = document();
    let judge = |pointer: &str| {
        let mut schema = document.pointer(pointer).unwrap().clone();
        schema["components"] = document["components"].clone();
        jsonschema::validator_for(&schema).unwrap()
    };
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for (method, path, body, good) in [
        ("post", "/plain", json!({ "id": id, "children": [], "more": {} }), true),
        (
            "post",
            "/plain",
            json!({ "id": id, "note": null, "parent": null, "children": [], "more": { "a": null } }),
            true,
        ),
        (
            "post",
            "/plain",
            json!({ "id": id, "children": [{ "id": id, "children": [], "more": { "a": {} } }], "more": {} }),
            true,
        ),
        ("post", "/plain", json!({ "id": id, "more": {} }), false),
        ("post", "/plain", json!({ "id": id, "children": null, "more": {} }), false),
        ("put", "/preset", json!({}), true),
        ("put", "/preset", json!({ "on": null }), false),
        ("post", "/tree", json!({ "kind": "leaf", "text": "x" }), true),
        (
            "post",
            "/tree",
            json!({ "kind": "node", "left": { "kind": "leaf" }, "right": { "kind": "leaf", "text": null } }),
            true,
        ),
        ("post", "/tree", json!({ "kind": "node", "left": { "kind": "leaf" } }), false),
        ("post", "/tree", json!({ "kind": "bush" }), false),
    ] {
        let place = format!("/paths/{}/{method}", path.replace('/', "~1"));
        let request = judge(&format!("{place}/requestBody/content/application~1json/schema"));
        assert_eq!(request.is_valid(&body), good, "the document on {body}");
        let answer = app.request(method.to_uppercase().parse().unwrap(), path).json(&body).await;
        assert_eq!(answer.status == 200, good, "the server on {body}: {}", answer.text());
        if good {
            let response = judge(&format!("{place}/responses/200/content/application~1json/schema"));
            let written = answer.json::<Value>();
            assert!(response.is_valid(&written), "the document on the answer {written}");
        } else {
            let problem = judge(&format!("{place}/responses/422/content/application~1problem+json/schema"));
            assert!(problem.is_valid(&answer.problem()), "{}", answer.text());
        }
    }
}
