use queqiao::prelude::*;

struct Todos;

impl Todos {
    #[get("/todos")]
    async fn list(&self) {}
}

fn main() {}
