//! The Postman collection: its order, what it hands on, what it checks. That a run against a real server passes is
//! tested with newman by `cargo xtask test`.

use queqiao_codegen::{PostmanOptions, postman};
use serde_json::{Value, json};

fn collection(document: &Value) -> Value {
    let made = postman(document, &PostmanOptions::default()).expect("a collection");
    serde_json::from_str(&made.collection).expect("JSON")
}

fn todo() -> Value {
    serde_json::from_str(include_str!("data/todo.json")).expect("JSON")
}

/// `folder: METHOD path`, in the order of a run.
fn order(collection: &Value) -> Vec<String> {
    let folders = collection["item"].as_array().expect("folders");
    let lines = folders.iter().flat_map(|folder| {
        let requests = folder["item"].as_array().expect("requests");
        requests.iter().map(|item| {
            let request = &item["request"];
            let path = request["url"]["raw"].as_str().unwrap_or_default().replace("{{baseUrl}}", "");
            format!(
                "{}: {} {path}",
                folder["name"].as_str().unwrap_or_default(),
                request["method"].as_str().unwrap_or_default()
            )
        })
    });
    lines.collect()
}

fn find<'a>(collection: &'a Value, method: &str, path: &str) -> &'a Value {
    let items =
        collection["item"].as_array().into_iter().flatten().flat_map(|folder| folder["item"].as_array());
    let raw = format!("{{{{baseUrl}}}}{path}");
    let found = items
        .flatten()
        .find(|item| item["request"]["method"] == method && item["request"]["url"]["raw"] == raw.as_str());
    found.unwrap_or_else(|| panic!("no {method} {path}"))
}

fn script(item: &Value, listen: &str) -> String {
    let events = item["event"].as_array().into_iter().flatten();
    let found =
        events.filter(|event| event["listen"] == listen).flat_map(|event| event["script"]["exec"].as_array());
    found.flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_logs_in_makes_reads_changes_deletes_and_logs_out() {
    let order = order(&collection(&todo()));
    let place = |wanted: &str| {
        order.iter().position(|line| line.ends_with(wanted)).unwrap_or_else(|| panic!("{wanted}: {order:#?}"))
    };
    assert_eq!(place("POST /auth/login"), 0, "{order:#?}");
    assert!(place("POST /todos") < place("GET /todos/:id"));
    assert!(place("GET /todos/:id") < place("DELETE /todos/:id"));
    assert!(place("PUT /todos/:id") < place("DELETE /todos/:id"));
    assert_eq!(place("POST /auth/logout"), order.len() - 1);
    assert_eq!(order.last().map(String::as_str), Some("auth (at the end): POST /auth/logout"));
}

#[test]
fn the_login_takes_a_code_and_keeps_the_token() {
    let collection = collection(&todo());
    let login = find(&collection, "POST", "/auth/login");
    assert!(
        login["request"]["body"]["raw"].as_str().is_some_and(|body| body.contains("\"code\": \"{{code}}\""))
    );
    assert!(script(login, "prerequest").contains("/emulator/login-codes"));
    assert!(script(login, "test").contains("keep(pm.response.json().token)"));
    assert_eq!(login["request"]["auth"], json!({ "type": "noauth" }));
    assert_eq!(collection["auth"]["bearer"][0]["value"], "{{token}}");
    assert!(find(&collection, "GET", "/todos/:id")["request"].get("auth").is_none());
}

#[test]
fn ids_are_handed_on() {
    let collection = collection(&todo());
    let script = script(find(&collection, "POST", "/todos"), "test");
    assert!(
        script.contains("pm.response.json()?.[\"id\"]") && script.contains("set(\"todosId\""),
        "{script}"
    );
    let url = &find(&collection, "GET", "/todos/:id")["request"]["url"];
    assert_eq!(url["variable"][0], json!({ "key": "id", "value": "{{todosId}}" }));
    let variables = collection["variable"].as_array().expect("variables");
    // Alone, a request sends something that may be sent.
    assert!(
        variables.contains(&json!({ "key": "todosId", "value": "00000000-0000-4000-8000-000000000000" }))
    );
}

/// An API of two tags, where one's things lie in the other's.
fn shop() -> Value {
    let thing = |id: &str| json!({ "type": "object", "properties": { id: { "type": "integer" }, "name": { "type": "string" } } });
    let answer = |status: &str, schema: Value| json!({ status: { "description": "", "content": { "application/json": { "schema": schema } } } });
    let parameter =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "integer" } });
    let gone = json!({ "204": { "description": "" } });
    json!({
        "openapi": "3.0.3", "info": { "title": "shop", "version": "1" },
        "tags": [{ "name": "goods", "description": "What is sold." }, { "name": "shops" }],
        "paths": {
            "/shops": { "post": { "tags": ["shops"], "responses": answer("201", json!({ "type": "object", "properties": { "data": thing("id") } })) } },
            "/shops/{shop}": {
                "parameters": [parameter("shop")],
                "get": { "tags": ["shops"], "responses": answer("200", thing("id")) },
                "delete": { "tags": ["shops"], "responses": gone },
            },
            "/shops/{shop}/goods": {
                "parameters": [parameter("shop")],
                "get": { "tags": ["goods"], "responses": answer("200", json!({ "type": "array", "items": thing("goods_id") })) },
            },
            "/shops/{shop}/goods/{goodsId}": {
                "parameters": [parameter("shop"), parameter("goodsId")],
                "put": { "tags": ["goods"], "responses": gone },
                "delete": { "tags": ["goods"], "responses": gone },
            },
            "/shops/{shop}/settings": {
                "parameters": [parameter("shop")],
                "get": { "tags": ["shops"], "responses": answer("200", thing("id")) },
                "put": { "tags": ["shops"], "responses": gone },
            },
        }
    })
}

