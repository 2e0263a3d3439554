//! Names that the client cannot take over: refused where the document is the team's own, noted where it is another's.

use queqiao_codegen::{GenerateError, Generated, Options, generate};
use serde_json::{Value, json};

fn document(operation: &str, model: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "shop", "version": "1" },
        "paths": { "/shop": { "post": { "operationId": operation, "responses": { "204": { "description": "" } } } } },
        "components": { "schemas": { model: { "type": "string" } } },
    })
}

/// A document that a queqiao server wrote.
fn own(operation: &str, model: &str) -> Result<Generated, GenerateError> {
    let mut document = document(operation, model);
    document["x-queqiao"] = json!({ "contract": "0011223344556677" });
    generate(&document, &Options::default())
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_name_that_collides_is_refused_as_the_guide_says() {
    let chapter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/mini-program.md");
    let chapter = words(&std::fs::read_to_string(chapter).expect("the chapter"));
    for (operation, model) in
        [("configure", "Shop"), ("delete", "Shop"), ("shop.set-up", "Shop"), ("setUpShop", "Kind")]
    {
        let error = own(operation, model).expect_err("a name that cannot be used");
        assert!(chapter.contains(&words(&error.to_string())), "the guide does not say: {error}");
    }
    assert!(own("setUpShop", "Shop").expect("good names").notes.is_empty());
}

#[test]
fn another_backend_keeps_its_names_and_the_client_has_its_own() {
    let client = generate(&document("configure", "Kind"), &Options::default()).expect("a client");
    assert!(client.files["index.js"].contains("exports.configure_ = post("));
    assert!(client.files["index.d.ts"].contains("export type Kind_ = string;"));
    let notes = client.notes.join("\n");
    for part in ["/paths/~1shop/post", "configure_", "/components/schemas/Kind", "Kind_"] {
        assert!(notes.contains(part), "`{part}` is not in: {notes}");
    }
}
