//! The transaction of one request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use queqiao_storage::{Database, StoreError, Transaction};

use super::{Extract, Incoming};
use crate::context::Context;
use crate::document::Operation;
use crate::endpoint::Method;
use crate::problem::{Internal, Listener, Problem};

/// The transaction of this request: committed before a success is answered, rolled back for a failure.
///
/// In an operation that is `idempotent`, the commit carries the answer too: effect and answer are there together, or
/// neither is, whenever the server should end. An attempt that failed or crashed may be repeated.
///
/// ```
/// use queqiao::prelude::*;
/// use queqiao::{StoreError, values};
///
/// /// Why an order was refused.
/// #[derive(Debug, ApiError)]
/// enum OrderError {
///     /// It is sold out.
///     #[error(status = 409)]
///     SoldOut,
///     #[error(internal, from(StoreError))]
///     Internal(Internal),
/// }
///
/// /// Order one.
/// #[post("/orders", idempotent)]
/// async fn order(user: User, mut tx: Tx, Json(article): Json<String>) -> Result<NoContent, OrderError> {
///     let transaction = tx.begin().await?;
///     let take = "UPDATE articles SET stock = stock - 1 WHERE name = $1 AND stock > 0";
///     if transaction.execute(take, &values![article.as_str()]).await? == 0 {
///         return Err(OrderError::SoldOut); // rolled back
///     }
///     let insert = "INSERT INTO orders (owner, article) VALUES ($1, $2)";
///     transaction.execute(insert, &values![user.id.to_string(), article]).await?;
///     Ok(NoContent) // committed
/// }
/// # async fn connect(boot: &queqiao::Boot) -> queqiao::Result<()> {
/// #     let sql = boot.sql();
/// #     sql.execute("CREATE TABLE articles (name TEXT, stock INTEGER)", &[]).await?;
/// #     sql.execute("CREATE TABLE orders (owner TEXT, article TEXT)", &[]).await?;
/// #     sql.execute("INSERT INTO articles VALUES ('tea', 1)", &[]).await?;
/// #     Ok(())
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let app = queqiao::TestApp::with(Api::new("shop", "1.0.0").routes(routes![order]), connect);
/// # let order = |key: &str| app.user("alice").post("/orders").header("idempotency-key", key).json("tea");
/// # assert_eq!(order("0123456789abcdef").await.status.as_u16(), 204);
/// # assert_eq!(order("0123456789abcdef").await.status.as_u16(), 204);
/// # assert_eq!(order("fedcba9876543210").await.code(), "order.sold_out");
/// # }
/// ```
///
/// It begins with [`begin`](Tx::begin), and not when the request comes: a phone that sends its body slowly keeps no
/// connection, and on SQLite no other writer, waiting. What is written elsewhere, to another database or by another
/// service, is not part of it; on SQLite, a write beside it would wait for its end, in vain.
pub struct Tx {
    database: Database,
    open: Option<Transaction>,
    held: Held,
}

impl Tx {
    /// A transaction for a test that calls a handler itself: nobody commits it, so that it is rolled back.
    pub fn new(database: Database) -> Self {
        Self { database, open: None, held: Held::default() }
    }

    /// Begins the transaction, or goes on with it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection, or in SQLite no lock, becomes free in time.
    pub async fn begin(&mut self) -> Result<&mut Transaction, StoreError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let open = self.database.begin().await?;
                *self.held.state() = State::Out;
                open
            }
        };
        Ok(self.open.insert(open))
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            *self.held.state() = State::Back(open);
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("begun", &self.open.is_some()).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> Extract<S> for Tx {
    fn describe(operation: &mut Operation<'_>) {
        if operation.meta.method == Method::Get {
            operation.mistake(
                "`Tx` is for changes, and on SQLite keeps every other writer waiting; GET reads: take the `Database` through \
                 `State<_>`, or use `#[post]`",
            );
        }
        if std::mem::replace(&mut operation.transaction_taken, true) {
            operation.mistake("two arguments take the transaction; leave one out");
        }
    }

    async fn extract(request: &mut Incoming, context: &Context<S>) -> Result<Self, Problem> {
        let database = context.services.database.clone().ok_or_else(|| {
            Problem::internal(Internal::message(
                "an operation takes `Tx`, and the services have no database: use `serve`",
            ))
        })?;
        let held = Held::default();
        request.transaction = Some(held.clone());
        Ok(Self { database, open: None, held })
    }
}

/// Where the transaction lies when the handler has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Unused,
    /// The handler has it.
    Out,
    Back(Transaction),
}

impl Held {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The transaction that the handler began, if it did.
    ///
    /// # Errors
    /// The handler left it to something that goes on without it, so that nobody knows what belongs to it.
    pub(crate) fn take(&self) -> Result<Option<Transaction>, Internal> {
        match std::mem::take(&mut *self.state()) {
            State::Unused => Ok(None),
            State::Back(transaction) => Ok(Some(transaction)),
            State::Out => Err(Internal::message(
                "a handler ended while a task of its own still had its `Tx`: the transaction is rolled back; keep it in the \
                 handler, or await the task",
            )),
        }
    }

    /// Commits what led to a success, and undoes what led to a failure.
    pub(crate) async fn settle(&self, response: Response, listener: &Listener) -> Response {
        let settled = match self.take() {
            Ok(Some(transaction)) if response.status().as_u16() < 400 => {
                transaction.commit().await.map_err(Internal::from)
            }
            // The failure is answered, whatever becomes of the connection.
            Ok(Some(transaction)) => transaction.rollback().await.or(Ok(())),
            Ok(None) => Ok(()),
            Err(lost) if response.status().as_u16() < 400 => Err(lost),
            Err(_) => Ok(()),
        };
        match settled {
            Ok(()) => response,
            Err(error) => Problem::internal(error).respond(listener.audience()),
        }
    }
}
