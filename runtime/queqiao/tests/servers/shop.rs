//! The API that the tests serve.

use std::convert::Infallible;
use std::time::Duration;

use queqiao::axum::extract::Request;
use queqiao::axum::middleware::{Next, from_fn};
use queqiao::axum::response::Response;
use queqiao::prelude::*;
use queqiao::{Boot, Database, StoreError, Tx, values};

/// A header by which a test stops a request where it likes: `inside`, when the handler has had its effect, or
/// `outside`, when the answer is written down and not yet sent. The contract does not know it.
pub(crate) const PAUSE: &str = "x-pause";

#[derive(Clone)]
struct Shop {
    sql: Database,
}

#[derive(Debug, ApiError)]
enum OrderError {
    #[error(internal, from(StoreError))]
    Internal(Internal),
}

/// Where a request is to stop.
struct Pause(String);

impl<S: Send + Sync> queqiao::axum::extract::FromRequestParts<S> for Pause {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut queqiao::axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Infallible> {
        let place = parts.headers.get(PAUSE).and_then(|place| place.to_str().ok());
        Ok(Self(place.unwrap_or_default().to_owned()))
    }
}

impl Pause {
    async fn at(&self, place: &str) {
        if self.0 == place {
            println!("paused {place}");
            std::future::pending::<()>().await;
        }
    }
}

const INSERT: &str = "INSERT INTO orders (article, id) VALUES ($1, $2)";

/// Order by hand.
#[post("/orders", idempotent)]
async fn order(
    Raw(pause): Raw<Pause>,
    State(shop): State<Shop>,
    Json(article): Json<String>,
) -> Result<Created<String>, OrderError> {
    let id = Uuid::now_v7().to_string();
    shop.sql.execute(INSERT, &values![article, id.as_str()]).await?;
    pause.at("inside").await;
    Ok(Created(id))
}

/// Order in the transaction.
#[post("/safe-orders", idempotent)]
async fn order_safely(
    Raw(pause): Raw<Pause>,
    mut tx: Tx,
    Json(article): Json<String>,
) -> Result<Created<String>, OrderError> {
    let id = Uuid::now_v7().to_string();
    tx.begin().await?.execute(INSERT, &values![article, id.as_str()]).await?;
    pause.at("inside").await;
    Ok(Created(id))
}

/// Order without a key.
#[post("/plain-orders")]
async fn order_plainly(
    State(shop): State<Shop>,
    Json(article): Json<String>,
) -> Result<Created<String>, OrderError> {
    let id = Uuid::now_v7().to_string();
    shop.sql.execute(INSERT, &values![article, id.as_str()]).await?;
    Ok(Created(id))
}

/// What was ordered.
#[get("/orders")]
async fn orders(State(shop): State<Shop>) -> Result<Vec<String>, OrderError> {
    let rows = shop.sql.rows("SELECT article FROM orders ORDER BY id", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

async fn outside(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let pause =
        <Pause as queqiao::axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    let Ok(pause) = pause;
    pause.at("outside").await;
    response
}

async fn connect(boot: &Boot) -> queqiao::Result<Shop> {
    let sql = boot.sql().clone();
    let create = "CREATE TABLE IF NOT EXISTS orders (article VARCHAR(100) NOT NULL, id VARCHAR(36) NOT NULL PRIMARY KEY)";
    sql.execute(create, &[]).await?;
    // What a report would use of them.
    let now = boot.clock().now();
    let end = now + queqiao::jiff::SignedDuration::from_secs(60);
    boot.key_values().put("started", b"1", Some(end), now).await?;
    boot.leases().acquire("report", end, now).await?;
    Ok(Shop { sql })
}

/// Serves until it is killed.
pub(crate) fn serve() {
    let routes = routes![order, order_safely, order_plainly, orders];
    let api = Api::new("shop", "1.0.0").routes(routes).layer(from_fn(outside));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Err(error) = runtime.block_on(queqiao::serve(api, connect)) {
        println!("refused: {error}");
        runtime.shutdown_timeout(Duration::from_millis(10));
        std::process::exit(1);
    }
}
