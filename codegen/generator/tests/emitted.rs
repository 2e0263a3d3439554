//! The emitted files as text: they parse, the JavaScript is ECMAScript 5, and broken documents give errors.

mod checks;

use std::collections::BTreeMap;

use checks::mistakes;
use queqiao_codegen::{BaseUrl, GenerateError, Options, generate};
use serde_json::{Value, json};

const TODO: &str = include_str!("data/todo.json");
const SHAPES: &str = include_str!("data/shapes.json");
const FOREIGN: &str = include_str!("data/foreign.json");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn check(files: &BTreeMap<String, String>) {
    for (name, text) in files {
        assert_eq!(mistakes(name, text), Vec::<String>::new(), "\n{text}");
    }
}

#[test]
fn files_parse_and_are_es5() {
    for document in [TODO, SHAPES, FOREIGN] {
        let generated = generate(&parsed(document), &Options::default()).expect("a client");
        assert_eq!(generated.files.keys().collect::<Vec<_>>(), ["index.d.ts", "index.js", "runtime.js"]);
        check(&generated.files);
        let types = &generated.files["index.d.ts"];
        assert!(!types.split(|c: char| !c.is_alphanumeric()).any(|word| word == "any"), "{types}");
        assert!(
            generated.files["index.js"]
                .starts_with(&format!("// queqiao contract: {}\n", generated.contract))
        );
        for text in generated.files.values() {
            assert!(text.lines().take(2).any(|line| line.contains(queqiao_codegen::HEADER)));
        }
    }
}

#[test]
fn the_es5_check_can_fail() {
    for text in [
        "let a",
        "const a = 1",
        "(() => 1)",
        "`a`",
        "a?.b",
        "a ?? b",
        "({ a })",
        "({ a() {} })",
        "({ [a]: 1 })",
        "class A {}",
        "function f(a = 1) {}",
        "f(...a)",
        "var { a } = b",
        "async function f() {}",
        "function* f() {}",
        "for (var a of b) {}",
        "1n",
        "/(?<=a)b/",
        "/a/s",
        "2 ** 3",
        "try {} catch {}",
        "function f(...a) {}",
        "import('a')",
    ] {
        assert!(!mistakes("a.js", text).is_empty(), "{text}");
    }
    assert_eq!(
        mistakes("a.js", "var a = { get: 1, 'b-c': function () { return /a(?!b)/gi } };"),
        Vec::<String>::new()
    );
}

#[test]
fn only_the_parts_that_are_used() {
    let with = generate(&parsed(TODO), &Options::default()).expect("a client").files;
    assert!(with["runtime.js"].contains("openSession") && !with["runtime.js"].contains("Uint8Array"));
    let without = generate(&parsed(SHAPES), &Options::default()).expect("a client").files;
    assert!(!without["runtime.js"].contains("openSession") && without["runtime.js"].contains("Uint8Array"));
    assert!(!without["index.d.ts"].contains("loginCode"));
    assert!(with.values().chain(without.values()).all(|text| !text.contains("//#")));
}

#[test]
fn generation_is_deterministic() {
    let first = generate(&parsed(TODO), &Options::default()).expect("a client");
    for _ in 0..5 {
        assert_eq!(generate(&parsed(TODO), &Options::default()).expect("a client"), first);
    }
    let todo = &first.files["index.js"];
    assert!(todo.contains("exports.finishTodo = userPut('/todos/{id}/done', "), "{todo}");
}

#[test]
fn the_contract_id_of_the_document_counts() {
    let mut document = parsed(TODO);
    document["x-queqiao"] = json!({"contract": "00112233445566ff"});
    assert_eq!(generate(&document, &Options::default()).expect("a client").contract, "00112233445566ff");
}

#[test]
fn answers_without_a_body() {
    let ok = json!({"content": {"application/json": {"schema": {"type": "string"}}}});
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {
        "head": {"operationId": "head", "responses": {"200": ok}},
        "get": {"operationId": "get", "responses": {"200": ok, "204": {"description": ""}}},
        "delete": {"operationId": "remove", "responses": {"204": {"description": ""}}}}}});
    let files = generate(&document, &Options::default()).expect("a client").files;
    for declared in [
        "function head(params?: NoParameters, options?: Options): Call<void>",
        "function get(params?: NoParameters, options?: Options): Call<string | undefined>",
        "function remove(params?: NoParameters, options?: Options): Call<void>",
    ] {
        assert!(files["index.d.ts"].contains(declared), "{}", files["index.d.ts"]);
    }
    let index = &files["index.js"];
    for line in
        ["var m1 = { n: 1 };", "exports.head = head('/a', '', m1);", "exports.remove = remove('/a', '', m1);"]
    {
        assert!(index.contains(line), "{index}");
    }
    assert!(index.contains("exports.get = get('/a');"), "{index}");
}

#[test]
fn base_urls() {
    let with = |base_url| {
        generate(&parsed(TODO), &Options { base_url, ..Options::default() })
            .map(|client| client.files["index.js"].clone())
    };
    assert!(
        with(BaseUrl::One("https://a.example/b".into()))
            .expect("a client")
            .contains(", 'https://a.example/b', ")
    );
    assert!(with(BaseUrl::Unset).expect("a client").contains(", '', "));
    for wrong in ["a.example", "https://", "ftp://a", "https://a?b", "https://a b", ""] {
        assert!(matches!(with(BaseUrl::One(wrong.into())), Err(GenerateError::Options { .. })), "{wrong}");
    }
    let mut document = parsed(TODO);
    document["servers"] = json!([{"url": "https://server.example"}]);
    let client = generate(&document, &Options::default()).expect("a client");
    assert!(client.files["index.js"].contains("'https://server.example'"));
}

