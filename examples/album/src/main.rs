//! Runs the album backend.

use album::{Album, api};

#[tokio::main]
async fn main() -> queqiao::Result {
    queqiao::serve(api(), Album::connect).await
}
