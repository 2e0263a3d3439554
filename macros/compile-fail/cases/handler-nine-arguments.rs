use queqiao::prelude::*;

#[get("/todos")]
async fn list(
    a: User,
    b: User,
    c: User,
    d: User,
    e: User,
    f: User,
    g: User,
    h: User,
    i: User,
) {
}

fn main() {}
