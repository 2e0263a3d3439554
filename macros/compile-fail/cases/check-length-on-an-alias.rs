use queqiao::prelude::*;

type Flag = bool;

#[model]
struct Todo {
    #[check(length = 1..=100)]
    done: Flag,
}

fn main() {}
