use queqiao::prelude::*;

const MOST: usize = 3;

#[model]
struct Todo {
    #[check(length = 10..=MOST)]
    title: String,
}

fn main() {}
