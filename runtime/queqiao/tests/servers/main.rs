//! Real servers, spoken to over sockets, on real engines that are stopped and killed.
//!
//! PostgreSQL, MariaDB and Redis are found as the tests of `queqiao-storage` find them. What is stopped is started by
//! the tests themselves, elsewhere.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod crashes;
mod engines;
mod outages;
mod process;
mod refusals;
mod repeats;
mod shop;
