use queqiao::prelude::*;

#[model]
struct Todo {
    #[check(pattern = "(?i)^a$")]
    title: String,
    #[check(pattern = "^(a$")]
    note: String,
    #[check(pattern = r"^(?=.*[0-9])")]
    password: String,
}

fn main() {}
