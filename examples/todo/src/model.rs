//! What the contract speaks of.

use queqiao::jiff::Timestamp;
use queqiao::list::{By, Range};
use queqiao::prelude::*;

/// Something to do.
#[model]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Todo {
    pub(crate) id: Uuid,
    #[check(length = 1..=100)]
    #[example("买牛奶")]
    pub(crate) title: String,
    #[check(length = ..=1000)]
    #[example("两盒，低脂")]
    pub(crate) note: Option<String>,
    pub(crate) done: bool,
    pub(crate) created_at: Timestamp,
}

/// What a user writes to add or change a todo.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct NewTodo {
    /// What is to do.
    #[check(length = 1..=100)]
    #[example("买牛奶")]
    pub(crate) title: String,
    /// More about it.
    #[check(length = ..=1000)]
    #[example("两盒，低脂")]
    pub(crate) note: Option<String>,
}

/// What todos are ordered by.
#[model]
#[derive(Clone, Copy, Debug)]
pub(crate) enum TodoField {
    CreatedAt,
    Title,
}

/// Which todos to list.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct TodoFilter {
    /// What comes first: the newest unless given.
    #[serde(default = "newest_first")]
    pub(crate) sort: Sort<TodoField>,
    /// Only those that are done, or only those that are not.
    pub(crate) done: Option<bool>,
    /// When they were added.
    #[serde(default)]
    pub(crate) created_at: Range<Timestamp>,
}

fn newest_first() -> Sort<TodoField> {
    [By::descending(TodoField::CreatedAt)].into()
}

/// Numbers over all users.
#[model]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statistics {
    /// Users with at least one todo.
    pub(crate) users: u32,
    pub(crate) todos: u32,
    pub(crate) done: u32,
}
