use queqiao::prelude::*;

#[patch("/todos/{id}")]
async fn edit(Path(_): Path<Uuid>) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![edit];
}
