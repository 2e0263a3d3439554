use queqiao::prelude::*;

#[get("/todos")]
async fn list(filter: impl Into<String>) {}

fn main() {}
