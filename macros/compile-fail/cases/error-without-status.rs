use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    /// No such todo.
    NotFound,
}

fn main() {}
