//! Path, query and header against every shape that serde knows; what the document says of a parameter is what the
//! server does.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use queqiao::TestApp;
use queqiao::jiff::{Timestamp, civil};
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::types::U64;

#[model]
enum Color {
    Red,
    DarkBlue,
}

#[model]
#[serde(untagged)]
enum Loose {
    Number(i32),
    Text(String),
}

#[model]
#[serde(untagged)]
enum FlagOrText {
    Flag(bool),
    Text(String),
}

#[model]
#[serde(tag = "kind")]
enum Shape {
    Circle { radius: f64 },
    Square { side: u8, label: Option<String> },
}

#[model]
struct Wrapped(u16);

#[model]
struct Paging {
    page: u32,
    size: Option<u8>,
}

#[model]
struct Search {
    #[serde(flatten)]
    paging: Paging,
    color: Option<Color>,
    colors: Option<Vec<Color>>,
    list: Option<Vec<u32>>,
    twice: Option<Option<u32>>,
    character: Option<char>,
    float: Option<f64>,
    byte: Option<i8>,
    id: Option<Uuid>,
    at: Option<Timestamp>,
    day: Option<civil::Date>,
    new: Option<Wrapped>,
    loose: Option<Loose>,
    flag: Option<FlagOrText>,
    #[serde(default)]
    on: bool,
    single: Option<f32>,
    #[serde(alias = "old")]
    renamed: Option<u32>,
    #[serde(alias = "oldText")]
    words: Option<String>,
    set: Option<BTreeSet<u8>>,
    wide: Option<U64>,
    #[serde(rename = "odd name")]
    odd: Option<i32>,
    text: Option<String>,
}

/// Searches.
#[get("/search")]
async fn search(Query(query): Query<Search>) -> Search {
    query
}

/// A shape.
#[get("/shape")]
async fn shape(Query(query): Query<Shape>) -> Shape {
    query
}

#[model]
#[serde(deny_unknown_fields)]
struct Strict {
    ids: Vec<u8>,
    name: String,
}

/// Strict.
#[get("/strict")]
async fn strict(Query(query): Query<Strict>) -> Strict {
    query
}

#[model]
struct Places {
    shop: Wrapped,
    item: Loose,
}

/// By name.
#[get("/places/{shop}/{item}")]
async fn places(Path(places): Path<Places>) -> Places {
    places
}

/// A color.
#[get("/colors/{color}")]
async fn color(Path(color): Path<Color>) -> Color {
    color
}

struct Numbers;

impl HeaderField for Numbers {
    const NAME: &'static str = "X-Numbers";
    type Value = Vec<u8>;
}

struct Maybe;

impl HeaderField for Maybe {
    const NAME: &'static str = "X-Maybe";
    type Value = Option<Color>;
}

/// Headers.
#[get("/headers")]
async fn headers(Header(numbers): Header<Numbers>, Header(maybe): Header<Maybe>) -> (Vec<u8>, Option<Color>) {
    (numbers, maybe)
}

fn api() -> Api {
    Api::new("parameters", "1.0.0").routes(routes![search, shape, strict, places, color, headers])
}

