use queqiao::prelude::*;

#[post("/orders", idempotent, idempotent)]
async fn order() {}

fn main() {}
