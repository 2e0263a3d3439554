use queqiao::prelude::*;

#[model]
struct Todo {
    title: String,
}

struct TodoError;

#[get("/todos")]
async fn list() -> Result<Todo, TodoError> {
    Err(TodoError)
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
