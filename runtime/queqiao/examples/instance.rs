//! One of several instances: it logs users in and deals with messages, for `tests/instances.rs`, which starts it
//! more than once on one database and ends it without a word.

use std::time::Duration;

use queqiao::message::{Answer, Attempt, Push};
use queqiao::prelude::*;
use queqiao::wechat::push::Text;
use queqiao::{Boot, Database, message, messages, values};

#[derive(Clone)]
struct Desk {
    sql: Database,
}

/// Who am I?
#[get("/me")]
async fn me(user: User) -> Uuid {
    user.id
}

/// A text, `<seconds> <name>`: takes so long, then greets, unless the name is `-`.
#[message(text)]
async fn on_text(
    State(desk): State<Desk>,
    attempt: Attempt,
    Push(text): Push<Text>,
) -> Result<Option<Answer>, Internal> {
    let begun = "INSERT INTO attempts (message, process, done) VALUES ($1, $2, 0)";
    let process = std::process::id();
    desk.sql.execute(begun, &values![&attempt.identity, process]).await?;
    let (seconds, name) = text.content.split_once(' ').unwrap_or(("0", "nobody"));
    tokio::time::sleep(Duration::from_secs(seconds.parse()?)).await;
    let done = "UPDATE attempts SET done = done + 1 WHERE message = $1 AND process = $2";
    desk.sql.execute(done, &values![&attempt.identity, process]).await?;
    Ok((name != "-").then(|| Answer::text(format!("你好, {name}"))))
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let api = Api::new("instance", "1.0.0")
        .migrations(&[queqiao::Migration {
            version: 1,
            name: "attempts",
            sql: "CREATE TABLE attempts (message VARCHAR(64) NOT NULL, process BIGINT NOT NULL, done BIGINT NOT NULL);",
        }])
        .routes(routes![me])
        .messages(messages![on_text]);
    queqiao::serve(api, async |boot: &Boot| Ok(Desk { sql: boot.sql().clone() })).await
}
