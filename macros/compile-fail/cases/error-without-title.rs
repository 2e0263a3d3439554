use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    #[error(status = 404)]
    NotFound,
}

fn main() {}
