//! One contract in many orders: the same handlers listed, split and merged differently, with features of other crates
//! on or off, must give the same bytes to every reader.

use std::collections::BTreeMap;

use queqiao::prelude::*;
use queqiao::{Internal, Routes};
use queqiao_codegen::{BaseUrl, Options, PostmanOptions, generate, postman, yaml};

use crate::random::Random;
use crate::types;

/// What is sold.
#[model]
struct Good {
    id: Uuid,
    #[check(length = 1..=100)]
    name: String,
    price: Price,
    parts: BTreeMap<String, Price>,
    note: Option<String>,
}

/// What it costs.
#[model]
#[serde(tag = "unit", rename_all = "snake_case")]
enum Price {
    /// In fen (分).
    Fen {
        #[check(range = 0..=100_000_000)]
        amount: u32,
    },
    /// For nothing.
    Free,
}

/// Which to list.
#[model]
struct GoodFilter {
    /// Words of the name.
    #[check(length = ..=5)]
    #[serde(default)]
    word: Vec<String>,
    #[check(range = 1..=50)]
    limit: Option<u32>,
}

/// Which part of which good. The fields are in no order.
#[model]
struct PartOfGood {
    part: String,
    id: Uuid,
}

/// How to list.
#[model]
struct Page {
    start: Option<u32>,
    #[serde(flatten)]
    filter: GoodFilter,
    after: Option<u32>,
}

/// Why a good was not sold.
#[derive(Debug, ApiError)]
enum SaleError {
    /// Only {left} are left.
    #[error(status = 409, zh = "只剩 {left} 件。")]
    SoldOut { left: u32 },
    /// No such good.
    #[error(status = 404, zh = "没有这件商品。")]
    NotFound,
    #[error(internal, from(std::io::Error))]
    Internal(Internal),
}

/// List what is sold.
#[get("/goods", tag = "goods")]
async fn list_goods(Query(filter): Query<GoodFilter>) -> Vec<Good> {
    let _ = (filter.word, filter.limit);
    Vec::new()
}

/// Offer something.
///
/// It is listed at once.
#[post("/goods", tag = "goods")]
async fn offer_good(Json(good): Json<Good>) -> Result<Created<Good>, SaleError> {
    Ok(Created(good))
}

/// Show one.
#[get("/goods/{id}", tag = "goods")]
async fn show_good(Path(id): Path<Uuid>) -> Result<Good, SaleError> {
    let _ = id;
    Err(SaleError::NotFound)
}

/// Buy one.
#[deprecated]
#[put("/goods/{id}/sale", tag = "sales")]
async fn buy_good(Path(id): Path<Uuid>) -> Result<NoContent, SaleError> {
    let _ = id;
    Err(SaleError::SoldOut { left: 0 })
}

/// Show a part of one.
#[get("/goods/{id}/parts/{part}", tag = "goods")]
async fn show_part(Path(place): Path<PartOfGood>, Query(page): Query<Page>) -> Result<Price, SaleError> {
    let _ = (place.id, place.part, page.start, page.after, page.filter);
    Ok(Price::Free)
}

/// Take one back.
#[delete("/goods/{id}", tag = "sales")]
async fn take_good(Path(id): Path<Uuid>) -> Result<NoContent, SaleError> {
    let _ = id;
    Ok(NoContent)
}

/// The orders that are tried.
pub const ORDERS: u64 = 6;

/// The contract with its handlers in one of many orders.
pub fn api(order: u64) -> Api {
    let mut adds: Vec<fn(Routes<()>) -> Routes<()>> = types::all().iter().map(|case| case.route).collect();
    #[allow(deprecated)] // it is there to be told
    adds.extend([
        (|routes| routes.with(list_goods {})) as fn(Routes<()>) -> Routes<()>,
        |routes| routes.with(offer_good {}),
        |routes| routes.with(show_good {}),
        |routes| routes.with(show_part {}),
        |routes| routes.with(buy_good {}),
        |routes| routes.with(take_good {}),
    ]);
    let mut random = Random::of(order, "order");
    if order > 0 {
        for last in (1..adds.len()).rev() {
            adds.swap(last, random.below(last + 1));
        }
    }
    let api = Api::new("conformance", "1.0.0").description("Types of every kind.").without_login();
    let chunk = if order == 0 { adds.len() } else { 1 + random.below(40) };
    adds.chunks(chunk).enumerate().fold(api, |api, (index, adds)| {
        let routes = adds.iter().fold(Routes::new(), |routes, add| add(routes));
        match index % 2 {
            0 => api.routes(routes),
            _ => api.merge(Api::new("part", "0").without_login().routes(routes)),
        }
    })
}

/// Everything that is made of the contract: text by file name.
///
/// # Panics
/// If the contract cannot be built or gives no client or collection.
pub fn files(api: Api) -> BTreeMap<String, String> {
    let built = api.build().unwrap_or_else(|error| panic!("{error}"));
    let document = built.document();
    let base_url = BaseUrl::One("https://api.example.com".into());
    let client = generate(document.value(), &Options { base_url, ..Options::default() });
    let client = client.unwrap_or_else(|error| panic!("{error}"));
    let postman = postman(document.value(), &PostmanOptions::default());
    let postman = postman.unwrap_or_else(|error| panic!("{error}"));
    let mut files = client.files;
    files.insert("openapi.json".into(), String::from_utf8_lossy(&document.text()).into_owned());
    files.insert("openapi.yaml".into(), yaml(document.value()));
    files.insert("postman_collection.json".into(), postman.collection);
    files.insert("postman_environment.json".into(), postman.environment);
    files
}
