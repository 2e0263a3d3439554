use queqiao::ApiError;

#[derive(ApiError)]
enum OrderError {
    #[error(transparent)]
    Stock(StockError),
}

#[derive(ApiError)]
enum StockError {
    #[error(transparent)]
    Order(OrderError),
}

fn main() {}
