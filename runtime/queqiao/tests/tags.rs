//! Tags with words, stated once.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use queqiao::prelude::*;
use queqiao::serde_json::{Value, json};

mod loans {
    use queqiao::prelude::*;

    /// Count.
    #[get("/loans/count")]
    pub(super) async fn count_loans() -> u32 {
        0
    }

    /// Show.
    #[get("/shelf", tag = "shelves")]
    pub(super) async fn show_shelf() -> u32 {
        0
    }
}

fn api() -> Api {
    Api::new("library", "1.0.0").routes(routes![loans::count_loans, loans::show_shelf])
}

fn tags(api: Api) -> Value {
    api.build().unwrap().document().value()["tags"].clone()
}

#[test]
fn words_stand_beside_the_names_that_operations_have() {
    let auth =
        json!({ "name": "auth", "description": "Log in and out. The generated client does it by itself." });
    let said = json!([auth, { "name": "loans", "description": "Who has what." }, { "name": "shelves" }]);
    assert_eq!(tags(api().tag("loans", "Who has what.")), said);
    // Parts bring their own.
    let part = Api::new("part", "0").tag("loans", "Who has what.");
    assert_eq!(tags(Api::merge(api(), part)), said);
    let nested =
        Api::new("all", "1").nest("/v1", api().tag("loans", "Who has what.").tag("auth", "In and out."));
    assert_eq!(tags(nested)[0]["description"], "In and out.");
    // Who has no login has no tag of it.
    assert_eq!(tags(api().without_login()), json!([{ "name": "loans" }, { "name": "shelves" }]));
}

#[test]
fn words_of_no_tag_and_two_words_of_one_are_told() {
    let error = api().tag("loan", "Who has what.").build().unwrap_err();
    let told =
        "no operation has the tag `loan`, which `Api::tag` describes; the tags are: auth, loans, shelves";
    assert!(error.mistakes()[0].starts_with(told), "{error}");
    let error = api().tag("loans", "A").tag("loans", "A").tag("loans", "B").build().unwrap_err();
    assert_eq!(error.mistakes().len(), 1, "{error}");
    assert!(error.mistakes()[0].contains("twice and differently: \"A\" and \"B\""), "{error}");
}

#[test]
fn the_login_tells_how_to_get_a_token() {
    let built = api().build().unwrap();
    let scheme = &built.document().value()["components"]["securitySchemes"]["login"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    assert!(scheme["description"].as_str().is_some_and(|text| text.contains("POST /emulator/login-codes")));
}
