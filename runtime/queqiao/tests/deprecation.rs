//! What is deprecated says so: in the document, and in every answer.

#![deny(warnings)]
#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::TestApp;
use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

/// A book.
#[model]
#[derive(Clone, Debug, PartialEq)]
struct Book {
    title: String,
    /// One of them.
    #[deprecated(since = "1.2.0", note = "use `authors`")]
    #[check(length = 1..=40)]
    author: Option<String>,
    #[deprecated]
    shelf: Shelf,
    #[serde(default)]
    authors: Vec<String>,
}

/// Where it stands.
#[model]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shelf {
    Open,
    /// In the cellar.
    #[deprecated(note = "nothing is kept there any more")]
    Cellar,
}

/// What happened to a book.
#[model]
#[serde(tag = "kind")]
enum Event {
    Lent {
        #[deprecated]
        reader: String,
    },
    #[deprecated]
    Lost(Loss),
}

/// A loss.
#[model]
struct Loss {
    fine: u32,
}

/// List books.
///
/// All of them.
#[get("/old-books", sunset = "2027-06-30")]
#[deprecated(since = "2026-11-01", note = "use `listBooks`")]
async fn old_books(Query(limit): Query<Limit>) -> Vec<u32> {
    vec![limit.limit]
}

#[model]
struct Limit {
    #[check(range = 1..=5)]
    limit: u32,
}

/// Add a book.
#[post("/books")]
#[deprecated]
async fn add_book(Json(book): Json<Book>) -> Book {
    book
}

/// Tell an event.
#[post("/events")]
async fn tell(Json(event): Json<Event>) -> Event {
    event
}

fn api() -> Api {
    Api::new("library", "1.0.0").routes(routes![old_books, add_book, tell])
}

#[tokio::test]
async fn every_answer_of_a_deprecated_operation_says_so() {
    let app = TestApp::new(api());
    for (path, status) in [("/old-books?limit=1", 200), ("/old-books?limit=9", 422)] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["deprecation"], "@1793491200");
        assert_eq!(answer.headers["sunset"], "Wed, 30 Jun 2027 00:00:00 GMT");
    }
    let book = json!({ "title": "围城", "author": null, "shelf": "cellar" });
    let answer = app.post("/books").json(&book).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("deprecation") && !answer.headers.contains_key("sunset"));
    let refused =
        app.post("/books").json(&json!({ "title": "x", "author": "", "shelf": "open" })).await.problem();
    assert_eq!(refused["errors"][0]["pointer"], "/author");
    let lost = json!({ "kind": "lost", "fine": 5 });
    assert_eq!(app.post("/events").json(&lost).await.json::<Value>(), lost);
}

#[test]
fn the_document_says_so_where_it_is() {
    let built = api().build().unwrap();
    let document = built.document().value();
    let old = &document["paths"]["/old-books"]["get"];
    assert_eq!(old["deprecated"], true);
    assert_eq!(
        old["description"],
        "All of them.\n\nDeprecated since 2026-11-01, ends on 2027-06-30: use `listBooks`"
    );
    for status in ["200", "422", "500"] {
        for name in ["Deprecation", "Sunset"] {
            assert_eq!(
                old["responses"][status]["headers"][name]["schema"]["type"], "string",
                "{status} {name}"
            );
        }
    }
    let add = &document["paths"]["/books"]["post"];
    assert_eq!((&add["deprecated"], &add["description"]), (&json!(true), &json!("Deprecated.")));
    assert_eq!(add["responses"]["200"].get("headers"), None);
    assert_eq!(document["paths"]["/events"]["post"].get("deprecated"), None);

    let schemas = &document["components"]["schemas"];
    let members = &schemas["Book"]["properties"];
    assert_eq!(members["author"]["deprecated"], true);
    assert_eq!(members["author"]["description"], "One of them.\n\nDeprecated: use `authors`");
    assert_eq!(members["author"]["maxLength"], 40);
    assert_eq!(
        (&members["shelf"]["deprecated"], &members["shelf"]["description"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(members["title"].get("deprecated"), None);
    let cellar =
        schemas["Shelf"]["oneOf"].as_array().unwrap().iter().find(|one| one["const"] == "cellar").unwrap();
    assert_eq!(cellar["deprecated"], true);
    assert_eq!(cellar["description"], "In the cellar.\n\nDeprecated: nothing is kept there any more");
    let events = schemas["Event"]["oneOf"].as_array().unwrap();
    assert_eq!(events[0]["properties"]["reader"]["deprecated"], true, "{events:?}");
    assert_eq!(events[1]["deprecated"], true, "{events:?}");
}
