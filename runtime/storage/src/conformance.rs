//! The promises of the traits as tests, for every adapter alike.
//!
//! An adapter outside this crate runs all of them, one test each, with
//! [`conformance_tests!`](crate::conformance_tests). Each case gets a store with nothing in it.
