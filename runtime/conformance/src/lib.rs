//! Whether the document and the server mean the same.
//!
//! [`types::all`] lists types with everything that serde can say. Each has an operation that takes and gives it, in an
//! `Api` like any other. [`Judge`] holds the document and the router of that `Api`, and asks both about a value:
//!
//! - what [`instances`] makes of a request schema, and what [`mutations`] make of that, must be taken by the server
//!   exactly where the schema takes it;
//! - what the server writes, for arbitrary Rust values too, must satisfy the schema of the response.
//!
//! [`contract`] is an `Api` of all these types and more, in any order, with everything that is made of it.
//!
//! The few differences that stay are data: [`allowed`].
#![forbid(unsafe_code)]

pub mod allowed;
mod cases;
pub mod contract;
pub mod instances;
mod judge;
pub mod mutations;
mod random;
pub mod types;
mod values;

pub use crate::cases::{Case, SEED};
pub use crate::judge::{Answer, Judge, Schema};
pub use crate::random::Random;
