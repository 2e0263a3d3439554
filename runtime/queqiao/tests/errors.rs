//! Errors as a part of the contract: each answer against the document's own schema of it.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::prelude::*;
use queqiao::serde_json::json;
use queqiao::types::U64;
use queqiao::{TestApp, TestResponse, Text, Violation};

/// Goods of one kind.
#[model]
#[derive(Clone, Debug)]
struct Item {
    sku: String,
    #[check(range = 1..=99)]
    count: u32,
    #[check(length = ..=5, message(zh = "备注太长", en = "is too long a note"))]
    note: Option<String>,
    #[check(custom = no_devil)]
    lot: Option<u32>,
}

/// What nothing but `details` speaks of.
#[model]
#[derive(Clone, Debug)]
struct Substitute {
    sku: String,
    /// Where it lies.
    shelf: Option<Box<Substitute>>,
}

fn no_devil(lot: &u32) -> Result<(), Violation> {
    match lot {
        666 => Err(Violation::new("devil", Text::both("不可为 666", "must not be 666"))),
        _ => Ok(()),
    }
}

/// Why goods cannot be taken.
#[derive(Debug, ApiError)]
enum StockError {
    /// Only {left} of {sku} left.
    ///
    /// More of {sku} come on Monday.
    #[error(status = 409, zh = "{sku} 只剩 {left} 件。\n\n{sku} 周一到货。")]
    OutOfStock {
        /// How many there are.
        left: u32,
        sku: String,
        /// What may be taken instead.
        instead: Vec<Substitute>,
        reserved: Option<U64>,
    },
    /// 仓库已关门。
    #[error(status = 409, en = "The store is closed.")]
    Closed,
    /// The server failed.
    #[error(internal)]
    Internal(Internal),
}

/// Why an order was refused.
#[derive(Debug, ApiError)]
#[error(prefix = "shop")]
enum OrderError {
    /// The order weighs {weight} kg, as `{{weight}}` says.
    #[error(status = 422)]
    TooHeavy { weight: f64 },
    /// No such shop.
    #[error(status = 404)]
    NoShop,
    #[error(transparent)]
    Stock(StockError),
    #[error(internal, from(std::io::Error))]
    Internal(Internal),
}

fn take(item: &Item) -> Result<NoContent, StockError> {
    match item.sku.as_str() {
        "closed" => Err(StockError::Closed),
        "broken" => Err(StockError::Internal(Internal::message("the secret cause"))),
        _ => Err(StockError::OutOfStock {
            left: 3,
            sku: item.sku.clone(),
            instead: vec![Substitute { sku: "card".to_owned(), shelf: None }],
            reserved: None,
        }),
    }
}

/// Orders.
#[post("/orders")]
async fn order(Json(item): Json<Item>) -> Result<NoContent, OrderError> {
    match item.sku.as_str() {
        "none" => Err(OrderError::NoShop),
        "heavy" => Err(OrderError::TooHeavy { weight: 7.5 }),
        "file" => Err(std::io::Error::other("the secret path").into()),
        _ => Ok(take(&item)?),
    }
}

/// Panics, or takes its time.
#[get("/slow/{how}")]
async fn slow(Path(how): Path<String>) -> Result<NoContent, Internal> {
    if how == "panic" {
        panic!("out of cheese");
    }
    std::future::pending().await
}

/// May do everything.
struct Keeper;

impl RoleName for Keeper {
    const NAME: &'static str = "keeper";
}

/// The shop that is meant.
struct Shop;

impl HeaderField for Shop {
    const NAME: &'static str = "x-shop";
    type Value = u32;
}

/// What is counted.
#[model]
struct Count {
    of: u32,
}

/// Takes everything that a request has.
#[put("/shelves/{id}")]
async fn stock(
    _: Role<Keeper>,
    Path(_): Path<u32>,
    Query(_): Query<Count>,
    Header(_): Header<Shop>,
    Json(_): Json<Count>,
) -> Result<NoContent, Internal> {
    Ok(NoContent)
}

fn api() -> Api {
    Api::new("shop", "1.0.0").routes(routes![order, slow, stock])
}

