use queqiao::prelude::*;

#[post("/todos")]
async fn add(Json(_): Json<String>, Json(_): Json<u32>) {}

fn main() {}
