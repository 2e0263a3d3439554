use queqiao::ApiError;

struct Shelf;

#[derive(ApiError)]
enum StockError {
    /// Sold out.
    #[error(status = 409)]
    SoldOut { shelf: Shelf },
}

fn main() {}
