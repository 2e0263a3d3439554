//! Examples reach the document, and a wrong one does not.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

/// A loan.
#[model(example = json!({ "title": "围城", "days": 14, "state": { "kind": "open" } }))]
struct Loan {
    #[check(length = 1..=40)]
    #[example("围城", "活着")]
    title: String,
    #[check(range = 1..=60)]
    #[example(14)]
    days: Option<u32>,
    #[example(State::Open)]
    state: State,
    #[serde(with = "backwards", default)]
    #[schemars(with = "String")]
    #[example("cba")]
    shelf: String,
}

/// Where it stands.
#[model]
#[serde(tag = "kind")]
enum State {
    Open,
    Closed {
        #[example(-3)]
        balance: i32,
    },
}

mod backwards {
    use queqiao::serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text.chars().rev().collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        String::deserialize(from).map(|text| text.chars().rev().collect())
    }
}

/// Which loans.
#[model]
struct LoanFilter {
    #[check(length = 1..=10)]
    #[example("城")]
    word: Option<String>,
}

/// Borrow.
#[post("/loans")]
async fn borrow_book(Json(loan): Json<Loan>) -> Loan {
    loan
}

/// List.
#[get("/loans")]
async fn list_loans(Query(filter): Query<LoanFilter>) -> Option<String> {
    filter.word
}

#[test]
fn examples_stand_in_the_document() {
    let api: Api = Api::new("library", "1.0.0").routes(routes![borrow_book, list_loans]);
    let built = api.build().unwrap();
    let at = |pointer: &str| built.document().value().pointer(pointer).cloned().unwrap_or(Value::Null);
    let loan = |rest: &str| at(&format!("/components/schemas/Loan{rest}"));
    assert_eq!(loan("/properties/title/examples"), json!(["围城", "活着"]));
    assert_eq!(loan("/properties/days/examples"), json!([14]));
    assert_eq!(loan("/properties/state/examples"), json!([{ "kind": "open" }]));
    assert_eq!(loan("/properties/shelf/examples"), json!(["cba"]));
    assert_eq!(loan("/examples"), json!([{ "title": "围城", "days": 14, "state": { "kind": "open" } }]));
    assert_eq!(at("/components/schemas/State/oneOf/1/properties/balance/examples"), json!([-3]));
    assert_eq!(at("/paths/~1loans/get/parameters/0/schema/examples"), json!(["城"]));
    assert!(!String::from_utf8_lossy(&built.document().text()).contains("x-example"));
}

mod wrong {
    use super::*;

    /// Each field has an example that its type does not take.
    #[model]
    pub(super) struct Wrong {
        #[check(length = 1..=3)]
        #[example("too long")]
        length: String,
        #[example("14")]
        kind: u32,
        #[example("2026-13-01T00:00:00Z")]
        time: queqiao::jiff::Timestamp,
        #[example(json!({ "word": "much too long for it" }))]
        deep: LoanFilter,
        #[example(json!({ "kind": "lost" }))]
        state: Option<State>,
    }

    /// The whole is not one.
    #[model(example = json!({ "word": 1 }))]
    pub(super) struct Whole {
        word: String,
    }

    /// In a parameter.
    #[model]
    pub(super) struct WrongFilter {
        #[check(range = 1..=50)]
        #[example(99)]
        limit: Option<u32>,
    }

    /// Take.
    #[post("/wrong")]
    pub(super) async fn take_wrong(Query(filter): Query<WrongFilter>, Json(wrong): Json<Wrong>) -> Whole {
        let _ = (filter.limit, wrong.length, wrong.kind, wrong.time, wrong.deep, wrong.state);
        Whole { word: String::new() }
    }
}

#[test]
fn a_wrong_example_is_told_with_type_and_place() {
    let api: Api = Api::new("library", "1.0.0").routes(routes![wrong::take_wrong]);
    let error = api.build().unwrap_err();
    let told = |place: &str, what: &str| {
        let found = error.mistakes().iter().any(|one| one.contains(place) && one.contains(what));
        assert!(found, "{place}, {what}: {error}");
    };
    told(
        "wrong::Wrong`, at `length`",
        "the example \"too long\" breaks `length`: must be 1 to 3 characters long",
    );
    told("wrong::Wrong`, at `kind`", "the example \"14\" cannot be read: invalid type: string \"14\"");
    told("wrong::Wrong`, at `time`", "cannot be read");
    told("wrong::Wrong`, at `deep`", "breaks `length` at `/word`");
    told("wrong::Wrong`, at `state`", "unknown variant `lost`");
    told("wrong::Whole`", "cannot be read at `word`");
    told("take_wrong`, at `query limit`", "the example 99 breaks `range`");
    assert_eq!(error.mistakes().len(), 7, "{error}");
}
