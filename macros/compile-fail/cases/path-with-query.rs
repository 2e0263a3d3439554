use queqiao::prelude::*;

#[get("/todos?done=true")]
async fn list() {}

fn main() {}
