use queqiao::prelude::*;

const MOST: usize = 3;

#[model]
struct Todo {
    #[check(length = 100..=1)]
    title: String,
    #[check(range = 5..5)]
    priority: u8,
}

fn main() {}
