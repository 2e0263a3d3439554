use queqiao::ApiError;

#[derive(ApiError)]
enum OrderError {
    #[error(transparent)]
    Stock(std::fmt::Error),
}

fn main() {}
