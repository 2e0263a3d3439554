//! The client against servers in WeChat's place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod calls;
mod images;
mod login;
mod server;
mod token;
mod token_store;
mod vectors;
