use queqiao::prelude::*;

#[get("/todos")]
async fn list() {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list(), "read", list, list];
}
