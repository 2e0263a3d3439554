use queqiao::prelude::*;

#[model]
union Number {
    a: u32,
    b: f32,
}

fn main() {}
