//! Pages, orders and ranges through the public door, over a real SQLite.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet};

use queqiao::jiff::Timestamp;
use queqiao::list::{By, Range, SqlPart};
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};
use queqiao::sqlx::sqlite::SqliteRow;
use queqiao::sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, query};
use queqiao::{Boot, Migration, TestApp};

/// What things are ordered by.
#[model]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    MadeAt,
    /// What it is called.
    Title,
    Score,
}

/// A thing.
#[model]
#[derive(Clone, Debug, PartialEq)]
struct Thing {
    id: u32,
    made_at: u32,
    title: String,
    score: f64,
}

/// Which things.
#[model]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default = "newest_first")]
    sort: Sort<Field>,
    /// When it was made.
    #[serde(default)]
    made_at: Range<u32>,
    #[serde(default)]
    since: Range<Timestamp>,
    /// One of these.
    #[serde(default)]
    title: Vec<String>,
}

fn newest_first() -> Sort<Field> {
    [By::descending(Field::MadeAt)].into()
}

/// Composite, and with a float in it.
#[derive(queqiao::serde::Serialize, queqiao::serde::Deserialize)]
#[serde(crate = "queqiao::serde")]
struct Key {
    made_at: u32,
    title: String,
    score: f64,
    id: u32,
}

/// Lists things.
#[get("/things")]
async fn list_things(
    Query(filter): Query<Filter>,
    paging: Paging<Key, 9, 3>,
    State(sql): State<SqlitePool>,
) -> Result<Page<Thing>, Internal> {
    let order = filter.sort.keyset("id", |field| match field {
        Field::MadeAt => "made_at",
        Field::Title => "title",
        Field::Score => "score",
    });
    let mut select = QueryBuilder::<Sqlite>::new("SELECT id, made_at, title, score FROM things WHERE 1");
    for (operator, bound) in filter.made_at.bounds() {
        select.push(format!(" AND made_at {operator} ")).push_bind(*bound);
    }
    if !filter.title.is_empty() {
        let mut titles = select.push(" AND title IN (").separated(", ");
        for title in &filter.title {
            titles.push_bind(title);
        }
        select.push(")");
    }
    if let Some(last) = paging.after() {
        select.push(" AND ");
        for part in order.after() {
            match part {
                SqlPart::Text(text) => select.push(text),
                SqlPart::Field(Field::MadeAt) => select.push_bind(last.made_at),
                SqlPart::Field(Field::Title) => select.push_bind(&last.title),
                SqlPart::Field(Field::Score) => select.push_bind(last.score),
                SqlPart::Id => select.push_bind(last.id),
            };
        }
    }
    select.push(" ORDER BY ").push(order.order_by()).push(" LIMIT ").push_bind(paging.rows());
    let thing = |row: SqliteRow| {
        Ok(Thing {
            id: row.try_get(0)?,
            made_at: row.try_get(1)?,
            title: row.try_get(2)?,
            score: row.try_get(3)?,
        })
    };
    let rows = select.build().try_map(thing).fetch_all(&sql).await?;
    let key = |last: &Thing| Key {
        made_at: last.made_at,
        title: last.title.clone(),
        score: last.score,
        id: last.id,
    };
    Ok(paging.page(rows, key))
}

/// Lists the things of a shelf.
#[get("/shelves/{shelf}/things")]
async fn list_shelf(Path(shelf): Path<u32>, paging: Paging<u32>) -> Page<u32> {
    let first = paging.after().map_or(0, |last| last + 1);
    paging.page((first..).take(paging.rows() as usize).map(|number| number + shelf).collect(), |last| {
        last - shelf
    })
}

/// A key that no cursor holds.
#[get("/long")]
async fn long(paging: Paging<String>) -> Page<u8> {
    paging.page(vec![0; paging.rows() as usize], |_| "字".repeat(1000))
}

fn api() -> Api<SqlitePool> {
    Api::new("things", "1.0.0").routes(routes![list_things, list_shelf, long])
}

