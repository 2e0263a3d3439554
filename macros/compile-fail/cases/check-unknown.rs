use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(lenght = 1..=100)]
    title: String,
    #[check(min = 1)]
    priority: u8,
}

fn main() {}
