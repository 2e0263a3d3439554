use queqiao::prelude::*;

#[get("/todos/:id")]
async fn read(Path(_): Path<Uuid>) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![read];
}
