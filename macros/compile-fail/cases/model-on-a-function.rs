use queqiao::prelude::*;

#[model]
fn todo() {}

fn main() {}
