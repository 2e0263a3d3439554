use queqiao::prelude::*;

#[get("/todos/{id}/items/{id}")]
async fn read() {}

fn main() {}
