use queqiao::prelude::*;

struct NewTodo;

#[post("/todos")]
async fn add(Json(_): Json<NewTodo>) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![add];
}