#[test]
fn what_holds_others_is_made_before_and_deleted_after_them() {
    let collection = collection(&shop());
    assert_eq!(
        order(&collection),
        [
            "shops: POST /shops",
            "shops: PUT /shops/:shop/settings",
            "shops: GET /shops/:shop",
            "shops: GET /shops/:shop/settings",
            "goods: GET /shops/:shop/goods",
            "goods: PUT /shops/:shop/goods/:goodsId",
            "goods: DELETE /shops/:shop/goods/:goodsId",
            "shops (at the end): DELETE /shops/:shop",
        ]
    );
    assert_eq!(collection["item"][1]["description"], "What is sold.");
    let made = script(find(&collection, "POST", "/shops"), "test");
    assert!(
        made.contains("pm.response.json()?.[\"data\"]?.[\"id\"]") && made.contains("set(\"shopsShop\""),
        "{made}"
    );
    // Nothing makes goods here, but there is a list of them.
    let listed = script(find(&collection, "GET", "/shops/:shop/goods"), "test");
    assert!(
        listed.contains("pm.response.json()?.[0]?.[\"goods_id\"]") && listed.contains("set(\"goodsId\""),
        "{listed}"
    );
}

#[test]
fn parameters_and_bodies_are_written_as_the_document_says() {
    let answer = json!({ "200": { "description": "" } });
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "a", "version": "1" },
        "components": { "securitySchemes": {
            "key": { "type": "apiKey", "name": "X-Key", "in": "header" },
            "basic": { "type": "http", "scheme": "basic" },
        } },
        "security": [{ "key": [] }],
        "paths": { "/a/{x}.json": { "post": {
            "parameters": [
                { "name": "x", "in": "path", "required": true, "schema": { "type": "string" }, "example": "a/b" },
                { "name": "tags", "in": "query", "required": true, "schema": { "type": "array", "items": { "type": "string" } }, "example": ["买", "a&b"] },
                { "name": "filter", "in": "query", "style": "deepObject", "schema": { "type": "object", "properties": { "done": { "type": "boolean" } } } },
                { "name": "ids", "in": "query", "explode": false, "schema": { "type": "array", "items": { "type": "integer" } }, "examples": { "b": { "value": [1, 2] } } },
                { "name": "X-Trace", "in": "header", "schema": { "type": "string" } },
                { "name": "Authorization", "in": "header", "schema": { "type": "string" } },
            ],
            "requestBody": { "content": { "multipart/form-data": { "schema": { "type": "object", "properties": {
                "file": { "type": "string", "format": "binary" }, "note": { "type": "string" } } } } } },
            "responses": answer,
        } }, "/b": {
            "post": { "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": { "type": "object", "properties": {
                "a": { "type": "string", "example": "1 & 2" } } } } } }, "responses": answer, "security": [{ "basic": [] }] },
            "patch": { "requestBody": { "content": { "application/json": { "example": { "own": true } } } }, "responses": answer, "security": [] },
        } }
    });
    let collection = collection(&document);
    let items = collection["item"][0]["item"].as_array().expect("items");
    let request = |name: &str| &items.iter().find(|item| item["name"] == name).expect("a request")["request"];
    let first = request("POST /a/{x}.json");
    assert_eq!(first["url"]["raw"], "{{baseUrl}}/a/a%2Fb.json?tags=买&tags=a%26b");
    assert_eq!(
        first["url"]["query"],
        json!([
            { "key": "tags", "value": "买" },
            { "key": "tags", "value": "a%26b" },
            { "key": "filter[done]", "value": "false", "disabled": true },
            { "key": "ids", "value": "1,2", "disabled": true },
        ])
    );
    assert_eq!(first["header"], json!([{ "key": "X-Trace", "value": "X-Trace", "disabled": true }]));
    assert_eq!(
        first["body"]["formdata"],
        json!([{ "key": "file", "type": "file", "src": [] }, { "key": "note", "type": "text", "value": "note" }])
    );
    assert_eq!(
        request("POST /b")["body"]["urlencoded"],
        json!([{ "key": "a", "type": "text", "value": "1 & 2" }])
    );
    assert_eq!(request("POST /b")["auth"]["type"], "basic");
    assert_eq!(request("PATCH /b")["auth"]["type"], "noauth");
    assert_eq!(request("PATCH /b")["body"]["raw"], "{\n  \"own\": true\n}");
    assert_eq!(collection["auth"]["apikey"][0]["value"], "X-Key");
}

