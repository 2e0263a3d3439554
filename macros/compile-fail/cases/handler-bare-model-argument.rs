use queqiao::prelude::*;

#[model]
struct NewTodo {
    title: String,
}

#[post("/todos")]
async fn add(new: NewTodo) {
    drop(new.title);
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![add];
}
