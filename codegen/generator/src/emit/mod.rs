//! A [`Contract`](crate::contract::Contract) as files.

pub(crate) mod declarations;
pub(crate) mod javascript;
mod more;
pub(crate) mod npm;
pub(crate) mod runtime;
pub(crate) mod split;
mod text;
