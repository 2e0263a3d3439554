use queqiao::prelude::*;

#[get("/todos")]
fn list() {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
