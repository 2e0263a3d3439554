use queqiao::prelude::*;

#[get("/todos/{id}")]
async fn read(id: Uuid) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![read];
}
