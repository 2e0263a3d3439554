#![deny(dead_code)]

use queqiao::prelude::*;

#[get("/todos")]
async fn list() {}

#[get("/forgotten")]
async fn forgotten() {}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
