use queqiao::prelude::*;

struct Id;

#[get("/todos/{id}")]
async fn read(Path(_): Path<Id>) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![read];
}
