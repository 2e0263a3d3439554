use queqiao::prelude::*;

#[model]
struct Todo {
    title: String,
}

#[get("/todos/{id}")]
async fn read<T: Send>(Path(id): Path<T>) -> Todo {
    Todo { title: String::new() }
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![read];
}
