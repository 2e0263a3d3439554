use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(range = 0..=300)]
    level: u8,
}

fn main() {}
