use queqiao::prelude::*;

#[derive(ApiError)]
enum AuthError {
    /// Not on a Sunday.
    #[error(status = 403)]
    Sunday,
}

fn main() {}
