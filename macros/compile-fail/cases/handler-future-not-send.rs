use std::rc::Rc;

use queqiao::prelude::*;

#[get("/todos")]
async fn list() {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    drop(shared);
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
