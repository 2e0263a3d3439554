use queqiao::prelude::*;

#[get("/todos", idempotent)]
async fn todos() {}

fn main() {}
