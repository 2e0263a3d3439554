use queqiao::prelude::*;

#[get("/todos")]
async fn list() {}

async fn plain() {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list, plain];
}
