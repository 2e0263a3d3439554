use queqiao::prelude::*;

#[derive(Clone)]
struct Todos;

#[derive(Clone)]
struct Mailer;

#[get("/todos")]
async fn list(State(_): State<Mailer>) {}

fn main() {
    let _: queqiao::Routes<Todos> = queqiao::routes![list];
}
