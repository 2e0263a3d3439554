use queqiao::prelude::*;

struct NoError;

#[derive(ApiError)]
enum TodoError {
    #[error(internal, from(NoError))]
    Internal(Internal),
}

fn main() {}
