use queqiao::prelude::*;

#[model(rename = "Item")]
struct Todo {
    title: String,
}

fn main() {}
