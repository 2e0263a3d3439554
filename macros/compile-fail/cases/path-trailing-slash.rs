use queqiao::prelude::*;

#[get("/todos/")]
async fn list() {}

fn main() {}
