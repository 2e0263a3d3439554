//! Photos of a user, through the server and past it: `api` speaks HTTP, `service` knows the rules, `repository` speaks
//! SQL, `thumbnail` draws.

mod api;
mod model;
mod repository;
mod service;
mod thumbnail;

pub use crate::api::api;
pub use crate::service::Album;
