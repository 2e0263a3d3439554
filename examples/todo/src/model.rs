//! What the contract speaks of.

use queqiao::jiff::Timestamp;
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

/// Which todos to list.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct TodoFilter {
    /// `next` of the page before.
    pub(crate) cursor: Option<Uuid>,
    /// How many at most; 20 unless given.
    #[check(range = 1..=50)]
    #[example(20)]
    pub(crate) limit: Option<u32>,
    /// Only those that are done, or only those that are not.
    pub(crate) done: Option<bool>,
}

/// Some todos, newest first.
#[model]
#[derive(Clone, Debug)]
pub(crate) struct TodoPage {
    pub(crate) items: Vec<Todo>,
    /// The cursor of the next page, if there is one.
    pub(crate) next: Option<Uuid>,
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
