//! The operations.

use queqiao::prelude::*;

use crate::service::Todos;

/// The API: everything else, document and client included, follows from this value.
pub fn api() -> Api<Todos> {
    Api::new("todo", env!("CARGO_PKG_VERSION"))
        .description("A todo list for every WeChat user.")
        .licence(env!("CARGO_PKG_LICENSE"))
        .contact("Queqiao", "https://example.com/queqiao")
        .tag("todos", "What a user has to do.")
        .tag("admin", "Figures for those who run the service.")
        .releases(queqiao::releases!())
        .migrations(queqiao::migrations!("migrations"))
        .routes(todos::routes())
        .routes(admin::routes())
}

mod todos {
    use queqiao::Routes;
    use queqiao::prelude::*;

    use crate::model::{NewTodo, Todo, TodoFilter};
    use crate::repository::TodoKey;
    use crate::service::{AddTodoError, EditTodoError, FinishTodoError, TodoError, Todos};

    pub(super) fn routes() -> Routes<Todos> {
        routes![list_todos, add_todo, get_todo, edit_todo, finish_todo, delete_todo]
    }

    /// List the user's todos.
    ///
    /// Page by page, newest first unless `sort` says otherwise; `done` takes one kind only.
    #[get("/todos")]
    async fn list_todos(
        user: User,
        Query(filter): Query<TodoFilter>,
        paging: Paging<TodoKey>,
        State(todos): State<Todos>,
    ) -> Result<Page<Todo>, Internal> {
        todos.list(&user, &filter, &paging).await
    }

    /// Add a todo.
    ///
    /// It stands first in the list. A user has room for so many, as the configuration says.
    #[post("/todos")]
    async fn add_todo(
        user: User,
        State(todos): State<Todos>,
        Json(new): Json<NewTodo>,
    ) -> Result<Created<Todo>, AddTodoError> {
        todos.add(&user, new).await.map(Created)
    }

    /// Show one todo.
    ///
    /// Todos of other users are not found.
    #[get("/todos/{id}")]
    async fn get_todo(
        user: User,
        Path(id): Path<Uuid>,
        State(todos): State<Todos>,
    ) -> Result<Tagged<Todo>, TodoError> {
        todos.get(&user, id).await
    }

    /// Change title and note of a todo.
    ///
    /// Whether it is done stays as it is.
    #[put("/todos/{id}")]
    async fn edit_todo(
        user: User,
        Path(id): Path<Uuid>,
        condition: Option<IfMatch>,
        State(todos): State<Todos>,
        Json(new): Json<NewTodo>,
    ) -> Result<Tagged<Todo>, EditTodoError> {
        todos.edit(&user, id, condition, new).await
    }

    /// Mark one todo as done.
    ///
    /// A todo that is done already is a failure of its own, so that a page can say so.
    #[put("/todos/{id}/done")]
    async fn finish_todo(
        user: User,
        Path(id): Path<Uuid>,
        State(todos): State<Todos>,
    ) -> Result<Todo, FinishTodoError> {
        todos.finish(&user, id).await
    }

    /// Delete one todo.
    ///
    /// It is gone for good.
    #[delete("/todos/{id}")]
    async fn delete_todo(
        user: User,
        Path(id): Path<Uuid>,
        State(todos): State<Todos>,
    ) -> Result<NoContent, TodoError> {
        todos.delete(&user, id).await?;
        Ok(NoContent)
    }
}

mod admin {
    use queqiao::Routes;
    use queqiao::prelude::*;

    use crate::model::Statistics;
    use crate::service::Todos;

    /// May see numbers over all users.
    pub(super) struct Admin;

    impl RoleName for Admin {
        const NAME: &'static str = "admin";
    }

    pub(super) fn routes() -> Routes<Todos> {
        routes![statistics]
    }

    /// Count users and todos.
    ///
    /// Over all users.
    #[get("/admin/statistics")]
    async fn statistics(_admin: Role<Admin>, State(todos): State<Todos>) -> Result<Statistics, Internal> {
        todos.statistics().await
    }
}
