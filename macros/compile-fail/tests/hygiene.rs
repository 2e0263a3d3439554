//! Every macro under `#![no_implicit_prelude]`, beside items that are named like those of the standard library, in a
//! crate whose only dependency is queqiao.
#![no_implicit_prelude]
#![allow(dead_code, missing_docs, non_camel_case_types, clippy::upper_case_acronyms)]

mod core {}
mod std {}
mod serde {}
mod schemars {}
mod queqiao {}
struct Result;
struct Option;
struct Some;
struct None;
struct Ok;
struct Err;
struct Send;
struct String;
struct Vec;
struct Endpoint;
struct Checker;
struct Model;
struct S;
struct E;
struct T;

/// A type of the contract.
#[::queqiao::model]
struct Todo<Text> {
    #[check(length = 1..=100)]
    title: ::std::string::String,
    #[check(range = 0..=5, custom = odd)]
    priority: ::core::option::Option<u8>,
    #[check(unique, each(length = 1..=20, pattern = "^[a-z]+$"))]
    tags: ::std::vec::Vec<::std::string::String>,
    #[check(email, message(zh = "须为邮箱", en = "must be an e-mail address"))]
    mail: ::std::string::String,
    #[check(url)]
    link: ::std::string::String,
    #[serde(flatten)]
    inner: Inner<Text>,
    shape: Shape,
    kind: Kind,
}

#[::queqiao::model(name = "Inner")]
struct Inner<Text> {
    text: Text,
}

/// All of serde's representations.
#[::queqiao::model]
enum Shape {
    /// Round.
    Circle {
        radius: f64,
    },
    Point,
    Named(#[check(length = ..=5)] ::std::string::String),
    Pair(u8, u8),
}

#[::queqiao::model]
#[serde(tag = "kind", content = "value")]
enum Kind {
    A(u8),
    B { c: u8 },
}

fn odd(number: &u8) -> ::core::result::Result<(), ::queqiao::Violation> {
    if *number % 2 == 1 {
        ::core::result::Result::Ok(())
    } else {
        ::core::result::Result::Err(::queqiao::Violation::new("odd", "must be odd"))
    }
}

#[derive(::queqiao::ApiError)]
enum TodoError {
    /// No such todo.
    #[error(status = 404)]
    NotFound,
    /// Only {left} left.
    ///
    /// {type} is out.
    #[error(status = 409, zh = "只剩 {left} 条。\n\n缺 {type}。")]
    TooMany {
        /// How many.
        left: u32,
        r#type: ::std::string::String,
    },
    #[error(transparent)]
    Other(OtherError),
    #[error(internal, from(::std::io::Error))]
    Internal(::queqiao::Internal),
}

#[derive(::queqiao::ApiError)]
enum OtherError {
    /// Gone.
    #[error(status = 410)]
    Gone {},
}

/// Read one todo.
#[::queqiao::get("/todos/{id}")]
async fn read(
    ::queqiao::Path(_): ::queqiao::Path<u32>,
    ::queqiao::State(_): ::queqiao::State<()>,
) -> ::core::result::Result<Shape, TodoError> {
    ::core::result::Result::Err(TodoError::NotFound)
}

#[::queqiao::post("/todos")]
async fn add(::queqiao::Json(_): ::queqiao::Json<Todo<::std::string::String>>) {}

mod inner {
    #[::queqiao::put("/todos", operation_id = "replace", tag = "x")]
    #[deprecated]
    pub(crate) async fn r#move() {}
}

#[::queqiao::delete("/todos")]
async fn a0() {}

#[test]
fn the_api_can_be_built() {
    let routes: ::queqiao::Routes<()> = ::queqiao::routes![read, add, inner::r#move, a0];
    let built = ::queqiao::Api::new("hygiene", "1.0.0").routes(routes).build();
    ::std::assert!(built.is_ok());
}
