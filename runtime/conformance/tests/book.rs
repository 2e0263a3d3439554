//! The differences that the book lists are those that are allowed.

use queqiao_conformance::allowed;

#[test]
fn the_book_lists_the_allowed_differences() {
    let book = include_str!("../../../book/src/models.md");
    assert!(
        book.contains(&allowed::table()),
        "book/src/models.md must hold this table:\n{}",
        allowed::table()
    );
}
