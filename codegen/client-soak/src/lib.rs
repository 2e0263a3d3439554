//! The generated client under stress: it runs in QuickJS with a mini-program's globals, while clock, network, phone and
//! server are simulated. One seed decides everything, so that a failing run can be repeated and made shorter.
//!
//! `cargo xtask soak client --seed 1 --runs 10000` runs many; `rules.rs` says what must hold in each.

#![forbid(unsafe_code)]

mod contract;
mod counts;
mod coverage;
mod dice;
mod engine;
mod failure;
mod judge;
mod plan;
mod profile;
mod rules;
mod run;
mod server;
mod shorten;
mod world;

pub use counts::Counts;
pub use coverage::missing;
pub use rules::{Rule, Violation};
pub use run::{Clients, Files, Outcome, run};
pub use shorten::shorten;

/// The contract that is put under stress, as an OpenAPI document.
pub fn document() -> serde_json::Value {
    contract::document()
}

/// The client of the contract that is put under stress, as the generator emits it.
///
/// # Errors
/// If the generator refuses the contract.
pub fn clients() -> Result<Clients, String> {
    contract::clients()
}
