use queqiao::prelude::*;

#[put("/todos/{id}")]
async fn edit(Json(_): Json<String>, Path(_): Path<Uuid>) {}

fn main() {}
