use queqiao::prelude::*;

#[derive(ApiError)]
struct TodoError;

fn main() {}
