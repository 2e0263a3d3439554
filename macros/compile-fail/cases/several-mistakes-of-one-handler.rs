use queqiao::prelude::*;

#[get("todos", tagg = "x")]
fn list(filter: String, Json(_): Json<u8>) {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
