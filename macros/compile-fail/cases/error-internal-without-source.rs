use queqiao::prelude::*;

#[derive(ApiError)]
enum TodoError {
    #[error(internal, from(std::io::Error))]
    Internal,
}

fn main() {}
