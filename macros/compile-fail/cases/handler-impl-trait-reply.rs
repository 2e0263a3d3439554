use queqiao::prelude::*;

#[get("/todos")]
async fn list() -> impl queqiao::Reply {
    NoContent
}

fn main() {}
