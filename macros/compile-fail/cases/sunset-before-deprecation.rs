use queqiao::prelude::*;

/// Lists books.
#[get("/books", sunset = "2026-10-31")]
#[deprecated(since = "2026-11-01")]
async fn list_books() -> u32 {
    1
}

fn main() {}
