use queqiao::prelude::*;

/// Lists books.
#[get("/books")]
#[deprecated(since = "1.2.0", note = "use `list_all`")]
async fn list_books() -> u32 {
    1
}

/// Lists books.
#[get("/more-books")]
#[deprecated(since = "2026-02-29")]
async fn list_more() -> u32 {
    1
}

fn main() {}
