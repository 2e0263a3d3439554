use queqiao::prelude::*;

#[model]
struct Paging {
    limit: u8,
}

#[model]
struct Filter {
    #[serde(flatten)]
    #[check(range = 1..=5)]
    paging: Paging,
}

fn main() {}
