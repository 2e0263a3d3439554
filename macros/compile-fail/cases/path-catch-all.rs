use queqiao::prelude::*;

#[get("/files/{*rest}")]
async fn read() {}

fn main() {}
