use queqiao::prelude::*;

#[get]
async fn list() {}

#[get(tag = "todos")]
async fn read() {}

fn main() {}
