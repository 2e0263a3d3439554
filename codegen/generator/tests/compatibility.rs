//! Verdicts on documents that no queqiao server writes. Those that one does write are put to the test in
//! `codegen/verdicts`, by old clients against new servers.

mod mutation;

use queqiao_codegen::compatibility::{Side, Verdict, between};
use serde_json::{Value, json};

use mutation::{Dice, mutate, part};

/// One operation whose body and answer have a schema each.
fn contract(body: Value, answer: Value, components: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/t": { "post": {
            "operationId": "act",
            "requestBody": { "required": true, "content": { "application/json": { "schema": body } } },
            "responses": { "200": { "description": "", "content": { "application/json": { "schema": answer } } } },
        } } },
        "components": { "schemas": components },
    })
}

/// The worst verdicts on a change of a schema, sent and answered.
fn verdicts(old: Value, new: Value) -> (Option<Verdict>, Option<Verdict>) {
    with(old, json!({}), new, json!({}))
}

fn with(old: Value, olds: Value, new: Value, news: Value) -> (Option<Verdict>, Option<Verdict>) {
    let changes = between(&contract(old.clone(), old, olds), &contract(new.clone(), new, news));
    let worst = |side| changes.iter().filter(|change| change.side == side).map(|change| change.verdict).min();
    (worst(Side::Request), worst(Side::Response))
}

const BREAKING: Option<Verdict> = Some(Verdict::Breaking);
const WARNING: Option<Verdict> = Some(Verdict::Warning);
const COMPATIBLE: Option<Verdict> = Some(Verdict::Compatible);

#[test]
fn spellings_of_one_meaning_are_no_change() {
    let null_or_text = json!({ "type": ["string", "null"] });
    for (old, new) in [
        (json!({ "const": "a" }), json!({ "enum": ["a"] })),
        (
            json!({ "enum": ["a", "b"] }),
            json!({ "oneOf": [{ "const": "b" }, { "type": "string", "enum": ["a"] }] }),
        ),
        (null_or_text.clone(), json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] })),
        (null_or_text, json!({ "type": "string", "nullable": true })),
        (json!({ "type": "integer", "exclusiveMinimum": 0 }), json!({ "type": "integer", "minimum": 1 })),
        (
            json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true }),
            json!({ "type": "number", "exclusiveMinimum": 0 }),
        ),
        (
            json!({ "type": "integer", "format": "int32" }),
            json!({ "type": "integer", "minimum": -2147483648_i64, "maximum": 2147483647 }),
        ),
        (json!({ "type": "integer", "maximum": 3 }), json!({ "type": "integer", "maximum": 3.0 })),
        (
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" }, "b": { "type": "string" } } }),
            json!({ "allOf": [
                { "type": "object", "properties": { "b": { "type": "string" } } },
                { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } },
            ] }),
        ),
        (json!(true), json!({})),
        (json!({ "type": "array", "items": {} }), json!({ "type": "array" })),
        (
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "items": false }),
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "maxItems": 1 }),
        ),
        (
            json!({ "title": "A", "description": "B", "type": "string", "examples": ["x"] }),
            json!({ "type": "string" }),
        ),
    ] {
        assert_eq!(verdicts(old.clone(), new.clone()), (None, None), "{old} and {new}");
        assert_eq!(verdicts(new.clone(), old.clone()), (None, None), "{new} and {old}");
    }
}

