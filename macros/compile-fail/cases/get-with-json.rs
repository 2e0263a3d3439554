use queqiao::prelude::*;

#[model]
struct Filter {
    done: bool,
}

#[get("/todos")]
async fn list(Json(filter): Json<Filter>) {
    let _ = filter.done;
}

fn main() {
    let _: queqiao::Routes<()> = queqiao::routes![list];
}
