//! A backend whose document is wrong about two of three operations; tools that compare the two must find those.

use queqiao::axum::http::StatusCode;
use queqiao::axum::response::{IntoResponse, Response};
use queqiao::prelude::*;
use queqiao::{Incoming, Operation, Reply};

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

/// Take a seat, with a status that the document does not know.
#[post("/seats")]
async fn take_seat(_: User, Json(seat): Json<Seat>) -> Raw<(StatusCode, String)> {
    Raw((StatusCode::IM_A_TEAPOT, format!("row {} is a teapot", seat.row)))
}

/// Show the best seat, with a row that is no number.
#[get("/best-seat")]
async fn best_seat() -> Wrong {
    Wrong
}

struct Wrong;

impl Reply for Wrong {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_response::<Seat>(200, "The seat.");
    }

    fn reply(self, _: &Incoming) -> Response {
        let json = [("content-type", "application/json")];
        (json, r#"{"row":"the first","free":true}"#).into_response()
    }
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let api: Api = Api::new("liar", "1.0.0").routes(routes![get_seat, take_seat, best_seat]);
    queqiao::serve(api, async |_: &queqiao::Boot| Ok(())).await
}
