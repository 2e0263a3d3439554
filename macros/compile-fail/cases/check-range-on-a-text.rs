use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(range = 1..=100)]
    title: String,
}

fn main() {}
