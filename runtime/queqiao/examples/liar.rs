//! A backend whose document is true but for one operation; tools that compare the two must find that one.

use queqiao::axum::http::StatusCode;
use queqiao::prelude::*;

/// A place to sit.
#[model]
struct Seat {
    #[check(range = 1..=300)]
    row: u32,
    free: bool,
}

/// Show a seat, as the document says.
#[get("/seats/{row}")]
async fn get_seat(Path(row): Path<u32>) -> Seat {
    Seat { row: row.clamp(1, 300), free: true }
}

/// Take a seat, with an answer that the document does not know.
#[post("/seats")]
async fn take_seat(_: User, Json(seat): Json<Seat>) -> Raw<(StatusCode, String)> {
    Raw((StatusCode::IM_A_TEAPOT, format!("row {} is a teapot", seat.row)))
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let api: Api = Api::new("liar", "1.0.0").routes(routes![get_seat, take_seat]);
    queqiao::serve(api, async |_: &queqiao::Boot| Ok(())).await
}
