use queqiao::prelude::*;

#[get("/todos")]
async unsafe fn list() {}

fn main() {}