#[test]
fn names_and_texts_cannot_break_out() {
    let evil = "*/ ');\n\u{2028}throw 1 // `${x}` \\";
    let mut document = parsed(TODO);
    document["info"]["title"] = json!(evil);
    document["info"]["version"] = json!(evil);
    let schemas = document["components"]["schemas"].as_object_mut().expect("schemas");
    for name in ["any", "Promise", "class", "1 2", "订单", evil] {
        schemas.insert(name.into(), json!({"description": evil, "properties": {evil: {"const": evil}, "constructor": {"pattern": evil}}}));
    }
    let operation = |id: &str| {
        json!({"operationId": id, "summary": evil, "parameters": [
            {"in": "query", "name": evil, "schema": {"enum": [evil]}, "description": evil},
            {"in": "header", "name": "X-A'b", "schema": {"type": "string"}}],
            "responses": {"400": {"content": {"application/json": {"schema": {"properties": {"code": {"const": "a'b"}}}}}}}})
    };
    let ids = [
        "delete",
        "configure",
        "ApiError",
        "__proto__",
        "constructor",
        "toString",
        "订单 查询",
        "a.b-c",
        "eval",
        "op",
        "api",
        "e1",
    ];
    for (index, id) in ids.iter().enumerate() {
        document["paths"][format!("/evil'\\{index}")] =
            json!({"get": operation(id), "post": operation(&format!("{id}2"))});
    }
    let client = generate(&document, &Options::default()).expect("a client");
    check(&client.files);
    assert!(client.files["index.d.ts"].contains("export { delete_ as delete };"));
}

/// The error of a queqiao server's document in which the value at `pointer` is another.
fn refused(pointer: &str, value: Value) -> GenerateError {
    let mut document = parsed(TODO);
    document["x-queqiao"] = json!({});
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let key = key.replace("~1", "/");
    match document.pointer_mut(parent).expect("a place") {
        Value::Object(map) => drop(map.insert(key, value)),
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        _ => panic!("no place"),
    }
    let error = generate(&document, &Options::default()).expect_err("refused");
    assert!(error.to_string().contains(error.remedy()), "{error}");
    error
}

#[test]
fn what_cannot_work_is_refused_with_its_place_and_a_remedy() {
    let get = json!({"operationId": "x", "responses": {}});
    let cases = [
        ("/paths/~1todos/patch", get, "/paths/~1todos/patch", "PUT or POST"),
        (
            "/paths/~1todos/get/parameters/0",
            json!({"in": "cookie", "name": "sid"}),
            "/paths/~1todos/get/parameters/0",
            "header or a query parameter",
        ),
        (
            "/components/securitySchemes/login",
            json!({"type": "apiKey", "in": "cookie", "name": "sid"}),
            "/components/securitySchemes/login",
            "bearer token",
        ),
        (
            "/paths/~1todos/get/requestBody",
            json!({"content": {}}),
            "/paths/~1todos/get/requestBody",
            "POST or PUT",
        ),
        (
            "/paths/~1todos/post/requestBody",
            json!({"content": {"multipart/mixed": {}}}),
            "/paths/~1todos/post/requestBody/content",
            "application/json",
        ),
        (
            "/paths/~1todos/get/parameters/0",
            json!({"in": "header", "name": "f", "schema": {"type": "object"}}),
            "/paths/~1todos/get/parameters/0",
            "parameters of their own",
        ),
        (
            "/paths/~1todos/get/parameters/0",
            json!({"in": "query", "name": "f", "style": "matrix", "schema": {"type": "array"}}),
            "/paths/~1todos/get/parameters/0",
            "deepObject",
        ),
        ("/paths/~1todos/get/operationId", json!("addTodo"), "/paths/~1todos/post", "Rename"),
        ("/paths/~1todos~1{id}/get/parameters", json!([]), "/paths/~1todos~1{id}/get", "Correct"),
        (
            "/components/schemas/Todo",
            json!({"$ref": "#/components/schemas/Nothing"}),
            "/components/schemas/Todo",
            "existing place",
        ),
        (
            "/components/schemas/Todo",
            json!({"$ref": "other.yaml#/Todo"}),
            "/components/schemas/Todo",
            "bundle",
        ),
        (
            "/components/schemas/Todo",
            json!({"anyOf": [{"$ref": "#/components/schemas/Todo"}, {"type": "null"}]}),
            "/components/schemas/Todo",
            "existing place",
        ),
        ("/components/schemas/Todo", json!({"type": "text"}), "/components/schemas/Todo/type", "Correct"),
        ("/openapi", json!("2.0"), "", "OpenAPI 3"),
    ];
    for (pointer, value, place, remedy) in cases {
        let error = refused(pointer, value);
        assert_eq!(error.pointer(), place, "{error}");
        assert!(error.remedy().contains(remedy), "{error}");
    }
}

#[test]
fn schemas_without_end_are_refused() {
    let mut schema = json!({"type": "string"});
    for _ in 0..100 {
        schema = json!({"type": "array", "items": schema});
    }
    assert!(matches!(refused("/components/schemas/Todo", schema), GenerateError::TooDeep { .. }));
    let endless = json!({"type": "array", "items": {"$ref": "#/components/schemas/Todo/items"}});
    refused("/components/schemas/Todo", endless);
}