#[test]
fn each_side_has_its_own_verdict() {
    let text = |more: Value| {
        let mut schema = json!({ "type": "string" });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let list = |more: Value| json!({ "type": "array", "items": more });
    for (old, new, request, response, back) in [
        (
            json!({ "enum": ["a"] }),
            json!({ "enum": ["a", "b"] }),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "integer" }),
            json!({ "type": "number" }),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (text(json!({ "maxLength": 9 })), text(json!({})), COMPATIBLE, WARNING, (BREAKING, COMPATIBLE)),
        (
            text(json!({ "minLength": 2 })),
            text(json!({ "minLength": 1 })),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (
            text(json!({ "pattern": "^a" })),
            text(json!({ "pattern": "^b" })),
            BREAKING,
            WARNING,
            (BREAKING, WARNING),
        ),
        (
            text(json!({ "format": "ipv4" })),
            text(json!({ "format": "ip" })),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (text(json!({ "format": "password" })), text(json!({})), None, None, (None, None)),
        (
            json!({ "type": "number", "multipleOf": 10 }),
            json!({ "type": "number", "multipleOf": 5 }),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "array", "minItems": 1 }),
            json!({ "type": "array" }),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "array", "uniqueItems": true }),
            json!({ "type": "array" }),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (
            list(json!({ "type": "string" })),
            list(json!({ "type": ["string", "null"] })),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": ["string", "boolean"] }),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (json!({ "type": "string" }), json!({ "type": "boolean" }), BREAKING, BREAKING, (BREAKING, BREAKING)),
        (
            json!({ "enum": [1, 2] }),
            json!({ "type": "integer", "minimum": 0 }),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "additionalProperties": { "type": "number" } }),
            COMPATIBLE,
            BREAKING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "object", "maxProperties": 2 }),
            json!({ "type": "object" }),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (
            json!({ "type": "string", "not": { "const": "x" } }),
            json!({ "type": "string" }),
            COMPATIBLE,
            WARNING,
            (BREAKING, COMPATIBLE),
        ),
        (json!(false), json!({ "type": "string" }), COMPATIBLE, BREAKING, (BREAKING, COMPATIBLE)),
    ] {
        assert_eq!(verdicts(old.clone(), new.clone()), (request, response), "{old} -> {new}");
        assert_eq!(verdicts(new.clone(), old.clone()), back, "{new} -> {old}");
    }
}

