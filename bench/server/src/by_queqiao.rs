//! The API as one writes it with queqiao.

use std::sync::Arc;

use axum::Router;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use queqiao::prelude::*;
use queqiao::{Authenticate, BuildError, Caller, Context, Problem, Services};

use crate::tokens::Tokens;

/// A book.
#[model]
struct Book {
    title: String,
    author: String,
    pages: u32,
    tags: Vec<String>,
}

/// What is looked for.
#[model]
struct Search {
    search: String,
    limit: u32,
    newest: bool,
}

/// What was looked for.
#[model]
struct Found {
    search: String,
    limit: u32,
    newest: bool,
}

/// Where a book stands.
#[model]
struct Shelf {
    book: u32,
}

/// Who calls.
#[model]
struct Me {
    id: Uuid,
}

/// Find a book.
#[get("/books/{book}")]
async fn find_book(Path(book): Path<u32>) -> Shelf {
    Shelf { book }
}

/// Look for books.
#[get("/books")]
async fn search_books(Query(Search { search, limit, newest }): Query<Search>) -> Found {
    Found { search, limit, newest }
}

/// Add a book.
#[post("/books")]
async fn add_book(Json(book): Json<Book>) -> Book {
    book
}

/// Who calls.
#[get("/me")]
async fn who(user: User) -> Me {
    Me { id: user.id }
}

struct Login(Tokens);

impl Authenticate for Login {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller, Problem>> {
        let caller = self
            .0
            .check(token)
            .map(|(id, session)| Caller { user: User::new(id, session, []), renewed: None });
        std::future::ready(
            caller.ok_or_else(|| Problem::internal(Internal::message("the benchmark sends good tokens"))),
        )
        .boxed()
    }
}

/// Its handlers, without what `serve` adds.
pub(crate) fn router(tokens: Tokens) -> Result<Router, BuildError> {
    let api: Api = Api::new("library", "1.0.0").routes(routes![find_book, search_books, add_book, who]);
    let services = Services::new().with_authentication(Arc::new(Login(tokens)));
    api.into_router(Context::new((), services))
}