#[test]
fn versions_are_handed_on() {
    let tagged =
        json!({ "200": { "description": "", "headers": { "ETag": { "schema": { "type": "string" } } } } });
    let condition =
        json!([{ "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" } }]);
    let document = json!({ "openapi": "3.1.0", "info": { "title": "a", "version": "1" }, "paths": { "/name": {
        "get": { "responses": tagged },
        "put": { "parameters": condition, "responses": tagged },
    } } });
    let collection = collection(&document);
    assert_eq!(order(&collection), ["operations: GET /name", "operations: PUT /name"]);
    assert!(script(find(&collection, "GET", "/name"), "test").contains("set(\"nameVersion\", version)"));
    let header = &find(&collection, "PUT", "/name")["request"]["header"];
    assert_eq!(header, &json!([{ "key": "If-Match", "value": "{{nameVersion}}" }]));
    assert_eq!(collection["variable"][1], json!({ "key": "nameVersion", "value": "*" }));
}

#[test]
fn the_environment_and_the_collection_have_the_given_addresses() {
    let options = PostmanOptions {
        base_url: Some("https://api.example.com/".into()),
        emulator: Some("http://127.0.0.1:8081".into()),
        environment: Some("develop".into()),
    };
    let made = postman(&todo(), &options).expect("a collection");
    let environment: Value = serde_json::from_str(&made.environment).expect("JSON");
    assert_eq!(environment["name"], "todo (develop)");
    let value = |key: &str| {
        let values = environment["values"].as_array().expect("values");
        values.iter().find(|one| one["key"] == key).map(|one| one["value"].clone()).unwrap_or_default()
    };
    assert_eq!(value("baseUrl"), "https://api.example.com");
    assert_eq!(value("emulator"), "http://127.0.0.1:8081");
    assert_eq!(value("token"), "");
    // A collection goes from hand to hand: it holds nobody's emulator.
    assert!(!made.collection.contains("8081"));
}

#[test]
fn the_same_document_in_another_order_gives_the_same_bytes() {
    let document = todo();
    let reversed = reversed(&document);
    let options = PostmanOptions::default();
    let other = serde_json::from_str(&reversed).expect("JSON");
    assert_eq!(postman(&document, &options), postman(&other, &options));
}

/// The document with the keys of every object the other way round.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|a, b| b.0.cmp(a.0));
            let members: Vec<_> = members
                .into_iter()
                .map(|(key, value)| format!("{}:{}", json!(key), reversed(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[test]
fn broken_documents_are_told_with_their_place() {
    let error = postman(&json!({ "swagger": "2.0" }), &PostmanOptions::default()).expect_err("no OpenAPI 3");
    assert!(error.to_string().contains("OpenAPI 3"), "{error}");
    let mut document = todo();
    document["paths"]["/todos"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]["$ref"] =
        json!("#/components/schemas/None");
    let error = postman(&document, &PostmanOptions::default()).expect_err("a reference to nowhere");
    assert!(error.pointer().starts_with("/paths/~1todos"), "{error}");
}

#[test]
fn no_made_up_ids() {
    let text = postman(&todo(), &PostmanOptions::default()).expect("a collection").collection;
    for key in ["\"_postman_id\"", "\"id\":", "\"uid\"", "$guid", "$random", "$timestamp"] {
        let in_keys = text.lines().any(|line| line.trim_start().starts_with(key));
        assert!(!in_keys, "{key}");
    }
}

#[test]
fn each_request_that_asks_for_a_key_brings_a_new_one() {
    let key = json!({ "name": "Idempotency-Key", "in": "header", "required": true,
        "schema": { "type": "string", "minLength": 16, "maxLength": 255, "pattern": "^[!-~]+$" } });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "shop", "version": "1" },
        "paths": { "/orders": { "post": {
            "operationId": "order",
            "parameters": [key],
            "responses": { "204": { "description": "Done" } },
        } } },
    });
    let collection = collection(&document);
    let headers = find(&collection, "POST", "/orders")["request"]["header"].to_string();
    assert!(headers.contains("{{$guid}}"), "{headers}");
}
