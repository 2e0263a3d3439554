use queqiao::ApiError;

#[derive(ApiError)]
enum StockError {
    /// 已售罄。
    #[error(status = 409, zh = "没有了。")]
    SoldOut,
    /// The store is closed.
    ///
    /// Come again on Monday.
    #[error(status = 409, zh = "仓库已关门。")]
    Closed,
}

fn main() {}
