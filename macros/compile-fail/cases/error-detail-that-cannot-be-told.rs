use queqiao::ApiError;

#[derive(ApiError)]
enum StockError {
    /// Only {left} left.
    #[error(status = 409)]
    SoldOut { left: Option<u32> },
}

fn main() {}
