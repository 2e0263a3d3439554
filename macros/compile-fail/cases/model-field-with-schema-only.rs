use queqiao::prelude::*;
use queqiao::{schemars, serde};

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "queqiao::serde")]
#[schemars(crate = "queqiao::schemars")]
struct Place {
    city: String,
}

#[model]
struct Todo {
    places: Vec<Place>,
}

fn main() {}
