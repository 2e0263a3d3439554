use queqiao::prelude::*;

/// Lists books.
#[get("/books", sunset = "2027-06-30")]
async fn list_books() -> u32 {
    1
}

fn main() {}
