use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(length = 1..=100)]
    done: bool,
    #[check(length = 1..=100)]
    priority: Option<u8>,
}

fn main() {}
