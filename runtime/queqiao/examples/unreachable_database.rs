//! A backend that cannot start; its document can be exported all the same.

use queqiao::prelude::*;

/// Tells the answer.
#[get("/answer")]
async fn answer() -> u32 {
    42
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let api: Api = Api::new("answers", "1.0.0").routes(routes![answer]);
    queqiao::serve(api, async |_: &queqiao::Boot| panic!("no database, no secrets, no network")).await
}
