use queqiao::prelude::*;

#[get("/todos", tagg = "todos", responses = "404", operation_id = "list todos")]
async fn list() {}

fn main() {}
