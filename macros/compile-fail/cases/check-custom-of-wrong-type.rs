use queqiao::prelude::*;

fn even(number: &u32) -> Result<(), (&'static str, &'static str)> {
    if number % 2 == 0 { Ok(()) } else { Err(("even", "must be even")) }
}

#[model]
struct Todo {
    #[check(custom = even)]
    title: String,
}

fn main() {}
