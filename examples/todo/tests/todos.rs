//! The todo backend through the framework's test kit.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::time::Duration;

use queqiao::jiff::Timestamp;
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

#[tokio::test]
async fn the_caller_chooses_order_and_span() {
    let app = app();
    let alice = app.user("alice");
    let mut added = Vec::new();
    for title in ["b", "a", "b", "c"] {
        let at = add(&alice, title).await["createdAt"].as_str().unwrap().to_owned();
        added.push(at.parse::<Timestamp>().unwrap());
        app.advance(Duration::from_millis(10));
    }
    let titles = async |path: &str| {
        let mut titles = Vec::new();
        let mut cursor = String::new();
        loop {
            let page: Value = alice.get(format!("{path}&limit=1{cursor}")).await.json();
            let items = page["items"].as_array().unwrap();
            titles.extend(items.iter().map(|todo| todo["title"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break titles.join(" "),
            }
        }
    };
    assert_eq!(titles("/todos?").await, "c b a b");
    assert_eq!(titles("/todos?sort=createdAt").await, "b a b c");
    assert_eq!(titles("/todos?sort=title,-createdAt").await, "a b b c");
    assert_eq!(titles("/todos?sort=-title").await, "c b b a");
    let (start, second) = (added[0], added[1]);
    let between = second + Duration::from_micros(1);
    assert_eq!(titles(&format!("/todos?createdAt[gte]={second}")).await, "c b a");
    assert_eq!(titles(&format!("/todos?createdAt[gt]={second}")).await, "c b");
    assert_eq!(titles(&format!("/todos?createdAt[gte]={between}")).await, "c b");
    assert_eq!(titles(&format!("/todos?createdAt[lt]={between}")).await, "a b");
    assert_eq!(titles(&format!("/todos?createdAt[lt]={second}&createdAt[gte]={start}")).await, "b");
    let first: Value = alice.get("/todos?limit=1").await.json();
    let other_order = format!("/todos?limit=1&sort=title&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(alice.get(&other_order).await.problem()["errors"][0]["code"], "cursor");
    let unknown = alice.get("/todos?sort=owner").await.problem();
    assert!(
        unknown["errors"][0]["message"].as_str().unwrap().contains("`createdAt` or `title`"),
        "{unknown}"
    );
}

#[tokio::test]
async fn nobody_overwrites_a_version_that_was_not_seen() {
    let app = app();
    let alice = app.user("alice");
    let todo = add(&alice, "one").await;
    let path = format!("/todos/{}", todo["id"].as_str().unwrap());
    let seen = alice.get(&path).await;
    let tag = seen.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(alice.get(&path).header("if-none-match", &tag).await.status, 304);

    // Twenty at once, who have all seen the same.
    let edits = (0..20).map(|number| {
        let title = json!({ "title": format!("from {number}") });
        let request = alice.put(&path).header("if-match", &tag).json(&title);
        async move { request.await.status.as_u16() }
    });
    let mut ends = join_all(edits).await;
    ends.sort_unstable();
    assert_eq!((ends[0], &ends[1..]), (200, &[412; 19][..]));

    let changed = alice.get(&path).header("if-none-match", &tag).await;
    assert_eq!(changed.status, 200);
    let newer = changed.headers["etag"].to_str().unwrap().to_owned();
    let stale = alice.put(&path).header("if-match", &tag).json(&json!({ "title": "late" })).await;
    assert_eq!((stale.status.as_u16(), stale.code().as_str()), (412, "precondition.failed"));
    // To finish is a change too.
    assert_eq!(alice.put(format!("{path}/done")).await.status, 200);
    assert_eq!(
        alice.put(&path).header("if-match", &newer).json(&json!({ "title": "late" })).await.status,
        412
    );
    assert_eq!(alice.put(&path).json(&json!({ "title": "whatever" })).await.status, 200);
    alice.delete(&path).await;
    assert_eq!(
        alice.put(&path).header("if-match", "*").json(&json!({ "title": "gone" })).await.code(),
        "todo.not_found"
    );
}

async fn join_all<F>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let running: Vec<_> = futures.map(tokio::spawn).collect();
    let mut outputs = Vec::new();
    for one in running {
        outputs.push(one.await.unwrap());
    }
    outputs
}
