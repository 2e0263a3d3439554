use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    /// No such todo.
    #[error(status = 404)]
    NotFound,
    /// No such list.
    #[error(status = 404, code = "todo.not_found")]
    NoList,
}

fn main() {}
