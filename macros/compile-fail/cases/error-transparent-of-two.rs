use queqiao::ApiError;

#[derive(ApiError)]
enum OrderError {
    #[error(transparent)]
    Stock(std::io::Error, u32),
}

fn main() {}
