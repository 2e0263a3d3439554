use queqiao::prelude::*;

struct Place;

#[model]
struct Todo {
    place: Option<Place>,
}

fn main() {}
