use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(range = -1..=5)]
    priority: u8,
    #[check(range = 0..=0.5)]
    weight: i32,
    #[check(range = 0..=300)]
    level: u8,
}

fn main() {}
