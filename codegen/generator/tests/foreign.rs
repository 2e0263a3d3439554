//! Documents that other frameworks wrote: what the client sends for them, and what it says that it cannot.

use std::collections::BTreeMap;

use queqiao_codegen::{GenerateError, Generated, Options, generate};
use queqiao_quickjs_host::{Failure, Fault, Host, Request};
use serde_json::{Value, json};

fn document(paths: Value, components: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "foreign", "version": "1" },
        "servers": [{ "url": "https://{region}.example.com/v1/", "variables": { "region": { "default": "cn" } } }],
        "paths": paths,
        "components": components,
    })
}

fn client(document: &Value) -> Generated {
    generate(document, &Options { method_override: true, ..Options::default() }).expect("a client")
}

/// The request that a piece of JavaScript makes.
async fn sent(client: &Generated, script: &str) -> Request {
    let lost = |_: &Request| Some(Fault::Unsent(Failure::new("request:fail")));
    let host = Host::new(client.files.clone()).fault(lost).start().expect("a host");
    let _ = host.eval_async(&format!("api.configure({{ retries: 0 }}); {script}")).await;
    host.requests().pop().unwrap_or_else(|| panic!("no request from: {script}"))
}

fn ok() -> Value {
    json!({ "200": { "description": "", "content": { "application/json": {} } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_style_in_a_path_alone() {
    let ids = json!({ "type": "array", "items": { "type": "string" } });
    let client = client(&document(
        json!({ "/find/{ids}": { "get": { "operationId": "find", "responses": ok(), "parameters": [
            { "in": "path", "name": "ids", "required": true, "schema": ids },
        ] } } }),
        json!({}),
    ));
    let request = sent(&client, "await api.find({ ids: ['a,b', '汉'] })").await;
    assert_eq!(request.url, "https://cn.example.com/v1/find/a%2Cb,%E6%B1%89");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_in_every_style() {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let object = json!({ "type": "object", "additionalProperties": true });
    let parameter = |name: &str, style: &str, explode: bool, schema: &Value| json!({ "in": "query", "name": name, "style": style, "explode": explode, "schema": schema });
    let client = client(&document(
        json!({ "/find/{ids}": { "get": { "operationId": "find", "responses": ok(), "parameters": [
            { "in": "path", "name": "ids", "required": true, "schema": { "$ref": "#/components/schemas/Ids" } },
            { "in": "header", "name": "X-Tags", "schema": list },
            parameter("exploded", "form", true, &list),
            parameter("comma", "form", false, &list),
            parameter("space", "spaceDelimited", false, &list),
            parameter("pipe", "pipeDelimited", false, &list),
            parameter("deep", "deepObject", true, &object),
            parameter("members", "form", true, &object),
            parameter("pairs", "form", false, &object),
            { "in": "query", "name": "filter", "content": { "application/json": { "schema": object } } },
        ] } } }),
        json!({ "schemas": { "Ids": list } }),
    ));
    let cases = [
        ("ids: ['a,b', '汉']", "/find/a%2Cb,%E6%B1%89"),
        ("exploded: ['a', 'b']", "/find/1?exploded=a&exploded=b"),
        ("comma: ['a,', 'b']", "/find/1?comma=a%2C,b"),
        ("space: ['a', 'b']", "/find/1?space=a%20b"),
        ("pipe: ['a', 'b']", "/find/1?pipe=a%7Cb"),
        (
            "deep: { a: { b: 1 }, c: ['x', 'y'] }",
            "/find/1?deep%5Ba%5D%5Bb%5D=1&deep%5Bc%5D%5B%5D=x&deep%5Bc%5D%5B%5D=y",
        ),
        ("members: { a: 1, b: [2, 3], c: undefined }", "/find/1?a=1&b=2&b=3"),
        ("pairs: { a: 1, b: 'x' }", "/find/1?pairs=a,1,b,x"),
        ("filter: { a: [1] }", "/find/1?filter=%7B%22a%22%3A%5B1%5D%7D"),
        ("comma: null, deep: undefined, filter: null", "/find/1"),
    ];
    for (values, url) in cases {
        let ids = if values.starts_with("ids") { "" } else { "ids: ['1'], " };
        let request = sent(&client, &format!("await api.find({{ {ids}{values} }})")).await;
        assert_eq!(request.url, format!("https://cn.example.com/v1{url}"), "{values}");
    }
    let request = sent(&client, "await api.find({ ids: ['1'] }, { header: { 'X-Tags': ['a', 'b'] } })").await;
    assert_eq!(request.header["x-tags"], "a,b");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_json() {
    let body = |media: &str, more: Value| {
        let mut content = json!({ "schema": { "type": "object", "properties": { "a": {} } } });
        content.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        json!({ "responses": ok(), "requestBody": { "content": { media: content } } })
    };
    let form = "application/x-www-form-urlencoded";
    let deep = json!({ "encoding": { "deep": { "style": "deepObject", "explode": true } } });
    let client = client(&document(
        json!({
            "/form": { "post": body(form, deep) },
            "/merge": { "patch": body("application/merge-patch+json", json!({})) },
            "/text": { "put": body("text/plain", json!({})) },
            "/any": { "put": { "responses": ok(), "requestBody": { "content": { "*/*": { "schema": { "type": "string" } } } } } },
            "/both": { "post": { "responses": ok(), "requestBody": { "content": {
                form: {}, "application/json": { "schema": { "type": "integer" } } } } } },
        }),
        json!({}),
    ));
    let form_body =
        "await api.postForm({ a: 'x y', list: [1, 2], object: { b: 1 }, deep: { c: ['汉'] }, none: null })";
    let cases = [
        (form_body, form, "a=x%20y&list=1&list=2&object=%7B%22b%22%3A1%7D&deep%5Bc%5D%5B%5D=%E6%B1%89"),
        ("await api.patchMerge({ a: 1 })", "application/merge-patch+json", r#"{"a":1}"#),
        ("await api.putText('a\\nb')", "text/plain", "a\nb"),
        ("await api.putAny('x')", "application/octet-stream", "x"),
        ("await api.postBoth(7)", "application/json", "7"),
    ];
    for (script, media, text) in cases {
        let request = sent(&client, script).await;
        assert_eq!(request.header["content-type"], media, "{script}");
        assert_eq!(request.body.as_deref(), Some(text), "{script}");
    }
    let patch = sent(&client, "await api.patchMerge({})").await;
    assert_eq!((patch.method.as_str(), patch.header["X-HTTP-Method-Override"].as_str()), ("POST", "PATCH"));
}

#[tokio::test(flavor = "multi_thread")]
async fn multipart_bodies_beside_styles() {
    let body = |properties: Value, required: Value| {
        json!({ "responses": ok(), "requestBody": { "content": { "multipart/form-data": {
            "schema": { "type": "object", "properties": properties, "required": required } } } } })
    };
    let file = json!({ "type": "string", "format": "binary" });
    let comma = json!([{ "in": "query", "name": "ids", "explode": false,
        "schema": { "type": "array", "items": {} } }]);
    let client = client(&document(
        json!({
            "/find": { "get": { "responses": ok(), "parameters": comma } },
            "/fields": { "post": body(json!({ "a": {} }), json!([])) },
            "/file": { "post": body(json!({ "a": {}, "file": file }), json!(["file"])) },
        }),
        json!({}),
    ));
    let members = "a: 'x y', list: [1, '汉'], object: { b: 1 }, none: null, empty: ''";
    let written = [("a", "x y"), ("list", "1"), ("list", "汉"), ("object", "{\"b\":1}"), ("empty", "")];
    let request = sent(&client, &format!("await api.postFields({{ {members} }})")).await;
    let boundary = request.header["content-type"].rsplit_once("boundary=").expect("a boundary").1;
    let mut expected = String::new();
    for (name, text) in written {
        expected.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
        ));
    }
    assert_eq!(request.body, Some(format!("{expected}--{boundary}--\r\n")));
    let lost = |_: &Request| Some(Fault::Unsent(Failure::new("uploadFile:fail")));
    let host = Host::new(client.files.clone()).fault(lost).start().expect("a host");
    let script = format!(
        "var form, real = wx.uploadFile; wx.uploadFile = function (request) {{ form = request.formData; return real(request); }};
         try {{ await api.postFile({{ file: 'f', {members} }}, {{ retries: 0 }}); }} catch (error) {{ }}
         return form;"
    );
    let form = host.eval_async(&script).await.expect("a form");
    assert_eq!(form, json!({ "a": "x y", "list": "汉", "object": "{\"b\":1}", "empty": "" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_no_plain_ones() {
    let list = json!({ "type": "array", "items": {} });
    let parameter = |name: &str, explode: bool| json!({ "in": "query", "name": name, "explode": explode, "schema": list });
    let client = client(&document(
        json!({ "/find/{id}": { "get": { "operationId": "find", "responses": ok(), "parameters": [
            { "in": "path", "name": "id", "required": true, "schema": {} },
            { "in": "query", "name": "plain" },
            parameter("comma", false),
            { "in": "query", "name": "deep", "style": "deepObject", "schema": { "type": "object" } },
        ] } } }),
        json!({}),
    ));
    for (values, url) in [
        ("plain: NaN", "?plain=NaN"),
        ("plain: ''", "?plain="),
        ("plain: 0", "?plain=0"),
        ("plain: false", "?plain=false"),
        ("plain: { a: undefined, b: [null] }", "?plain=%7B%22b%22%3A%5Bnull%5D%7D"),
        ("plain: [1, null, undefined, [2, 3], { a: 1 }]", "?plain=1&plain=2&plain=3&plain=%7B%22a%22%3A1%7D"),
        ("plain: new Date(0)", "?plain=1970-01-01T00%3A00%3A00.000Z"),
        ("plain: { toJSON: function () { return { a: 1 }; } }", "?plain=%7B%22a%22%3A1%7D"),
        ("plain: 'x\\uD83Dy\\uDE00z\\uD83D\\uDE00'", "?plain=xyz%F0%9F%98%80"),
        ("comma: []", "?comma="),
        ("comma: 'a,b'", "?comma=a%2Cb"),
        ("comma: [new Date(0), [1, 2]]", "?comma=1970-01-01T00%3A00%3A00.000Z,%5B1%2C2%5D"),
        ("deep: 1", "?deep=1"),
        ("deep: {}", ""),
        (
            "deep: { a: [{ b: 1 }, 2], c: new Date(0) }",
            "?deep%5Ba%5D%5B0%5D%5Bb%5D=1&deep%5Ba%5D%5B%5D=2&deep%5Bc%5D=1970-01-01T00%3A00%3A00.000Z",
        ),
    ] {
        let request = sent(&client, &format!("await api.find({{ id: 1, {values} }})")).await;
        assert_eq!(request.url, format!("https://cn.example.com/v1/find/1{url}"), "{values}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_a_byte_order_mark() {
    let client =
        client(&document(json!({ "/a": { "get": { "operationId": "a", "responses": ok() } } }), json!({})));
    let host = Host::new(client.files.clone()).start().expect("a host");
    let script = "wx.request = function (request) {
          request.success({ statusCode: 200, header: {}, data: '\\uFEFF{\"trim\": \"\\uFEFF \"}' });
        };
        return await api.a()";
    assert_eq!(host.eval_async(script).await.expect("an answer"), json!({ "trim": "\u{feff} " }));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_travel_where_an_operation_takes_them() {
    let operation = |schemes: Value| json!({ "get": { "responses": ok(), "security": schemes } });
    let client = client(&document(
        json!({
            "/bearer": operation(json!([{ "bearer": [] }])),
            "/basic": operation(json!([{ "login": [] }])),
            "/key": operation(json!([{ "key": [] }])),
            "/query": operation(json!([{ "cookie": [] }, { "in-query": [] }])),
            "/open": operation(json!([])),
            "/cookie": operation(json!([{ "cookie": [] }])),
        }),
        json!({ "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer" },
            "login": { "type": "http", "scheme": "basic" },
            "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
            "in-query": { "type": "apiKey", "in": "query", "name": "api key" },
            "cookie": { "type": "apiKey", "in": "cookie", "name": "sid" },
        } }),
    ));
    let configured = |call: &str| {
        format!(
            "api.configure({{ auth: {{ bearer: function () {{ return 't1'; }}, key: 'k1', 'in-query': 'q&1', \
             login: '汉:p' }} }}); await api.{call}()"
        )
    };
    let header =
        async |call: &str, name: &str| sent(&client, &configured(call)).await.header.get(name).cloned();
    assert_eq!(header("getBearer", "Authorization").await.as_deref(), Some("Bearer t1"));
    // printf '汉:p' | base64
    assert_eq!(header("getBasic", "Authorization").await.as_deref(), Some("Basic 5rGJOnA="));
    for (text, encoded) in
        [("ab:c", "YWI6Yw=="), ("a:bc~?>", "YTpiY34/Pg=="), ("ÿ:~~~ï", "w786fn5+w68="), (":", "Og==")]
    {
        let script = format!(
            "api.configure({{ auth: {{ login: function () {{ return '{text}'; }} }} }}); \
             await api.getBasic()"
        );
        let request = sent(&client, &script).await;
        assert_eq!(request.header["Authorization"], format!("Basic {encoded}"), "{text}");
    }
    assert_eq!(header("getKey", "X-Key").await.as_deref(), Some("k1"));
    assert_eq!(header("getKey", "Authorization").await, None);
    assert_eq!(header("getOpen", "Authorization").await, None);
    assert!(sent(&client, &configured("getQuery")).await.url.ends_with("/query?api%20key=q%261"));
    assert!(
        sent(&client, "await api.getBearer()").await.url.ends_with("/bearer"),
        "without a credential too"
    );
    let left_out: Vec<_> =
        client.left_out.iter().map(|one| (one.what.as_str(), one.pointer.as_str())).collect();
    assert_eq!(left_out, [("GET /cookie", "/components/securitySchemes/cookie")]);
    let types = &client.files["index.d.ts"];
    assert!(types.contains("login?: string | (() => string);"), "{types}");
    assert!(types.contains("'in-query'?: string | (() => string);") && !types.contains("cookie?"), "{types}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_may_have_a_server_of_its_own() {
    let client = client(&document(
        json!({
            "/upload": { "post": { "responses": ok(), "servers": [
                { "url": "{origin}/", "variables": { "origin": { "default": "https://up.example.com" } } }] } },
            "/same": { "servers": [{ "url": "https://cn.example.com/v1" }], "get": { "responses": ok() } },
        }),
        json!({}),
    ));
    assert_eq!(sent(&client, "await api.postUpload()").await.url, "https://up.example.com/upload");
    assert!(client.files["index.js"].contains("get('/same');"));
}

#[test]
fn what_is_impossible_is_left_out_and_the_rest_stays() {
    let cookie = |required: bool| json!([{ "in": "cookie", "name": "sid", "required": required }]);
    let paths = json!({
        "/a": {
            "get": { "responses": ok(), "parameters": cookie(false), "requestBody": { "content": {} } },
            "put": { "responses": ok(), "parameters": cookie(true) },
            "patch": { "responses": ok() },
            "trace": { "responses": ok() },
            "delete": { "responses": ok(), "requestBody": { "required": true, "content": {} } },
        },
        "/b": { "post": { "responses": ok(), "requestBody": { "content": { "multipart/mixed": {} } } } },
        "/c": { "get": { "responses": { "200": { "content": { "text/plain": {} } }, "201": { "content": { "image/png": {} } } } } },
    });
    let mut own = document(paths, json!({}));
    let client = generate(&own, &Options::default()).expect("a client");
    let left_out: BTreeMap<_, _> =
        client.left_out.iter().map(|one| (one.what.as_str(), one.remedy.as_str())).collect();
    let expected = [
        ("DELETE /a", "POST or PUT"),
        ("GET /a: the body", "POST or PUT"),
        ("GET /a: the parameter sid", "header or a query parameter"),
        ("GET /c", "an operation of each kind"),
        ("PATCH /a", "--method-override"),
        ("POST /b", "application/json"),
        ("PUT /a", "header or a query parameter"),
        ("TRACE /a", "PUT or POST"),
    ];
    assert_eq!(left_out.keys().copied().collect::<Vec<_>>(), expected.map(|(what, _)| what));
    for (what, remedy) in expected {
        assert!(left_out[what].contains(remedy), "{what}: {}", left_out[what]);
    }
    assert_eq!(client.operations, 1);
    assert!(client.left_out.iter().all(|one| one.pointer.starts_with("/paths/~1") && !one.reason.is_empty()));

    // A team corrects its own document.
    own["x-queqiao"] = json!({});
    assert!(matches!(generate(&own, &Options::default()), Err(GenerateError::Impossible { .. })));
}

#[test]
fn references_of_every_kind() {
    let reference = |pointer: &str| json!({ "$ref": format!("#{pointer}") });
    let inner = "/paths/~1a/get/responses/200/content/application~1json/schema";
    let client = client(&document(
        json!({
            "/a": { "get": { "operationId": "a", "parameters": [reference("/components/parameters/Limit")],
                "responses": { "200": { "content": { "application/json": { "schema": {
                    "type": "object", "properties": { "next": reference(inner), "pet": reference("/components/schemas/Pet") } } } } },
                    "404": reference("/components/responses/Missing") } } },
            "/b": reference("/paths/~1a"),
            "/c": { "get": { "operationId": "c", "responses": { "200": { "content": { "application/json": {
                "schema": reference("/components/schemas/Dog/allOf/1/properties/bark") } } } } } },
        }),
        json!({
            "parameters": { "Limit": { "in": "query", "name": "limit", "schema": { "type": "integer" } } },
            "responses": { "Missing": { "description": "", "content": { "application/json": {
                "schema": { "properties": { "code": { "enum": ["missing"] } } } } } } },
            "schemas": {
                "Pet": { "oneOf": [reference("/components/schemas/Cat"), reference("/components/schemas/Dog")],
                    "properties": { "kind": { "type": "string" } },
                    "discriminator": { "propertyName": "kind", "mapping": { "cat": "#/components/schemas/Cat", "tiger": "Cat" } } },
                "Cat": { "allOf": [reference("/components/schemas/Pet")] },
                "Dog": { "allOf": [reference("/components/schemas/Pet"), { "properties": { "bark": { "enum": ["wau", null] } } }] },
                "Loop": { "anyOf": [reference("/components/schemas/Loop"), { "type": "string", "nullable": true }] },
                "a-b": { "type": "string" }, "a.b": { "type": "integer" },
                "Free": { "type": "object" }, "Typed": { "type": "object", "additionalProperties": { "type": "integer" } },
            },
        }),
    ));
    let types = &client.files["index.d.ts"];
    for part in [
        "export function a(params?: { limit?: number | undefined }",
        "export function getB(",
        "\n    | 'missing'\n",
        "(Cat & { kind: 'cat' | 'tiger' })",
        "(Dog & { kind: 'Dog' })",
        "export type Loop = string | null;",
        "bark?: 'wau' | null",
        "export type a_b = string;",
        "export type a_b_2 = number;",
        "export type Free = { [key: string]: unknown };",
        "export type Typed = { [key: string]: number };",
    ] {
        assert!(types.contains(part), "`{part}` is not in:\n{types}");
    }
    assert_eq!(client.left_out, []);
    let notes = client.notes.join("\n");
    for part in ["/components/schemas/Loop", "a_b_2", "getB"] {
        assert!(notes.contains(part), "`{part}` is not in:\n{notes}");
    }
}

#[test]
fn quirks_of_other_programs() {
    let get = json!({ "operationId": "list", "responses": { "default": { "content": { "application/json": {
        "schema": { "type": "integer" } } } } } });
    let mut both = get.clone();
    both["parameters"] = json!([{ "in": "path", "name": "stray", "required": true, "schema": null }]);
    let client = client(&document(
        json!({ "/a": { "get": get }, "/b/{id}#fragment": { "get": both, "parameters": null } }),
        json!({ "schemas": { "Null": { "description": null, "type": "string", "enum": null, "default": null } } }),
    ));
    let types = &client.files["index.d.ts"];
    assert!(
        types.contains("function list(params?: NoParameters, options?: Options): Call<number>"),
        "{types}"
    );
    assert!(types.contains("function getBId(params: { id: string }"), "{types}");
    assert!(types.contains("type Null = string;"), "{types}");
    assert!(client.files["index.js"].contains("get('/b/{id}');"));
    let notes = client.notes.join("\n");
    for part in ["already taken", "{stray}", "{id}"] {
        assert!(notes.contains(part), "`{part}` is not in:\n{notes}");
    }
}

#[test]
fn a_broken_document_is_refused_with_the_place() {
    let cases = [
        (json!({ "/a": { "get": { "responses": [] } } }), "/paths/~1a/get/responses"),
        (
            json!({ "/a": { "get": { "parameters": [{ "in": "query" }] } } }),
            "/paths/~1a/get/parameters/0/name",
        ),
        (
            json!({ "/a": { "get": { "parameters": [{ "$ref": "#/nowhere" }] } } }),
            "/paths/~1a/get/parameters/0",
        ),
        (
            json!({ "/a": { "get": { "parameters": [{ "$ref": "other.json" }] } } }),
            "/paths/~1a/get/parameters/0",
        ),
        (json!({ "/a": 7 }), "/paths/~1a"),
        (json!({ "a": { "get": {} } }), "/paths/a"),
        (json!([]), "/paths"),
    ];
    for (paths, pointer) in cases {
        let error = generate(&document(paths, json!({})), &Options::default()).expect_err("refused");
        assert_eq!(error.pointer(), pointer, "{error}");
    }
}

#[test]
fn what_is_read_only_is_not_sent() {
    let pet = json!({ "$ref": "#/components/schemas/Pet" });
    let content = json!({ "application/json": { "schema": pet } });
    let client = client(&document(
        json!({ "/pets": { "post": { "operationId": "add", "requestBody": { "required": true, "content": content },
            "responses": { "200": { "content": content } } } } }),
        json!({ "schemas": {
            "Pet": { "required": ["id", "name", "secret", "owner", "food"], "properties": {
                "id": { "type": "integer", "readOnly": true }, "name": { "type": "string" },
                "secret": { "type": "string", "writeOnly": true },
                "owner": { "$ref": "#/components/schemas/Owner" }, "food": { "$ref": "#/components/schemas/Food" } } },
            "Owner": { "properties": { "pets": { "type": "array", "items": pet } } },
            "Food": { "enum": ["fish"] },
        } }),
    ));
    let types = &client.files["index.d.ts"];
    for part in [
        "function add(body: Pet_Request, options?: Options): Call<Pet>",
        "export interface Pet {\n  food: Food;\n  id: number;\n  name: string;\n  owner: Owner;\n}",
        "export interface Pet_Request {\n  food: Food;\n  name: string;\n  owner: Owner_Request;\n  secret: string;\n}",
        "export interface Owner_Request { pets?: Pet_Request[] }",
    ] {
        assert!(types.contains(part), "`{part}` is not in:\n{types}");
    }
}
