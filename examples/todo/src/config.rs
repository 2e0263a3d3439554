//! `[app]` of queqiao.toml.

use queqiao::serde::Deserialize;

/// The application's own settings.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(crate = "queqiao::serde", default, deny_unknown_fields)]
pub(crate) struct Config {
    /// How many todos one user may keep.
    pub(crate) most_todos: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_todos: 1000 }
    }
}
