//! A [`Contract`](crate::contract::Contract) as files.

pub(crate) mod declarations;
pub(crate) mod javascript;
pub(crate) mod npm;
pub(crate) mod runtime;
mod text;
