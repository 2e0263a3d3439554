use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    /// No such todo.
    #[error(status = 200)]
    NotFound,
}

fn main() {}
