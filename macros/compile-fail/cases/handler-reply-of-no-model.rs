use queqiao::prelude::*;

struct Todo;

#[get("/todos")]
async fn list() -> Vec<Todo> {
    Vec::new()
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
