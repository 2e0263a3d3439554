use queqiao::prelude::*;

#[post("/orders", idempotent = "24h")]
async fn order() {}

fn main() {}