#[test]
fn circles_are_judged_by_what_they_mean() {
    let tree = |name: &str, value: Value| {
        json!({ name: { "type": "object", "required": ["value", "children"], "properties": {
            "value": value, "children": { "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } } } } })
    };
    let at = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let text = json!({ "type": "string" });
    assert_eq!(with(at("A"), tree("A", text.clone()), at("B"), tree("B", text.clone())), (None, None));
    let changes = between(
        &contract(json!(true), at("A"), tree("A", text.clone())),
        &contract(json!(true), at("B"), tree("B", json!({ "type": "integer" }))),
    );
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["breaking: POST /t, response: $.value was a string and is an integer"]);
    // One unfolded once more means the same.
    let mut unfolded = tree("A", text.clone());
    unfolded["B"] = tree("A", text.clone())["A"].clone();
    assert_eq!(with(at("A"), tree("A", text), at("B"), unfolded), (None, None));
    // What is nothing but itself says nothing.
    let itself = json!({ "A": { "$ref": "#/components/schemas/A" } });
    assert_eq!(with(at("A"), itself.clone(), at("A"), itself), (None, None));
}

#[test]
fn discriminators_count_with_the_names_that_they_imply() {
    let shapes = |name: &str| {
        json!({
            name: { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" } } },
            "Dog": { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" } } },
        })
    };
    let pet = |name: &str, mapping: Value| {
        json!({
            "oneOf": [{ "$ref": format!("#/components/schemas/{name}") }, { "$ref": "#/components/schemas/Dog" }],
            "discriminator": { "propertyName": "kind", "mapping": mapping },
        })
    };
    // The name goes over the wire unless a mapping says another.
    let cat = |name| with(pet("Cat", json!({})), shapes("Cat"), pet(name, json!({})), shapes(name));
    assert_eq!((cat("Cat"), cat("Tiger")), ((None, None), (BREAKING, BREAKING)));
    let mapped = |name: &str| pet(name, json!({ "cat": format!("#/components/schemas/{name}") }));
    assert_eq!(with(mapped("Cat"), shapes("Cat"), mapped("Tiger"), shapes("Tiger")), (None, None));
}

#[test]
fn what_is_read_only_is_judged_on_its_side() {
    let thing = |id: Value| json!({ "type": "object", "required": ["id"], "properties": { "id": id } });
    let read_only = json!({ "type": "string", "readOnly": true });
    let old = thing(read_only);
    assert_eq!(
        verdicts(old.clone(), thing(json!({ "type": "integer", "readOnly": true }))),
        (None, BREAKING)
    );
    assert_eq!(verdicts(old.clone(), thing(json!({ "type": "string" }))), (BREAKING, None));
}

#[test]
fn documents_of_other_frameworks() {
    let document = |parameters: Value, body: &str, security: Value, kind: &str| {
        json!({
            "openapi": "3.0.3",
            "paths": { "/t/{id}": {
                "parameters": parameters,
                "post": {
                    "requestBody": { "required": true, "content": { body: { "schema": { "type": "object" } } } },
                    "responses": { "default": { "description": "", "content": { kind: { "schema": { "type": "string" } } } } },
                    "security": security,
                } } },
            "components": { "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
                "other": { "type": "apiKey", "in": "header", "name": "X-Key" },
                "token": { "type": "http", "scheme": "bearer" },
            } },
        })
    };
    let list = |style: &str| json!([{ "in": "query", "name": "tags", "style": style, "explode": false, "schema": { "type": "array", "items": { "type": "string" } } }]);
    let (json_body, form) = ("application/json", "application/x-www-form-urlencoded");
    let old = document(list("form"), json_body, json!([{ "key": [] }]), "text/plain");
    let worst = |new: &Value| {
        let changes = between(&old, new);
        changes.first().map(|change| (change.verdict, change.side))
    };
    assert_eq!(worst(&document(list("form"), json_body, json!([{ "other": [] }]), "text/plain")), None);
    let style = document(list("pipeDelimited"), json_body, json!([{ "key": [] }]), "text/plain");
    assert_eq!(worst(&style), Some((Verdict::Breaking, Side::Parameter)));
    let media = document(list("form"), form, json!([{ "key": [] }]), "text/plain");
    assert_eq!(worst(&media), Some((Verdict::Breaking, Side::Request)));
    let token = document(list("form"), json_body, json!([{ "token": [] }]), "text/plain");
    assert_eq!(worst(&token), Some((Verdict::Breaking, Side::Security)));
    let both = document(list("form"), json_body, json!([{ "token": [] }, { "key": [] }]), "text/plain");
    assert_eq!(worst(&both), Some((Verdict::Compatible, Side::Security)));
    let kind = document(list("form"), json_body, json!([{ "key": [] }]), "application/json");
    assert_eq!(worst(&kind), Some((Verdict::Breaking, Side::Response)));
}

#[test]
fn a_document_and_itself_are_compatible_whatever_is_in_it() {
    let documents: Vec<Value> =
        [include_str!("data/todo.json"), include_str!("data/shapes.json"), include_str!("data/foreign.json")]
            .iter()
            .map(|text| serde_json::from_str(text).expect("JSON"))
            .collect();
    for document in &documents {
        assert_eq!(between(document, document), []);
    }
    let mut told = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let document = part(&documents[seed as usize % documents.len()], &mut dice);
        let mut changed = document.clone();
        mutate(&mut changed, &mut dice);
        assert_eq!(between(&changed, &changed), [], "seed {seed}");
        let (there, back) = (between(&document, &changed), between(&changed, &document));
        told += usize::from(!there.is_empty());
        for change in there.iter().chain(&back) {
            let harmless = change.verdict == Verdict::Compatible;
            assert_eq!(change.remedies.is_empty(), harmless, "seed {seed}: {change}");
        }
    }
    assert!(told > 60, "only {told} of the changes were noticed");
}