/// The schema of an answer's status, as a judge.
fn judge(method: &str, path: &str, status: u16) -> jsonschema::Validator {
    let document = api().build().unwrap().document().value().clone();
    let content = format!(
        "/paths/{}/{method}/responses/{status}/content/application~1problem+json/schema",
        path.replace('~', "~0").replace('/', "~1")
    );
    let mut schema = document.pointer(&content).unwrap_or_else(|| panic!("no {content}")).clone();
    schema["components"] = document["components"].clone();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

async fn ordered(app: &TestApp, sku: &str, language: &str) -> TestResponse {
    let body = json!({ "sku": sku, "count": 1 });
    app.post("/orders").header("accept-language", language).json(&body).await
}

#[tokio::test]
async fn each_answer_keeps_the_schema_of_its_status() {
    let app = TestApp::new(api()).configuration("[server]\nrequest_timeout = \"50ms\"");
    for (sku, status, code) in [
        ("none", 404, "shop.no_shop"),
        ("heavy", 422, "shop.too_heavy"),
        ("closed", 409, "stock.closed"),
        ("paper", 409, "stock.out_of_stock"),
        ("broken", 500, "internal"),
        ("file", 500, "internal"),
    ] {
        let answer = ordered(&app, sku, "en").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
        let judge = judge("post", "/orders", status);
        assert!(judge.is_valid(&answer.problem()), "{}", answer.text());
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        // Another code, and details that are another's, are refused: the schema says something.
        let mut other = answer.problem();
        other["code"] = json!("shop.unknown");
        assert!(!judge.is_valid(&other));
    }
    let judge_409 = judge("post", "/orders", 409);
    let mut stripped = ordered(&app, "paper", "en").await.problem();
    stripped.as_object_mut().unwrap().remove("details");
    assert!(!judge_409.is_valid(&stripped));

    let invalid = app.post("/orders").json(&json!({ "sku": "a", "count": 0 })).await;
    assert!(judge("post", "/orders", 422).is_valid(&invalid.problem()), "{}", invalid.text());
    for (path, status, code) in [("/slow/panic", 500, "internal"), ("/slow/now", 503, "timed_out")] {
        let answer = app.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
        assert!(judge("get", "/slow/{how}", status).is_valid(&answer.problem()), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_extractors_raise_stands_in_the_document() {
    let app = TestApp::new(api()).configuration("[server]\nbody_limit = \"1KiB\"");
    let keeper = app.user("keeper").role("keeper");
    let (customer, old) = (app.user("customer"), app.user("old"));
    let (good, expired) = (keeper.token().await.to_owned(), old.token().await.to_owned());
    customer.post("/auth/logout").await;
    let revoked = customer.token().await.to_owned();
    let json = "application/json";
    let deep = "[".repeat(200);
    let long = " ".repeat(2000);
    let stranger = app.user("stranger").token().await.to_owned();
    let cases: [(&str, &str, &str, &str, &str, u16, &str); 17] = [
        ("", "/shelves/1?of=1", "1", json, "{}", 401, "auth.required"),
        ("nonsense", "/shelves/1?of=1", "1", json, "{}", 401, "auth.invalid"),
        (&revoked, "/shelves/1?of=1", "1", json, "{}", 401, "auth.revoked"),
        (&stranger, "/shelves/1?of=1", "1", json, "{}", 403, "auth.forbidden"),
        (&good, "/shelves/%ff?of=1", "1", json, "{}", 400, "path.malformed"),
        (&good, "/shelves/a?of=1", "1", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=%ff", "1", json, "{}", 400, "query.malformed"),
        (&good, "/shelves/1?of=a", "1", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=1&of=2", "1", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=1", "a", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=1", "\u{e4}", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=1", "1", "text/plain", "{}", 415, "body.media_type"),
        (&good, "/shelves/1?of=1", "1", json, "{", 400, "body.malformed"),
        (&good, "/shelves/1?of=1", "1", json, &deep, 400, "body.too_deep"),
        (&good, "/shelves/1?of=1", "1", json, &long, 413, "body.too_large"),
        (&good, "/shelves/1?of=1", "1", json, "{}", 422, "validation"),
        (&good, "/shelves/1?of=1", "1", json, "{\"of\":-1}", 422, "validation"),
    ];
    for (token, path, shop, media, body, status, code) in cases {
        for language in ["en", "zh"] {
            let mut call = app.put(path).header("x-shop", shop).header("content-type", media);
            if !token.is_empty() {
                call = call.bearer(token);
            }
            let answer = call.header("accept-language", language).body(body.to_owned()).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path} {body}");
            let problem = answer.problem();
            assert!(judge("put", "/shelves/{id}", status).is_valid(&problem), "{problem}");
            let texts = [&problem["title"], &problem["detail"], &problem["errors"][0]["message"]];
            for text in texts.into_iter().filter_map(|text| text.as_str()) {
                let chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                assert_eq!(chinese, language == "zh", "{text}");
            }
        }
    }
    app.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let answer = app.put("/shelves/1?of=1").bearer(&expired).await;
    assert_eq!(answer.code(), "auth.expired");
    assert!(judge("put", "/shelves/{id}", 401).is_valid(&answer.problem()));
}

#[tokio::test]
async fn details_are_the_declared_fields_under_their_wire_names() {
    let app = TestApp::new(api());
    let problem = ordered(&app, "paper", "en").await.problem();
    assert_eq!(
        problem["details"],
        json!({
            "left": 3,
            "sku": "paper",
            "instead": [{ "sku": "card", "shelf": null }],
            "reserved": null,
        })
    );
    for sku in ["closed", "none", "broken"] {
        assert!(ordered(&app, sku, "en").await.problem().get("details").is_none(), "{sku}");
    }
}

#[tokio::test]
async fn texts_are_told_in_the_language_that_is_asked_for_and_codes_never_change() {
    let app = TestApp::new(api());
    for (sku, language, told, title, detail) in [
        ("paper", "en-US,en;q=0.9", "en", "Only 3 of paper left.", Some("More of paper come on Monday.")),
        ("paper", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "paper 只剩 3 件。", Some("paper 周一到货。")),
        ("closed", "zh-Hans", "zh-CN", "仓库已关门。", None),
        ("closed", "fr, en;q=0.1", "en", "The store is closed.", None),
        ("closed", "zh;q=;", "en", "The store is closed.", None),
        ("broken", "zh", "zh-CN", "服务器出错了。", Some("原因记在服务器日志中，可按请求编号查找。")),
    ] {
        let answer = ordered(&app, sku, language).await;
        let problem = answer.problem();
        assert_eq!((&problem["title"], problem["detail"].as_str()), (&json!(title), detail));
        assert_eq!(answer.headers["content-language"], told);
        assert!(answer.headers.get_all("vary").iter().any(|name| name == "accept-language"));
        assert_eq!(problem["code"], ordered(&app, sku, "en").await.problem()["code"]);
    }
    // One text for all readers: nobody says in which language it is.
    let plain = ordered(&app, "heavy", "zh").await;
    assert_eq!(plain.problem()["title"], "The order weighs 7.5 kg, as `{weight}` says.");
    assert!(!plain.headers.contains_key("content-language"));
    assert_eq!(
        OrderError::TooHeavy { weight: 7.5 }.to_string(),
        "The order weighs 7.5 kg, as `{weight}` says."
    );
    // Header bytes that are no text.
    let answer = app.get("/nowhere").header("accept-language", "\u{e4}").await;
    assert_eq!(answer.problem()["title"], "There is no such path.");
}

#[tokio::test]
async fn the_language_of_those_who_ask_for_none_is_the_apis() {
    let app = TestApp::new(api().language(Language::Chinese));
    assert_eq!(app.get("/nowhere").await.problem()["title"], "没有这个路径。");
    assert_eq!(app.delete("/orders").await.problem()["title"], "这个路径不支持该方法。");
    let answer = app.post("/orders").json(&json!({ "sku": "closed", "count": 1 })).await;
    assert_eq!(answer.problem()["title"], "仓库已关门。");
    assert_eq!(app.get("/slow/panic").await.problem()["title"], "服务器出错了。");
    assert_eq!(
        app.get("/slow/panic").header("accept-language", "en").await.problem()["title"],
        "The server failed."
    );
}

#[tokio::test]
async fn broken_constraints_are_told_in_both_languages() {
    let app = TestApp::new(api());
    let body = json!({ "sku": "a", "count": 100, "note": "far too long", "lot": 666 });
    let told = async |language: &str| {
        let problem = app.post("/orders").header("accept-language", language).json(&body).await.problem();
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("zh").await, ["须为 1 到 99", "备注太长", "不可为 666"]);
    assert_eq!(told("en").await, ["must be 1 to 99", "is too long a note", "must not be 666"]);
    let answer = app.post("/orders").header("accept-language", "zh").json(&json!({ "count": 1 })).await;
    assert_eq!(answer.problem()["errors"][0]["message"], "缺少 `sku`");
}

#[test]
fn the_document_shows_each_code_with_its_details_and_texts() {
    let document = api().build().unwrap().document().value().clone();
    let conflict = &document["paths"]["/orders"]["post"]["responses"]["409"];
    assert_eq!(
        conflict["description"],
        "`stock.closed`: The store is closed. 仓库已关门。\n\
         `stock.out_of_stock`: Only {left} of {sku} left. {sku} 只剩 {left} 件。"
    );
    assert_eq!(
        conflict["content"]["application/problem+json"]["schema"],
        json!({ "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            { "oneOf": [
                {
                    "type": "object",
                    "properties": { "code": { "type": "string", "enum": ["stock.closed"] } },
                    "required": ["code"],
                },
                {
                    "type": "object",
                    "properties": {
                        "code": { "type": "string", "enum": ["stock.out_of_stock"] },
                        "details": {
                            "type": "object",
                            "properties": {
                                "left": {
                                    "type": "integer", "minimum": 0, "maximum": 4294967295_u32,
                                    "description": "How many there are.",
                                },
                                "sku": { "type": "string" },
                                "instead": {
                                    "type": "array",
                                    "items": { "$ref": "#/components/schemas/Substitute" },
                                    "description": "What may be taken instead.",
                                },
                                "reserved": {
                                    "type": ["string", "null"], "pattern": queqiao::schemars::schema_for!(queqiao::types::U64).get("pattern"),
                                },
                            },
                            "required": ["left", "sku", "instead", "reserved"],
                        },
                    },
                    "required": ["code", "details"],
                },
            ] },
        ] })
    );
    assert!(document["components"]["schemas"]["Substitute"]["properties"]["shelf"].is_object());
    for operation in [&document["paths"]["/orders"]["post"], &document["paths"]["/slow/{how}"]["get"]] {
        let schema = &operation["responses"]["503"]["content"]["application/problem+json"]["schema"];
        assert_eq!(
            schema["allOf"][1]["properties"]["code"]["enum"],
            json!(["store.unavailable", "timed_out"])
        );
    }
}

mod lies {
    use queqiao::prelude::*;

    #[derive(Debug, ApiError)]
    #[error(prefix = "shop")]
    pub(super) enum OneError {
        /// Gone.
        #[error(status = 404)]
        Gone,
    }

    #[derive(Debug, ApiError)]
    #[error(prefix = "shop")]
    pub(super) enum OtherError {
        /// Gone.
        #[error(status = 410)]
        Gone,
        #[error(transparent)]
        One(OneError),
    }

    #[derive(Debug, ApiError)]
    pub(super) enum WideError {
        /// {bytes} bytes are missing.
        #[error(status = 409)]
        Missing { bytes: u64 },
    }

    /// One.
    #[get("/other")]
    pub(super) async fn other() -> Result<NoContent, OtherError> {
        Err(OneError::Gone).or(Err(OtherError::Gone))
    }

    /// Wide.
    #[get("/wide")]
    pub(super) async fn wide() -> Result<NoContent, WideError> {
        Err(WideError::Missing { bytes: 1 })
    }
}

#[test]
fn a_code_with_two_meanings_is_refused_with_both_names() {
    let error = Api::<()>::new("a", "1").routes(routes![lies::other]).build().unwrap_err();
    let [mistake] = error.mistakes() else { panic!("{error}") };
    assert_eq!(
        mistake,
        "the error code `shop.gone` means two things: 404 “Gone.” in `errors::lies::OneError::Gone`, and 410 “Gone.” \
         in `errors::lies::OtherError::Gone`; let both say the same, or give one another code with \
         `#[error(code = \"…\")]`"
    );
}

#[test]
fn a_wide_integer_in_details_is_refused() {
    let error = Api::<()>::new("a", "1").routes(routes![lies::wide]).build().unwrap_err();
    let [mistake] = error.mistakes() else { panic!("{error}") };
    assert!(
        mistake
            .starts_with("`errors::lies::WideError::Missing`, at `details.bytes`: a 64-bit integer (`u64`)"),
        "{mistake}"
    );
}

/// The same code, told in other words or carrying more.
mod versions {
    macro_rules! version {
        ($name:ident: $doc:literal $field:ident: $type:ty) => {
            pub(super) mod $name {
                use queqiao::prelude::*;

                #[derive(Debug, ApiError)]
                pub(super) enum LoanError {
                    #[doc = $doc]
                    #[error(status = 409)]
                    Taken { $field: $type },
                }

                #[doc = $doc]
                #[get("/loan", operation_id = "loan", tag = "loans")]
                pub(super) async fn loan() -> Result<NoContent, LoanError> {
                    Err(LoanError::Taken { $field: <$type>::default() })
                }

                pub(crate) fn contract() -> String {
                    let api = Api::<()>::new("loans", "1").routes(routes![loan]);
                    api.build().unwrap().document().contract().to_owned()
                }
            }
        };
    }

    version!(first: "It is lent." until: String);
    version!(reworded: "Somebody has it." until: String);
    version!(renamed: "It is lent." to: String);
    version!(retyped: "It is lent." until: u32);
}

#[test]
fn the_contract_is_the_same_in_other_words_and_another_with_other_details() {
    let first = versions::first::contract();
    assert_eq!(first, versions::reworded::contract());
    assert_ne!(first, versions::renamed::contract());
    assert_ne!(first, versions::retyped::contract());
}
