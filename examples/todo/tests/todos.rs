//! The todo backend through the framework's test kit.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::time::Duration;

use queqiao::serde_json::{Value, json};
use queqiao::{TestApp, TestUser};
use todo::{Todos, api};

fn app() -> TestApp {
    TestApp::with(api(), Todos::connect)
}

async fn add(user: &TestUser, title: &str) -> Value {
    user.post("/todos").json(&json!({ "title": title })).await.json()
}

#[tokio::test]
async fn a_todo_from_its_first_day_to_its_last() {
    let app = app();
    let alice = app.user("alice");
    let added = alice.post("/todos").json(&json!({ "title": "买牛奶 🥛", "note": "低脂" })).await;
    assert_eq!(added.status, 201);
    let todo: Value = added.json();
    assert_eq!(
        (&todo["title"], &todo["note"], &todo["done"]),
        (&json!("买牛奶 🥛"), &json!("低脂"), &json!(false))
    );

    let path = format!("/todos/{}", todo["id"].as_str().unwrap());
    let edited: Value = alice.put(&path).json(&json!({ "title": "买豆浆" })).await.json();
    assert_eq!((&edited["title"], &edited["note"]), (&json!("买豆浆"), &Value::Null));
    let finished: Value = alice.put(format!("{path}/done")).await.json();
    assert_eq!(finished["done"], true);
    assert_eq!(alice.put(format!("{path}/done")).await.code(), "todo.already_done");
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(alice.get(&path).await.code(), "todo.not_found");
}

#[tokio::test]
async fn nobody_sees_or_touches_what_another_has() {
    let app = app();
    let (alice, mallory) = (app.user("alice"), app.user("mallory"));
    let todo = add(&alice, "secret plan").await;
    let path = format!("/todos/{}", todo["id"].as_str().unwrap());
    for answer in [
        mallory.get(&path).await,
        mallory.put(&path).json(&json!({ "title": "mine" })).await,
        mallory.put(format!("{path}/done")).await,
        mallory.delete(&path).await,
    ] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "todo.not_found"));
    }
    let page: Value = mallory.get("/todos").await.json();
    assert_eq!(page["items"], json!([]));
    let untouched: Value = alice.get(&path).await.json();
    assert_eq!(untouched, todo);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = app();
    let alice = app.user("alice");
    for number in 0..7 {
        add(&alice, &format!("todo {number}")).await;
    }
    let mut titles = Vec::new();
    let mut path = "/todos?limit=3".to_owned();
    loop {
        let page: Value = alice.get(&path).await.json();
        titles.extend(page["items"].as_array().unwrap().iter().map(|todo| todo["title"].clone()));
        // Something new on top must not shift what follows.
        add(&alice, "newer").await;
        match page["next"].as_str() {
            Some(next) => path = format!("/todos?limit=3&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<Value> = (0..7).rev().map(|number| json!(format!("todo {number}"))).collect();
    assert_eq!(titles, expected);
}

#[tokio::test]
async fn open_and_done_are_listed_apart() {
    let app = app();
    let alice = app.user("alice");
    let first = add(&alice, "first").await;
    add(&alice, "second").await;
    alice.put(format!("/todos/{}/done", first["id"].as_str().unwrap())).await;
    let page: Value = alice.get("/todos?done=true").await.json();
    assert_eq!(page["items"][0]["title"], "first");
    let page: Value = alice.get("/todos?done=false").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_configured_limit_holds() {
    let app = app().configuration("[app]\nmost_todos = 2");
    let alice = app.user("alice");
    add(&alice, "one").await;
    add(&alice, "two").await;
    let add = alice.post("/todos").header("accept-language", "zh-CN").json(&json!({ "title": "three" }));
    let third = add.await;
    assert_eq!((third.status.as_u16(), third.code().as_str()), (409, "todo.too_many"));
    assert_eq!(third.problem()["details"], json!({ "most": 2 }));
    assert_eq!(third.problem()["title"], "最多可以有 2 条待办。");
}

#[tokio::test]
async fn titles_are_counted_in_characters() {
    let app = app();
    let alice = app.user("alice");
    assert_eq!(add(&alice, &"字".repeat(100)).await["done"], false);
    let problem = alice.post("/todos").json(&json!({ "title": "字".repeat(101) })).await.problem();
    assert_eq!(problem["code"], "validation");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/title"), &json!("length"))
    );
}

#[tokio::test]
async fn only_admins_see_the_numbers() {
    let app = app();
    let alice = app.user("alice");
    add(&alice, "one").await;
    assert_eq!(alice.get("/admin/statistics").await.code(), "auth.forbidden");
    assert_eq!(app.get("/admin/statistics").await.code(), "auth.required");
    let root = app.user("root").role("admin");
    let numbers: Value = root.get("/admin/statistics").await.json();
    assert_eq!(numbers, json!({ "users": 1, "todos": 1, "done": 0 }));
}

#[tokio::test]
async fn an_expired_session_is_told_as_such() {
    let app = app();
    let alice = app.user("alice");
    add(&alice, "one").await;
    app.advance(Duration::from_secs(2 * 60 * 60 + 1));
    assert_eq!(alice.get("/todos").await.code(), "auth.expired");
    let token = alice.log_in().await;
    assert_eq!(alice.get("/todos").bearer(&token).await.status, 200);
}