fn app() -> TestApp {
    let things = Migration {
        version: 1,
        name: "things",
        sql: "CREATE TABLE things (id INTEGER PRIMARY KEY, made_at INTEGER NOT NULL, title TEXT NOT NULL, score REAL NOT NULL) STRICT;",
    };
    TestApp::with(api().migrations(&[things]), async |boot: &Boot| {
        Ok(boot.sql().sqlite().expect("SQLite by default").clone())
    })
}

/// Small numbers that follow from a seed: few values, so that many rows are equal in what they are ordered by.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn insert(sql: &SqlitePool, id: u32, dice: &mut Dice) {
    query("INSERT OR REPLACE INTO things VALUES (?1, ?2, ?3, ?4)")
        .bind(id)
        .bind(dice.below(4) as u32)
        .bind(["", "a", "字", "😀"][dice.below(4) as usize])
        .bind([0.1 + 0.2, 0.3, -1.5e-9][dice.below(3) as usize])
        .execute(sql)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_there_all_the_time_is_on_one_page_whatever_comes_and_goes() {
    let app = app();
    let sql = app.boot().await.sql().sqlite().unwrap().clone();
    let orders =
        ["", "sort=title", "sort=-score,title", "sort=score,-madeAt,title", "sort=", "sort=-title,-score"];
    for (seed, order) in (0..3_u64).flat_map(|seed| orders.map(|order| (seed, order))) {
        let mut dice = Dice(seed);
        query("DELETE FROM things").execute(&sql).await.unwrap();
        // Even ids stay; odd ones come and go between the pages and while they are read.
        for id in 0..40 {
            insert(&sql, id, &mut dice).await;
        }
        let mut met: BTreeMap<u64, u32> = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/things?{order}&limit={}{cursor}", 1 + dice.below(9));
            let changes = async {
                for _ in 0..6 {
                    let id = 1 + 2 * dice.below(60) as u32;
                    if dice.below(2) == 0 {
                        query("DELETE FROM things WHERE id = ?1").bind(id).execute(&sql).await.unwrap();
                    } else {
                        insert(&sql, id, &mut dice).await;
                    }
                }
            };
            let (answer, ()) = tokio::join!(app.get(&path), changes);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let page: Value = answer.json();
            for item in page["items"].as_array().unwrap() {
                *met.entry(item["id"].as_u64().unwrap()).or_default() += 1;
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let stayed: BTreeMap<u64, u32> = met.into_iter().filter(|(id, _)| id % 2 == 0 && *id < 40).collect();
        assert_eq!(stayed, (0..20).map(|half| (half * 2, 1)).collect(), "seed {seed}, {order}");
    }
}

#[tokio::test]
async fn pages_have_the_order_that_was_asked_for() {
    let app = app();
    let sql = app.boot().await.sql().sqlite().unwrap().clone();
    let mut dice = Dice(7);
    for id in 0..30 {
        insert(&sql, id, &mut dice).await;
    }
    let mut things: Vec<Thing> = Vec::new();
    let mut path = "/things?sort=-score,title&limit=4".to_owned();
    loop {
        let page: Page<Thing> = app.get(&path).await.json();
        things.extend(page.items);
        let Some(next) = page.next else { break };
        path = format!("/things?limit=7&sort=-score%2Ctitle&cursor={next}");
    }
    assert_eq!(things.len(), 30);
    assert!(things.is_sorted_by(|a, b| (b.score, &a.title, a.id) < (a.score, &b.title, b.id)));
    let page: Page<Thing> =
        app.get("/things?madeAt%5Bgte%5D=1&madeAt[lt]=3&title=a&title=&limit=9").await.json();
    assert!(!page.items.is_empty());
    let kinds: BTreeSet<(u32, &str)> =
        page.items.iter().map(|thing| (thing.made_at, &*thing.title)).collect();
    assert!(
        kinds.iter().all(|(made_at, title)| (1..3).contains(made_at) && ["a", ""].contains(title)),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_cursor_of_anything_else_is_refused_at_its_place() {
    let app = app();
    let sql = app.boot().await.sql().sqlite().unwrap().clone();
    let mut dice = Dice(3);
    for id in 0..9 {
        insert(&sql, id, &mut dice).await;
    }
    let cursor = async |path: &str| app.get(path).await.json::<Value>()["next"].as_str().unwrap().to_owned();
    let own = cursor("/things?sort=title&limit=2").await;
    let shelf = cursor("/shelves/1/things").await;
    assert_eq!(app.get(format!("/things?limit=5&cursor={own}&sort=title&")).await.status, 200);
    let changed = own.replacen(|letter: char| letter != 'A', "A", 1);
    for path in [
        format!("/things?cursor={own}"),
        format!("/things?cursor={own}&sort=-title"),
        format!("/things?cursor={own}&sort=title,score"),
        format!("/things?cursor={own}&sort=title&madeAt[gte]=1"),
        format!("/things?cursor={own}&sort=title&title=a"),
        format!("/things?cursor={shelf}"),
        format!("/shelves/1/things?cursor={own}"),
        format!("/shelves/2/things?cursor={shelf}"),
        format!("/things?sort=title&cursor={changed}"),
        format!("/things?sort=title&cursor={}", &own[..own.len() - 1]),
        format!("/things?sort=title&cursor={own}{own}"),
        format!("/things?sort=title&cursor={own}%3D"),
        format!("/things?sort=title&cursor={}", "A".repeat(5000)),
        "/things?cursor=".to_owned(),
        "/things?cursor=%F0%9F%98%80".to_owned(),
        "/things?cursor=null".to_owned(),
        "/things?cursor=../../etc".to_owned(),
    ] {
        let answer = app.get(&path).await;
        let problem = answer.problem();
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(problem["code"], "validation", "{path}");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["in"], &error["pointer"], &error["code"]),
            (&json!("query"), &json!("/cursor"), &json!("cursor")),
            "{path}"
        );
    }
    assert_eq!(app.get(format!("/shelves/1/things?cursor={shelf}&_={own}")).await.status, 200);
}

#[tokio::test]
async fn limits_orders_and_ranges_are_held_to_what_the_document_says() {
    let app = app();
    for (query, pointer, code, told) in [
        ("limit=0", "/limit", "range", "must be 1 to 9"),
        ("limit=10", "/limit", "range", "must be 1 to 9"),
        ("limit=-1", "/limit", "type", ""),
        ("limit=4294967296", "/limit", "type", ""),
        ("limit=1&limit=1", "/limit", "repeated", ""),
        ("cursor=a&cursor=a", "/cursor", "repeated", ""),
        ("sort=colour", "/sort/0", "type", "expected one of `madeAt`, `title`, `score`"),
        ("sort=title,-colour", "/sort/1", "type", "with a `-` before it"),
        ("sort=--title", "/sort/0", "type", ""),
        ("sort=title%20asc", "/sort/0", "type", ""),
        ("sort=title,score,title", "/sort/2", "unique", "`title` a second time"),
        ("sort=title,-title", "/sort/1", "unique", ""),
        ("sort=title&sort=score", "/sort", "repeated", ""),
        ("madeAt[gte]=x", "/madeAt/gte", "type", ""),
        ("madeAt=1", "/madeAt", "type", ""),
        ("madeAt[gte]=1&madeAt[gte]=2", "/madeAt[gte]", "repeated", ""),
        ("madeAt[gte]=1&madeAt=2", "/madeAt", "repeated", ""),
        ("since[lt]=yesterday", "/since/lt", "type", ""),
        ("madeAt[from]=1", "/madeAt/from", "type", "expected one of `gt`, `gte`, `lt`, `lte`"),
        // `deny_unknown_fields` of the filter knows what the other argument takes.
        ("limits=1", "/limits", "type", "unknown field"),
        ("other[gte]=1", "/other[gte]", "type", "unknown field"),
    ] {
        let problem = app.get(format!("/things?{query}")).await.problem();
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{query}: {problem}"
        );
        assert!(error["message"].as_str().unwrap().contains(told), "{query}: {problem}");
    }
    for query in [
        "",
        "sort=",
        "madeAt[lt]=&madeAt[gt]=",
        "madeAt[gt]=5&madeAt[lt]=1",
        "since[gte]=2026-05-01T00:00:00Z",
        "limit=",
    ] {
        let answer = app.get(format!("/things?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    }
    let answer = app.get("/long").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "internal"));
}

#[test]
fn the_document_says_exactly_what_is_taken() {
    let built = api().build().unwrap();
    let document = built.document().value();
    let parameter = |name: &str| {
        let all = document["paths"]["/things"]["get"]["parameters"].as_array().unwrap();
        let mut one = all.iter().find(|parameter| parameter["name"] == name).unwrap().clone();
        one.as_object_mut().unwrap().remove("description");
        one
    };
    let not_both = |name: &str| {
        let descending = format!("-{name}");
        json!({ "not": { "allOf": [{ "contains": { "const": name } }, { "contains": { "const": descending } }] } })
    };
    assert_eq!(
        parameter("sort"),
        json!({
            "name": "sort", "in": "query", "required": false, "style": "form", "explode": false, "allowEmptyValue": true,
            "schema": {
                "type": "array",
                "items": { "type": "string", "enum": ["madeAt", "-madeAt", "score", "-score", "title", "-title"] },
                "uniqueItems": true,
                "allOf": [not_both("madeAt"), not_both("score"), not_both("title")],
                "default": ["-madeAt"],
            },
        })
    );
    assert_eq!(
        parameter("limit"),
        json!({
            "name": "limit", "in": "query", "required": false, "allowEmptyValue": true,
            "schema": { "type": "integer", "minimum": 1, "maximum": 9, "default": 3 },
        })
    );
    let bound = |description: &str| json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": description });
    assert_eq!(
        parameter("madeAt")["schema"]["properties"],
        json!({
            "gt": bound("Greater than this."), "gte": bound("This or greater."),
            "lt": bound("Less than this."), "lte": bound("This or less."),
        })
    );
    assert_eq!(
        (&parameter("madeAt")["style"], &parameter("madeAt")["explode"]),
        (&json!("deepObject"), &json!(true))
    );
    assert_eq!(parameter("cursor")["schema"]["format"], "cursor");
    let page = &document["components"]["schemas"]["Page_Thing"];
    assert_eq!(page["properties"]["items"]["items"]["$ref"], "#/components/schemas/Thing");
    assert_eq!(page["required"], json!(["items", "next"]));
    assert!(!document.to_string().contains("x-query-style"));
    assert!(document["components"]["schemas"].get("Range_uint32").is_none());
}

/// Too much.
#[get("/too-much")]
async fn too_much(paging: Paging<u32, 100_000>) -> Page<u32> {
    paging.page(Vec::new(), |last| *last)
}

/// More than at most.
#[get("/more")]
async fn more(paging: Paging<u32, 10>) -> Page<u32> {
    paging.page(Vec::new(), |last| *last)
}

/// By what no enum lists.
#[get("/shapes")]
async fn shapes(Query(filter): Query<Shapes>) -> u32 {
    filter.sort.iter().count() as u32
}

#[model]
struct Shapes {
    #[serde(default)]
    sort: Sort<Thing>,
}

#[test]
fn what_cannot_be_a_page_or_an_order_is_told_when_the_api_is_built() {
    let api: Api = Api::new("wrong", "1.0.0").routes(routes![too_much, more, shapes]);
    let told = api.build().expect_err("this API must not build").to_string();
    for part in ["1 to 1000 items at most", "`Paging<_, 10, 10>`", "`sort` is an object or nested list"] {
        assert!(told.contains(part), "{told}");
    }
}
