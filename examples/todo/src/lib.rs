//! A todo list with users, in the layers of a real service: `api` speaks HTTP, `service` knows the rules,
//! `repository` speaks SQL.

mod api;
mod config;
mod model;
mod repository;
mod service;

pub use crate::api::api;
pub use crate::service::Todos;
