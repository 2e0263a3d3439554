use queqiao::prelude::*;

#[get("/todos")]
async fn list(filter: &str) {}

fn main() {}
