use queqiao::prelude::*;

/// Lists books.
#[get("/books", sunset = "next year")]
#[deprecated]
async fn list_books() -> u32 {
    1
}

/// Lists books.
#[get("/more-books", sunset = 2027)]
#[deprecated]
async fn list_more() -> u32 {
    1
}

fn main() {}
