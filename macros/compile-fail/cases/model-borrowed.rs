use queqiao::prelude::*;

#[model]
struct Todo<'a> {
    title: &'a str,
}

#[model]
struct Note {
    text: &'static str,
}

fn main() {}
