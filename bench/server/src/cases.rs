//! The requests that are counted.

use anyhow::Result;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Builder;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

/// A kind of request.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    /// GET with a parameter in the path.
    Path,
    /// GET with a query of three names.
    Query,
    /// POST with a JSON body.
    Json,
    /// GET of a user, who is known by a JSON Web Token.
    User,
    /// GET of a path that no route takes.
    Unknown,
    /// POST with a JSON body that lacks a member.
    Invalid,
}

impl Case {
    pub(crate) const ALL: [Self; 6] =
        [Self::Path, Self::Query, Self::Json, Self::User, Self::Unknown, Self::Invalid];

    /// What the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "GET, path parameter",
            Self::Query => "GET, query",
            Self::Json => "POST, JSON",
            Self::User => "GET, token",
            Self::Unknown => "404",
            Self::Invalid => "422",
        }
    }

    /// The only status that counts as an answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        }
    }

    /// One such request, with the headers of a mini-program's.
    pub(crate) fn request(self, token: &str) -> Result<Request<Body>> {
        let book = json!({ "title": "围城", "author": "钱锺书", "pages": 359, "tags": ["novel", "satire"] });
        let post = |path| builder(Method::POST, path).header(CONTENT_TYPE, "application/json");
        let body = |value: serde_json::Value| Body::from(value.to_string());
        Ok(match self {
            Self::Path => builder(Method::GET, "/books/42").body(Body::empty()),
            Self::Query => builder(Method::GET, "/books?search=%E5%9B%B4%E5%9F%8E&limit=20&newest=true")
                .body(Body::empty()),
            Self::Json => post("/books").body(body(book)),
            Self::User => builder(Method::GET, "/me")
                .header(AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::empty()),
            Self::Unknown => builder(Method::GET, "/nowhere").body(Body::empty()),
            Self::Invalid => post("/books").body(body(json!({ "title": "围城", "pages": 359, "tags": [] }))),
        }?)
    }
}

fn builder(method: Method, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("Host", "api.example.com")
        .header("Accept", "application/json")
        .header("Accept-Encoding", "gzip")
        .header("Accept-Language", "zh-CN,zh;q=0.9")
        .header("Referer", "https://servicewechat.com/wx0123456789abcdef/7/page-frame.html")
}
