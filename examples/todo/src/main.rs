//! Runs the todo backend.

use todo::{Todos, api};

#[tokio::main]
async fn main() -> queqiao::Result {
    queqiao::serve(api(), Todos::connect).await
}
