use queqiao::ApiError;

#[derive(ApiError)]
enum StockError {
    /// Sold out.
    #[error(status = 409, zh = "已售罄。", en = "Sold out.")]
    SoldOut,
}

fn main() {}
