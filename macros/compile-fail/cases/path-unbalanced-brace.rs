use queqiao::prelude::*;

#[get("/todos/{id")]
async fn read() {}

fn main() {}
