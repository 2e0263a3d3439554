//! Photos of a user, through the server and past it: `api` speaks HTTP, `service` knows the rules, `repository`,
//! `comments` and `phones` speak SQL, `thumbnail` draws, `notices` are what users hear.

mod api;
mod comments;
mod model;
mod notices;
mod phones;
mod repository;
mod service;
mod thumbnail;

pub use crate::api::api;
pub use crate::service::Album;
