//! The rules of a todo list.

use queqiao::prelude::*;
use queqiao::{Boot, Clock, EntityTag, PreconditionFailed, StoreError};

use crate::config::Config;
use crate::model::{NewTodo, Statistics, Todo, TodoFilter};
use crate::repository::{Kept, TodoKey, TodoRepository};

/// Why a call about one todo failed.
#[derive(Debug, ApiError)]
pub(crate) enum TodoError {
    /// No such todo.
    #[error(status = 404, zh = "没有这条待办。")]
    NotFound,
    /// The server failed.
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Why a todo was not added.
#[derive(Debug, ApiError)]
#[error(prefix = "todo")]
pub(crate) enum AddTodoError {
    /// There is room for {most} todos, and no more.
    ///
    /// Delete some that are done.
    #[error(status = 409, zh = "最多可以有 {most} 条待办。\n\n请先删除一些已完成的。")]
    TooMany {
        /// How many todos a user may have.
        most: u32,
    },
    /// The server failed.
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Why a todo was not changed.
#[derive(Debug, ApiError)]
#[error(prefix = "todo")]
pub(crate) enum EditTodoError {
    #[error(transparent)]
    Todo(TodoError),
    #[error(transparent)]
    Stale(PreconditionFailed),
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Why a todo was not marked as done.
#[derive(Debug, ApiError)]
#[error(prefix = "todo")]
pub(crate) enum FinishTodoError {
    /// The todo is done already.
    #[error(status = 409, zh = "这条待办已经完成了。")]
    AlreadyDone,
    #[error(transparent)]
    Todo(TodoError),
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// The application's state.
#[derive(Clone, Debug)]
pub struct Todos {
    repository: TodoRepository,
    clock: Clock,
    config: Config,
}

impl Todos {
    /// Makes the state.
    ///
    /// # Errors
    /// A wrong `[app]` section.
    pub async fn connect(boot: &Boot) -> queqiao::Result<Todos> {
        Ok(Todos {
            repository: TodoRepository::new(boot.sql().clone()),
            clock: boot.clock().clone(),
            config: boot.config()?,
        })
    }

    pub(crate) async fn list(
        &self,
        user: &User,
        filter: &TodoFilter,
        paging: &Paging<TodoKey>,
    ) -> Result<Page<Todo>, Internal> {
        let rows = self.repository.list(user.id, filter, paging).await?;
        Ok(paging.page(rows, TodoKey::of))
    }

    pub(crate) async fn add(&self, user: &User, new: NewTodo) -> Result<Todo, AddTodoError> {
        let most = self.config.most_todos;
        let added = self.repository.add(user.id, new, self.clock.now(), most).await?;
        added.ok_or(AddTodoError::TooMany { most })
    }

    pub(crate) async fn get(&self, user: &User, id: Uuid) -> Result<Tagged<Todo>, TodoError> {
        self.repository.get(user.id, id).await?.map(tagged).ok_or(TodoError::NotFound)
    }

    pub(crate) async fn edit(
        &self,
        user: &User,
        id: Uuid,
        condition: Option<IfMatch>,
        new: NewTodo,
    ) -> Result<Tagged<Todo>, EditTodoError> {
        let Some(condition) = condition else {
            let edited = self.repository.edit(user.id, id, new, None).await?;
            return Ok(edited.map(tagged).ok_or(TodoError::NotFound)?);
        };
        let seen = self.repository.get(user.id, id).await?.ok_or(TodoError::NotFound)?.version;
        condition.check(&EntityTag::of_version(seen))?;
        // Between the two somebody else may have been faster.
        let edited = self.repository.edit(user.id, id, new, Some(seen)).await?;
        Ok(edited.map(tagged).ok_or(PreconditionFailed)?)
    }

    pub(crate) async fn finish(&self, user: &User, id: Uuid) -> Result<Todo, FinishTodoError> {
        if let Some(finished) = self.repository.finish(user.id, id).await? {
            return Ok(finished);
        }
        // What is there and was not finished now, was before.
        self.get(user, id).await?;
        Err(FinishTodoError::AlreadyDone)
    }

    pub(crate) async fn delete(&self, user: &User, id: Uuid) -> Result<(), TodoError> {
        if self.repository.delete(user.id, id).await? { Ok(()) } else { Err(TodoError::NotFound) }
    }

    pub(crate) async fn statistics(&self) -> Result<Statistics, Internal> {
        Ok(self.repository.statistics().await?)
    }
}

fn tagged(Kept { todo, version }: Kept) -> Tagged<Todo> {
    Tagged::by_version(todo, version)
}
