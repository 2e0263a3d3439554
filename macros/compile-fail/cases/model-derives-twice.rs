use queqiao::prelude::*;
use queqiao::serde;

#[model]
#[derive(Debug, serde::Serialize)]
struct Todo {
    title: String,
}

fn main() {}
