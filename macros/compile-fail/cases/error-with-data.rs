use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    /// No such todo.
    #[error(status = 404)]
    NotFound(Uuid),
}

fn main() {}