#[tokio::test]
async fn queries_are_read_as_their_types_ask() {
    let app = TestApp::new(api());
    for (query, name, expected) in [
        ("color=darkBlue", "color", json!("darkBlue")),
        ("color=", "color", Value::Null),
        ("colors=red&colors=darkBlue", "colors", json!(["red", "darkBlue"])),
        ("list=1&list=2", "list", json!([1, 2])),
        ("list=", "list", json!([])),
        ("list=&list=3", "list", json!([3])),
        ("", "list", Value::Null),
        ("twice=5", "twice", json!(5)),
        ("twice=", "twice", Value::Null),
        ("character=%E4%B8%AD", "character", json!("中")),
        ("float=1e3", "float", json!(1000.0)),
        ("byte=-128", "byte", json!(-128)),
        ("id=&at=&day=", "id", Value::Null),
        ("id=67e55044-10b1-426f-9247-bb680e5fe0c8", "id", json!("67e55044-10b1-426f-9247-bb680e5fe0c8")),
        ("at=2026-11-22T12:00:00%2B08:00", "at", json!("2026-11-22T04:00:00Z")),
        ("day=2026-02-28", "day", json!("2026-02-28")),
        ("new=65535", "new", json!(65535)),
        ("loose=12", "loose", json!(12)),
        ("loose=007", "loose", json!("007")),
        ("loose=99999999999", "loose", json!("99999999999")),
        ("loose=1.5", "loose", json!("1.5")),
        ("flag=true", "flag", json!(true)),
        ("flag=12", "flag", json!("12")),
        ("flag=1e3", "flag", json!("1e3")),
        ("on=true", "on", json!(true)),
        ("set=2&set=1&set=2", "set", json!([1, 2])),
        ("wide=18446744073709551615", "wide", json!("18446744073709551615")),
        ("odd+name=7", "odd name", json!(7)),
        ("odd%20name=7", "odd name", json!(7)),
        ("text=a+b%2B%26%3D", "text", json!("a b+&=")),
        ("text=", "text", json!("")),
        ("text", "text", json!("")),
        ("&&text=1&&=&==x&unknown=1&unknown=2", "text", json!("1")),
        ("size=255", "size", json!(255)),
        ("old=7", "renamed", json!(7)),
        ("oldText=7", "words", json!("7")),
        ("single=0.5", "single", json!(0.5)),
    ] {
        let answer = app.get(format!("/search?page=1&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(answer.json::<Value>()[name], expected, "{query}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_at_its_name() {
    let app = TestApp::new(api());
    for (path, pointer, code) in [
        ("/search", "/page", "required"),
        ("/search?page=1&color=Red", "/color", "type"),
        ("/search?page=1&list=x", "/list/0", "type"),
        ("/search?page=1&byte=-129", "/byte", "type"),
        ("/search?page=1&byte=1.0", "/byte", "type"),
        ("/search?page=1&byte=%2B1", "/byte", "type"),
        ("/search?page=1&byte=01", "/byte", "type"),
        ("/search?page=1&float=NaN", "/float", "type"),
        ("/search?page=1&float=1e999", "/float", "type"),
        ("/search?page=1&float=.5", "/float", "type"),
        ("/search?page=1&single=1e300", "/single", "type"),
        ("/search?page=1&byte=x&old=7", "/byte", "type"),
        ("/search?page=1&new=65536", "/new", "type"),
        ("/search?page=1&wide=05", "/wide", "type"),
        ("/search?page=1&on=", "/on", "type"),
        ("/search?page=1&on=1", "/on", "type"),
        ("/search?page=1&character=ab", "/character", "type"),
        ("/search?page=1&id=x", "/id", "type"),
        ("/search?page=1&at=2026-11-22T12:00:00", "/at", "type"),
        ("/search?page=1&text=a&text=b", "/text", "repeated"),
        ("/search?page=1&page=1", "/page", "repeated"),
        ("/shape", "/kind", "required"),
        ("/shape?kind=square", "/side", "required"),
        ("/strict?ids=1&name=a&more=1", "/more", "type"),
        ("/strict?name=a", "/ids", "required"),
        ("/strict?ids=1", "/name", "required"),
        ("/places/x/8", "/shop", "type"),
        ("/colors/Red", "/color", "type"),
    ] {
        let problem = app.get(path).await.problem();
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{path}: {problem}");
    }
    for path in ["/search?page=1&text=%ff", "/search?%ff=1"] {
        assert_eq!(app.get(path).await.code(), "query.malformed", "{path}");
    }
}

#[tokio::test]
async fn variants_and_lists_come_through_too() {
    let app = TestApp::new(api());
    let got = async |path: &str| app.get(path).await.json::<Value>();
    assert_eq!(got("/shape?kind=circle&radius=2").await, json!({ "kind": "circle", "radius": 2.0 }));
    assert_eq!(
        got("/shape?kind=square&side=3&label=").await,
        json!({ "kind": "square", "side": 3, "label": "" })
    );
    assert_eq!(got("/strict?ids=&name=").await, json!({ "ids": [], "name": "" }));
    assert_eq!(got("/places/7/a%2Fb%20+").await, json!({ "shop": 7, "item": "a/b +" }));
    assert_eq!(got("/places/7/08").await, json!({ "shop": 7, "item": "08" }));
    assert_eq!(got("/colors/darkBlue").await, json!("darkBlue"));
}

#[tokio::test]
async fn headers_carry_lists_between_commas() {
    let app = TestApp::new(api());
    let got = app.get("/headers").header("x-numbers", "1, 2,3").header("x-maybe", "red").await;
    assert_eq!(got.json::<Value>(), json!([[1, 2, 3], "red"]));
    let got = app.get("/headers").header("x-numbers", "").await;
    assert_eq!(got.json::<Value>(), json!([[], null]));
    // No document can say that an empty header is an absent one.
    let problem = app.get("/headers").header("x-numbers", "").header("x-maybe", "").await.problem();
    assert_eq!(problem["errors"][0]["pointer"], "/X-Maybe");
    let problem = app.get("/headers").header("x-numbers", "1,300").await.problem();
    assert_eq!(problem["errors"][0]["pointer"], "/X-Numbers/1");
    let problem = app.get("/headers").await.problem();
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/X-Numbers"), &json!("required"))
    );
}

#[tokio::test]
async fn the_document_says_where_an_empty_text_is_no_value() {
    let app = TestApp::new(api());
    let document = api().build().unwrap().document().value().clone();
    let mut allowed = 0;
    for parameter in document["paths"]["/search"]["get"]["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let answer = app.get(format!("/search?page=1&{}=", name.replace(' ', "%20"))).await;
        let taken = answer.status == 200;
        if parameter["allowEmptyValue"] == true {
            allowed += 1;
            assert!(taken && [json!(null), json!([])].contains(&answer.json::<Value>()[name]), "{name}");
        } else {
            assert!(!taken || answer.json::<Value>()[name] == "", "{name}");
        }
    }
    assert!(allowed > 10, "{allowed}");
}

/// Names of the required parameters.
fn required(document: &Value, path: &str) -> Vec<String> {
    let parameters = document["paths"][path]["get"]["parameters"].as_array().expect("parameters");
    let needed = parameters.iter().filter(|parameter| parameter["required"] == true);
    needed.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn the_document_requires_what_the_server_requires() {
    let built = api().build().unwrap();
    let document = built.document().value();
    assert_eq!(required(document, "/search"), ["page"]);
    assert_eq!(required(document, "/shape"), ["kind"]);
    assert_eq!(required(document, "/strict"), ["ids", "name"]);
    assert_eq!(required(document, "/headers"), ["X-Numbers"]);
    let tuple =
        &document["paths"]["/headers"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(tuple["items"], json!(false));
    let text = document["paths"].to_string();
    assert!(!text.contains(r#""type":["#), "no URL carries a null: {text}");
}

/// Keeps two numbers.
#[post("/numbers")]
async fn numbers(Json(pair): Json<(f32, f64)>) -> (f32, f64) {
    pair
}

#[tokio::test]
async fn a_number_out_of_range_is_told_at_its_place() {
    let app = TestApp::new(Api::<()>::new("numbers", "1.0.0").routes(routes![numbers]));
    for (body, pointer) in [("[1e300, 0]", "/0"), ("[0, 1e400]", "/1")] {
        let answer = app.post("/numbers").header("content-type", "application/json").body(body).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        assert_eq!(answer.problem()["errors"][0]["pointer"], pointer, "{}", answer.text());
    }
}

/// A map in the query.
#[get("/map")]
async fn map(Query(map): Query<BTreeMap<String, String>>) -> BTreeMap<String, String> {
    map
}

#[test]
fn a_map_in_the_query_is_refused_once() {
    let error = Api::<()>::new("map", "1.0.0").routes(routes![map]).build().unwrap_err();
    assert_eq!(error.mistakes().len(), 1, "{error}");
}

/// A list in the path.
#[get("/lists/{list}")]
async fn list(Path(list): Path<Vec<u8>>) -> Vec<u8> {
    list
}

#[test]
fn a_list_in_the_path_is_refused() {
    let error = api().routes(routes![list]).build().unwrap_err();
    assert_eq!(error.mistakes().len(), 1, "{error}");
    assert!(
        error.mistakes()[0].contains("`list` is a list") && error.mistakes()[0].contains("`Query<_>`"),
        "{error}"
    );
}

type Alias = Option<Vec<u64>>;

#[model]
struct Generic<T> {
    value: T,
}

macro_rules! wide {
    ($($name:ident($type:ty) $at:literal $place:literal $remedy:literal;)*) => { $(
        #[test]
        fn $name() {
            #[model]
            struct Holder {
                held: $type,
            }
            /// Reads.
            #[post("/wide")]
            async fn read(Json(holder): Json<Holder>) {
                let _ = holder.held;
            }
            /// Writes.
            #[get("/wide")]
            async fn write() -> Holder {
                unreachable!("it does not build")
            }
            for routes in [routes![read], routes![write], routes![read, write]] {
                let api: Api = Api::new("wide", "1").routes(routes);
                let error = api.build().expect_err("it loses digits");
                let [mistake] = error.mistakes() else { panic!("one message: {error}") };
                for part in [$at, $place, $remedy] {
                    assert!(mistake.contains(part), "{part}: {mistake}");
                }
            }
        }
    )* };
}

wide! {
    through_an_alias(Alias) "at `held.[]`" "Holder" "queqiao::types::U64";
    through_option(Option<i64>) "at `held`" "Holder" "queqiao::types::U64";
    through_a_map(HashMap<String, usize>) "at `held.*`" "Holder" "queqiao::types::U64";
    through_a_tuple((bool, Option<u128>)) "at `held.1`" "Holder" "queqiao::types::U64";
    through_a_generic(Generic<isize>) "at `value`" "Generic" "queqiao::types::U64";
    through_a_foreign_type(Duration) "Duration` in `" "Holder`" "seconds or milliseconds";
    through_an_array(BTreeMap<u8, [i128; 2]>) "at `held.^\\d+$.[]`" "Holder" "queqiao::types::U64";
}

#[model]
struct WideQuery {
    cursor: Option<u64>,
}

/// Query.
#[get("/wide/query")]
async fn wide_query(Query(query): Query<WideQuery>) -> bool {
    query.cursor.is_some()
}

/// Path.
#[get("/wide/path/{id}")]
async fn wide_path(Path(id): Path<i64>) -> bool {
    id > 0
}

struct WideHeader;

impl HeaderField for WideHeader {
    const NAME: &'static str = "X-Wide";
    type Value = usize;
}

/// Header.
#[get("/wide/header")]
async fn wide_header(Header(wide): Header<WideHeader>) -> bool {
    wide > 0
}

/// Reply.
#[get("/wide/reply")]
async fn wide_reply() -> Option<Vec<u64>> {
    None
}

#[test]
fn a_wide_integer_in_a_parameter_or_reply_is_named_with_its_place() {
    for (routes, place) in [
        (routes![wide_query], "`parameters::wide_query`, at `query cursor`"),
        (routes![wide_path], "`parameters::wide_path`, at `path id`"),
        (routes![wide_header], "`parameters::wide_header`, at `header X-Wide`"),
        (routes![wide_reply], "`parameters::wide_reply`, at `[]`"),
    ] {
        let api: Api = Api::new("wide", "1").routes(routes);
        let error = api.build().expect_err("it loses digits");
        let [mistake] = error.mistakes() else { panic!("one message: {error}") };
        assert!(mistake.starts_with(place) && mistake.contains("queqiao::types::U64"), "{mistake}");
    }
}
