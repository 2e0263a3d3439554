use queqiao::ApiError;

#[derive(ApiError)]
enum StockError {
    /// Only {lfet} left.
    #[error(status = 409)]
    SoldOut { left: u32 },
}

fn main() {}
